"""Whether anything that pages show has changed: a tag that is the same for as long as nothing has.

It is made from a few counters, so an open page may ask every few seconds.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, Table, func, literal, select, union_all

from ..store.lease import model_beat
from ..store.summaries import stamps
from ..store.tables import assessments, audit_heads, changes, heartbeats, plans, projects, rounds, runners, summaries
from . import reports
from .queries import Project

MINUTE = 60_000_000
"""So old a page may be at most: it says how long ago things were, and the tag holds the minute."""


def _newest(table: Table, *values: ColumnElement[Any]) -> Select[Any]:
    """A row of a table's name and three numbers."""
    return select(literal(table.name, String), *values, *[literal(0)] * (3 - len(values))).select_from(table)


NEWEST = union_all(
    select(changes.c.name, changes.c.number, literal(-1), literal(0)),
    _newest(assessments, func.max(assessments.c.id), func.max(assessments.c.made_at)),
    _newest(audit_heads, func.max(audit_heads.c.number)),
    _newest(heartbeats, func.max(heartbeats.c.at), func.count(), func.sum(heartbeats.c.at)),
    _newest(plans, func.sum(plans.c.due_at), func.count(plans.c.runner), func.max(plans.c.began_at)),
    _newest(projects, func.max(projects.c.id), func.count()),
    _newest(rounds, func.max(rounds.c.id), func.max(rounds.c.made_at)),
    _newest(runners, func.max(runners.c.started_at), func.count(), func.max(runners.c.rests_until)),
    _newest(summaries, func.max(summaries.c.made_at), func.count()),
)
"""The counters: one query, since an open page asks every few seconds."""


def tag(connection: Connection, now: int, *shown: object) -> str:
    """The tag of what the store holds now; ``shown`` is what a page depends on beside it: its address, its reader."""
    known = sorted(str(row) for row in connection.execute(NEWEST))
    return _hashed(known, now // MINUTE, *shown)


def own(tag: str, *reader: object) -> str:
    """The tag of a page as one reader has it; ``reader`` is what it depends on beside the other tag."""
    return _hashed(tag, *reader)


def _hashed(*parts: object) -> str:
    text = json.dumps([one if isinstance(one, list | dict | int) else str(one) for one in parts], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def numbers_of(connection: Connection, project: Project) -> str:
    """A tag that is the same for as long as a project's charts are: of its assessment, its summaries and its model."""
    read: Sequence[Any] = (
        select(func.max(rounds.c.id), func.max(rounds.c.made_at)).where(rounds.c.project == project.key),
        select(heartbeats.c.message).where(heartbeats.c.name == model_beat(project.label_studio_id)),
    )
    known = [[tuple(row) for row in connection.execute(query)] for query in read]
    made = reports.stamp(connection, project), sorted(stamps(connection, project.key).items())
    return _hashed([made, known])
