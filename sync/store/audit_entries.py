"""Reading the audit chain: what people ask of it, one entry after the other."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from .tables import audit_details, audit_events, audit_words, projects

BLOCK = 2_000
EDITED = "edited"
"""The name under which an entry shows what was recorded and is no more what was written."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: null means all. ``project`` and ``task`` are Label Studio's ids, ``since`` is in microseconds.

    ``last``: so many of the newest.
    """

    project: int | None = None
    since: int | None = None
    action: str | None = None
    actor: str | None = None
    task: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``words`` are null where nobody's were kept, or where they were erased (``erased``)."""

    number: int
    at: int
    actor: str
    action: str
    project: int | None
    subject: Mapping[str, Any]
    why: Mapping[str, Any]
    words: Mapping[str, str] | None
    erased: bool
    hash: str


def entries(connection: Connection, wanted: Wanted, *, at_once: int = BLOCK) -> Iterator[Entry]:
    """The events that are wanted, the oldest first."""
    query = (
        select(
            audit_events,
            projects.c.label_studio_id,
            audit_details.c.text.label("said"),
            audit_words.c.event.label("spoken"),
            audit_words.c.text.label("spoken_words"),
        )
        .join(audit_details, audit_details.c.event == audit_events.c.id, isouter=True)
        .join(audit_words, audit_words.c.event == audit_events.c.id, isouter=True)
        .join(projects, projects.c.id == audit_events.c.project, isouter=True)
        .where(*_conditions(wanted))
    )
    if wanted.last is not None:
        newest = select(audit_events.c.id).join(projects, projects.c.id == audit_events.c.project, isouter=True)
        newest = newest.where(*_conditions(wanted)).order_by(audit_events.c.id.desc()).limit(wanted.last)
        query = query.where(audit_events.c.id.in_(newest))
    after = 0
    while True:
        part = connection.execute(
            query.where(audit_events.c.id > after).order_by(audit_events.c.id).limit(at_once)
        ).all()
        yield from (_entry(row) for row in part)
        if len(part) < at_once:
            return
        after = part[-1].id


def made_of(
    connection: Connection, project: int | None, actions: Sequence[str]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Number and subject of each event of these actions in a project (the store's key; null: of none), oldest first."""
    query = (
        select(audit_events.c.id, audit_details.c.text)
        .join(audit_details, audit_details.c.event == audit_events.c.id)
        .where(audit_events.c.project == project, audit_events.c.action.in_(actions))
        .order_by(audit_events.c.id)
    )
    for row in connection.execute(query):
        yield row.id, details(row.text)[0]


def _conditions(wanted: Wanted) -> list[Any]:
    equal = {
        projects.c.label_studio_id: wanted.project,
        audit_events.c.action: wanted.action,
        audit_events.c.actor: wanted.actor,
        audit_events.c.task: wanted.task,
    }
    found: list[Any] = [column == value for column, value in equal.items() if value is not None]
    return found if wanted.since is None else [*found, audit_events.c.at >= wanted.since]


def _entry(row: Any) -> Entry:
    subject, why = details(row.said)
    return Entry(
        row.id,
        row.at,
        row.actor,
        row.action,
        row.label_studio_id,
        subject,
        why,
        None if row.spoken_words is None else _read(row.spoken_words),
        row.spoken is not None and row.spoken_words is None,
        row.hash,
    )


def details(text: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Subject and why."""
    if text is None:
        return {}, {}
    said = _read(text)
    subject, why = said.get("subject"), said.get("why")
    return (subject, why) if isinstance(subject, dict) and isinstance(why, dict) else ({EDITED: str(text)}, {})


def _read(text: Any) -> Mapping[str, Any]:
    """What was recorded; what somebody edited until it is no JSON is shown as it is."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        found = None
    return found if isinstance(found, dict) else {EDITED: str(text)}
