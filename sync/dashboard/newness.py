"""Whether anything that pages show has changed: a tag that is the same for as long as nothing has.

It is made from a few counters, so an open page may ask every few seconds.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from ..store import summaries
from ..store.changes import seen
from ..store.lease import model_beat
from ..store.tables import assessments, audit_heads, heartbeats, projects, rounds
from . import reports
from .queries import Project

MINUTE = 60_000_000
"""So old a page may be at most: it says how long ago things were, and the tag holds the minute."""


def tag(connection: Connection, now: int, *shown: object) -> str:
    """The tag of what the store holds now; ``shown`` is what a page depends on beside it: its address, its reader."""
    read: Sequence[Any] = (
        select(func.max(assessments.c.id), func.max(assessments.c.made_at)),
        select(func.max(rounds.c.id), func.max(rounds.c.made_at)),
        select(func.max(audit_heads.c.number)),
        select(func.max(heartbeats.c.at), func.count(), func.sum(heartbeats.c.at)),
        select(func.count(), func.max(projects.c.id)),
    )
    known = [tuple(connection.execute(query).one()) for query in read]
    text = json.dumps([dict(seen(connection)), known, now // MINUTE, [str(one) for one in shown]], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def numbers_of(connection: Connection, project: Project) -> str:
    """A tag that is the same for as long as a project's charts are: of its assessment, its summaries and its model."""
    read: Sequence[Any] = (
        select(func.max(rounds.c.id), func.max(rounds.c.made_at)).where(rounds.c.project == project.key),
        select(heartbeats.c.message).where(heartbeats.c.name == model_beat(project.label_studio_id)),
    )
    known = [[tuple(row) for row in connection.execute(query)] for query in read]
    made = reports.stamp(connection, project), sorted(summaries.stamps(connection, project.key).items())
    return hashlib.sha256(json.dumps([made, known], default=str).encode()).hexdigest()[:32]
