"""The audit chain of a project as a table: who did what, when, and why."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row as Record
from sqlalchemy import func, select

from ..store.audit_entries import EDITED
from ..store.tables import audit_details, audit_events, audit_heads, audit_words
from .actors import names_of
from .page import Asked
from .tables.table import Column, Found, Row, Table, Wanted

WINDOW = 20_000
"""The newest events of the store among which those of the project are looked for."""
HASH = re.compile("[0-9a-f]{64}")
TIMES = ("_at", "as_of")
"""How names of moments end."""
LATEST = 250_000_000_000_000_000
"""Microseconds since 1970 that are still a date."""
LONGEST = 280
"""Characters of what is told of an event."""


def audit_table(asked: Asked) -> Table:
    """The newest events of the project; the filter knows the actions that there are among them."""
    columns = (
        Column("number", "Event", "number", define="audit_event"),
        Column("at", "When", "time"),
        Column("actor", "Who", search=True),
        Column("action", "Did", choices=asked.once(_actions)),
        Column("task", "Task"),
        Column("about", "With", search=True, sort=False),
        Column("words", "In words", search=True, sort=False),
        Column("hash", "Hash", sort=False, apart=True),
    )
    note = f"Of this project, among the newest {WINDOW:,} events of the store; “tiebreak audit log” has all of them."
    empty = "Nothing was recorded of this project yet."
    return Table("audit", "Audit", columns, lambda wanted: _find(asked, wanted), empty=empty, note=note, size=20)


def _since(asked: Asked) -> int:
    head = asked.connection.execute(select(func.max(audit_heads.c.number))).scalar()
    return int(head or 0) - WINDOW


def _actions(asked: Asked) -> tuple[str, ...]:
    query = select(audit_events.c.action).where(*_mine(asked)).distinct()
    return tuple(sorted(asked.connection.execute(query).scalars()))


def _mine(asked: Asked) -> list[Any]:
    return [audit_events.c.project == asked.project.key, audit_events.c.id > asked.once(_since)]


def _find(asked: Asked, wanted: Wanted) -> Found:
    """The events that are wanted: counted without what is kept apart from them, unless that is searched."""
    columns = {
        "number": audit_events.c.id,
        "at": audit_events.c.id,
        "actor": audit_events.c.actor,
        "action": audit_events.c.action,
        "task": audit_events.c.task,
    }
    query = (
        select(
            audit_events,
            audit_details.c.text.label("told"),
            audit_words.c.text.label("said"),
            audit_words.c.event.label("spoken"),
        )
        .join(audit_details, audit_details.c.event == audit_events.c.id, isouter=True)
        .join(audit_words, audit_words.c.event == audit_events.c.id, isouter=True)
        .where(*_mine(asked))
    )
    for key, value in (wanted.filters or {}).items():
        query = query.where(columns[key] == value)
    if wanted.search:
        word = wanted.search
        texts = (audit_details.c.text, audit_words.c.text, audit_events.c.actor, audit_events.c.action)
        matches = [one.icontains(word, autoescape=True) for one in texts]
        query = query.where(matches[0] | matches[1] | matches[2] | matches[3])
        total = asked.connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    else:
        chosen = [columns[key] == value for key, value in (wanted.filters or {}).items()]
        total = asked.connection.execute(select(func.count()).where(*_mine(asked), *chosen)).scalar_one()
    if wanted.sort in columns:
        column = columns[wanted.sort]
        query = query.order_by((column.desc() if wanted.descending else column).nulls_last())
    found = asked.connection.execute(
        query.order_by(audit_events.c.id.desc()).offset(wanted.start).limit(wanted.limit)
    ).all()
    names = names_of(asked.connection, {row.actor for row in found})
    return Found([_row(row, names) for row in found], total)


def _row(row: Record[Any], names: Mapping[str, str]) -> Row:
    told = _read(row.told)
    parts = [*_parts(told.get("subject")), *_parts(told.get("why")), *_parts({EDITED: told.get(EDITED)})]
    words = "; ".join(f"{name}: {text}" for name, text in _read(row.said).items())
    return {
        "number": row.id,
        "at": row.at,
        "actor": names[row.actor],
        "action": row.action,
        "task": None if row.task is None else str(row.task),
        "about": _short(", ".join(parts)),
        "words": "erased on request" if row.spoken is not None and row.said is None else _short(words),
        "hash": row.hash,
    }


def _parts(values: object) -> list[str]:
    """What was recorded, without the task, which has its column, and without hashes, which say nothing to people."""
    if not isinstance(values, dict):
        return []
    return [
        f"{name.replace('_', ' ')} {_time(value) if name.endswith(TIMES) else _value(value)}"
        for name, value in values.items()
        if name != "task" and "hash" not in name and value not in (None, "", [], {})
    ]


def _time(value: object) -> str:
    """A moment for people, to the minute; as it is where somebody edited it until it is none.

    >>> _time(1_800_000_000_000_000), _time(10**30), _time("x")
    ('2027-01-15 08:00 UTC', '1000000000000000000000000000000', 'x')
    """
    if not isinstance(value, int) or not 0 <= value < LATEST:
        return _value(value)
    return f"{datetime.fromtimestamp(value / 1e6, UTC):%Y-%m-%d %H:%M} UTC"


def _value(value: object) -> str:
    """A recorded value for people.

    >>> _value({"tasks": 3, "alpha": 0.61056574, "bands": [1, 2]}), _value("P1")
    ('(tasks 3, alpha 0.611, bands 1 2)', 'P1')
    """
    if isinstance(value, dict):
        return "(" + ", ".join(f"{str(name).replace('_', ' ')} {_value(one)}" for name, one in value.items()) + ")"
    if isinstance(value, list):
        return " ".join(map(_value, value))
    if isinstance(value, str):
        return f"{value[:12]}…" if HASH.fullmatch(value) else value
    return f"{value:.3g}" if isinstance(value, float) else json.dumps(value)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _read(text: str | None) -> Mapping[str, Any]:
    """What was recorded; what somebody edited until it is no JSON is shown as it is."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {EDITED: str(text)}
