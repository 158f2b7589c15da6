"""The top of the queue as the pages show it: each entry with its reasons, its glance and its link."""

from collections.abc import Sequence
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


Entry = tuple[int, str]
"""A task (the store's key) and a control."""


def first_entries(connection: Connection, project: Project, limit: int = 2 * TOP) -> list[Entry]:
    """The most urgent entries of the queue, in its order. It sorts all of the queue: keep what it gives."""
    query = (
        select(queue.c.task, queue.c.control)
        .where(queue.c.project == project.key)
        .order_by(queue.c.priority.desc(), queue.c.task, queue.c.control)
        .limit(limit)
    )
    return [(row.task, row.control) for row in connection.execute(query)]


def top_queue(connection: Connection, project: Project, first: Sequence[Entry], limit: int = TOP) -> list[QueueRow]:
    """The first of these entries that are still there, in the order of the queue; deleted tasks are left out."""
    home = projects.alias("home")
    query = (
        select(
            queue, tasks.c.label_studio_id, tasks.c.data, reviews.c.review_task, home.c.label_studio_id.label("home")
        )
        .join(tasks, tasks.c.id == queue.c.task)
        .join(reviews, and_(reviews.c.task == queue.c.task, reviews.c.state == "open"), isouter=True)
        .join(home, home.c.id == reviews.c.review_project, isouter=True)
        .where(queue.c.task.in_({task for task, _ in first}))
        .where(tasks.c.deleted_at.is_(None))
        .order_by(queue.c.priority.desc(), queue.c.task, queue.c.control)
    )
    known = set(first)
    found = [row for row in connection.execute(query) if (row.task, row.control) in known]
    return [_queue_row(project, row) for row in found[:limit]]


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
