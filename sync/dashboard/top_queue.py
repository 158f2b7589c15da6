"""The top of the queue as the pages show it: each entry with its reasons, its glance and its link."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from ..store.tables import projects, queue, reviews, tasks
from .excerpts import Excerpt, excerpt
from .queries import Place, Project, place_of

TOP = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a task needs a human: a kind, one sentence, and the kind's share in the priority (null when unknown)."""

    kind: str
    reason: str
    share: float | None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One entry of the queue; ``place`` is the review task where there is one, else the source task."""

    task: int
    control: str
    priority: float
    band: int
    action: str
    findings: tuple[Finding, ...]
    excerpt: Excerpt
    place: Place
    pushed: bool


def top_queue(connection: Connection, project: Project, limit: int = TOP) -> list[QueueRow]:
    """The most urgent entries of the queue, in its order."""
    first = (
        select(queue.c.task, queue.c.control)
        .join(tasks, tasks.c.id == queue.c.task)
        .where(queue.c.project == project.key, tasks.c.deleted_at.is_(None))
        .order_by(queue.c.priority.desc(), queue.c.task, queue.c.control)
        .limit(limit)
        .subquery()
    )
    home = projects.alias("home")
    query = (
        select(
            queue, tasks.c.label_studio_id, tasks.c.data, reviews.c.review_task, home.c.label_studio_id.label("home")
        )
        .join(first, and_(first.c.task == queue.c.task, first.c.control == queue.c.control))
        .join(tasks, tasks.c.id == queue.c.task)
        .join(reviews, and_(reviews.c.task == queue.c.task, reviews.c.state == "open"), isouter=True)
        .join(home, home.c.id == reviews.c.review_project, isouter=True)
        .order_by(queue.c.priority.desc(), queue.c.task, queue.c.control)
    )
    return [_queue_row(project, row) for row in connection.execute(query)]


def _queue_row(project: Project, row: Row[Any]) -> QueueRow:
    pushed = place_of(row.home, row.review_task)
    return QueueRow(
        row.label_studio_id,
        row.control,
        row.priority,
        row.band,
        row.action,
        tuple(Finding(one["kind"], one["reason"], row.parts.get(one["kind"])) for one in row.findings),
        excerpt(row.data),
        pushed or Place(project.label_studio_id, row.label_studio_id),
        pushed is not None,
    )
