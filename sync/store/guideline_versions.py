"""The versions of a project's guidelines: only ever added, and which of them was published."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from label_config.guidelines import Entry, as_json, from_json

from .audit import record
from .tables import guideline_versions as table


@dataclass(frozen=True, slots=True)
class GuidelineVersion:
    """One version: 1 is the first. ``made_by`` is who wrote it, as the audit chain names them.

    ``published_at`` is when it last became the instructions in Label Studio, null where it never did.
    """

    id: int
    number: int
    entries: tuple[Entry, ...]
    why: str
    made_by: str
    made_at: int
    published_at: int | None


def add(
    connection: Connection, project: int, entries: Sequence[Entry], why: str, *, now: int, actor: str
) -> GuidelineVersion | None:
    """A new version of a project's (the store's key) guidelines; null where the newest one says the same."""
    known = newest(connection, project)
    if tuple(entries) == (known.entries if known else ()):
        return None
    rows, number = as_json(entries), 1 + (known.number if known else 0)
    seal = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    values = {"project": project, "number": number, "entries": rows, "hash": seal, "why": why, "made_by": actor}
    key = connection.execute(insert(table).values(**values, made_at=now).returning(table.c.id)).scalar_one()
    record(
        connection,
        now=now,
        actor=actor,
        action="guidelines written",
        project=project,
        subject={"version": number, "entries": len(rows)},
        why={"hash": seal},
        words={"why": why},
    )
    return GuidelineVersion(key, number, tuple(entries), why, actor, now, None)


def versions(connection: Connection, project: int) -> list[GuidelineVersion]:
    """All versions, the newest first."""
    return [_version(row) for row in connection.execute(_of(project))]


def newest(connection: Connection, project: int) -> GuidelineVersion | None:
    """The newest version; null where none was written."""
    row = connection.execute(_of(project).limit(1)).first()
    return None if row is None else _version(row)


def numbered(connection: Connection, project: int, number: int) -> GuidelineVersion | None:
    """The version of that number; null where there is none."""
    row = connection.execute(_of(project).where(table.c.number == number)).first()
    return None if row is None else _version(row)


def published(connection: Connection, project: int) -> GuidelineVersion | None:
    """The version that was published last; null where none was."""
    query = select(table).where(table.c.project == project, table.c.published_at.is_not(None))
    row = connection.execute(query.order_by(table.c.published_at.desc(), table.c.id.desc()).limit(1)).first()
    return None if row is None else _version(row)


def set_published(connection: Connection, version: GuidelineVersion, now: int) -> None:
    """It stands in Label Studio now."""
    connection.execute(update(table).where(table.c.id == version.id).values(published_at=now))


def _of(project: int) -> Select[Any]:
    return select(table).where(table.c.project == project).order_by(table.c.number.desc())


def _version(row: Row[Any]) -> GuidelineVersion:
    entries = from_json(row.entries)
    return GuidelineVersion(row.id, row.number, entries, row.why, row.made_by, row.made_at, row.published_at)
