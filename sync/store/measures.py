"""What is measured of the loop, from the store alone: so it is the same whichever process is asked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Row, func, select

from . import review_rounds
from .lease import beat
from .tables import heartbeats, projects, queue, reviews, rulings

if TYPE_CHECKING:
    from ..settings import Band

STEP = "project:{}:step:{}"
"""The name of the heartbeat that counts how often a step of a project's run was made, and how long it took."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the runs of a project (Label Studio's id), since it was first counted. ``seconds`` is of all."""

    project: int
    name: str
    times: int
    failures: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Queued:
    """What waits in a band of a project: tasks of the queue, open reviews, and since when (microseconds).

    ``overdue`` reviews wait longer than they may.
    """

    project: int
    band: int
    tasks: int
    reviews: int
    oldest: int | None
    overdue: int


@dataclass(frozen=True, slots=True)
class Known:
    """How far a project is known: the newest change that was taken in, and what was pushed and ruled in all."""

    project: int
    newest_change: int | None
    pushed: int
    rulings: int


def count_step(connection: Connection, project: int, name: str, now: int, seconds: float, failed: bool) -> None:
    """Count one step more; ``project`` is Label Studio's id."""
    key = STEP.format(project, name)
    query = select(heartbeats.c.message).where(heartbeats.c.name == key)
    before = _step(project, name, connection.execute(query).scalar())
    said = {
        "times": before.times + 1,
        "failures": before.failures + failed,
        "seconds": round(before.seconds + seconds, 6),
    }
    beat(connection, key, now, not failed, json.dumps(said))


def steps(connection: Connection) -> Iterator[Step]:
    """Every step of every project."""
    query = select(heartbeats).where(heartbeats.c.name.like(STEP.format("%", "%"))).order_by(heartbeats.c.name)
    for row in connection.execute(query):
        _, project, _, name = row.name.split(":", 3)
        yield _step(int(project), name, row.message)


def _step(project: int, name: str, kept: str | None) -> Step:
    return Step(project, name, **(json.loads(kept) if kept else {"times": 0, "failures": 0, "seconds": 0.0}))


def last_runs(connection: Connection) -> list[Row[tuple[object, ...]]]:
    """When each project was last synced, and whether that succeeded."""
    query = select(heartbeats).where(heartbeats.c.name.like("project:%:run")).order_by(heartbeats.c.name)
    return list(connection.execute(query))


def queued(connection: Connection, days: "Mapping[Band, float]", now: int) -> Iterator[Queued]:
    """What waits in the live source projects, by project and band, and may so many days (band, such as P1, to days)."""
    tasks = select(queue.c.project, queue.c.band, func.count(queue.c.task.distinct()))
    waiting = {(row[0], row[1]): row[2] for row in connection.execute(tasks.group_by(queue.c.project, queue.c.band))}
    opened = select(reviews.c.project, reviews.c.band, func.count(), func.min(reviews.c.intended_at))
    opened = opened.where(reviews.c.state == "open").group_by(reviews.c.project, reviews.c.band)
    under_review = {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(opened)}
    numbers = _numbers(connection)
    for project, band in sorted({*waiting, *under_review}):
        if project in numbers:
            many, oldest = under_review.get((project, band), (0, None))
            late = {one.band: one.reviews for one in review_rounds.overdue(connection, project, days, now)}
            tasks_there = waiting.get((project, band), 0)
            yield Queued(numbers[project], band, tasks_there, many, oldest, late.get(f"P{band}", 0))


def known(connection: Connection) -> Iterator[Known]:
    """How far each live source project is known."""
    sent = select(reviews.c.project, func.count()).where(reviews.c.state != "intended").group_by(reviews.c.project)
    pushed = {row[0]: row[1] for row in connection.execute(sent)}
    ruled = select(reviews.c.project, func.count()).join(rulings, rulings.c.review == reviews.c.id)
    decided = {row[0]: row[1] for row in connection.execute(ruled.group_by(reviews.c.project))}
    live = select(projects).where(projects.c.kind == "source", projects.c.deleted_at.is_(None))
    for row in connection.execute(live.order_by(projects.c.label_studio_id)):
        yield Known(row.label_studio_id, row.cursor_updated_at, pushed.get(row.id, 0), decided.get(row.id, 0))


def _numbers(connection: Connection) -> dict[int, int]:
    """The store's key -> Label Studio's id of each live project."""
    query = select(projects.c.id, projects.c.label_studio_id).where(projects.c.deleted_at.is_(None))
    return {row.id: row.label_studio_id for row in connection.execute(query)}
