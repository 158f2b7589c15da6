"""Which rationales of rulings leads found helpful: one mark a lead and ruling, to be taken back."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from .audit import record
from .tables import helpful_rationales, reviews, rulings, tasks


@dataclass(frozen=True, slots=True)
class HelpfulRationale:
    """A rationale with its marks. ``task`` is Label Studio's id, ``ruling`` the store's key."""

    ruling: int
    task: int
    reviewer: int | None
    rationale: str
    marks: int


def mark(connection: Connection, ruling: int, *, now: int, actor: str) -> bool:
    """Mark a ruling's rationale as helpful; false where ``actor`` did before, or where there is none to mark."""
    project = _project_with_rationale(connection, ruling)
    mine = _mark_of(ruling, actor)
    if project is None or connection.execute(select(helpful_rationales).where(mine)).first() is not None:
        return False
    connection.execute(insert(helpful_rationales).values(ruling=ruling, marked_by=actor, marked_at=now))
    subject = {"ruling": ruling}
    record(connection, now=now, actor=actor, action="rationale helpful", project=project, subject=subject)
    return True


def unmark(connection: Connection, ruling: int, *, now: int, actor: str) -> bool:
    """Take a mark back; false where ``actor`` has made none."""
    if not connection.execute(delete(helpful_rationales).where(_mark_of(ruling, actor))).rowcount:
        return False
    project, subject = _project(connection, ruling), {"ruling": ruling}
    record(connection, now=now, actor=actor, action="rationale not helpful", project=project, subject=subject)
    return True


def most_helpful(connection: Connection, project: int, limit: int = 10) -> list[HelpfulRationale]:
    """The rationales of a project (the store's key) with a mark: most marks first, then the newest.

    Of a ruling that a later one took the place of, the reason can still be worth reading.
    """
    marks = func.count(helpful_rationales.c.marked_by)
    query = (
        select(rulings.c.id, tasks.c.label_studio_id, rulings.c.reviewer, rulings.c.rationale, marks.label("marks"))
        .join(helpful_rationales, helpful_rationales.c.ruling == rulings.c.id)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .where(reviews.c.project == project, rulings.c.rationale.is_not(None))
        .group_by(rulings.c.id, tasks.c.label_studio_id, rulings.c.reviewer, rulings.c.rationale, rulings.c.ruled_at)
        .order_by(marks.desc(), rulings.c.ruled_at.desc(), rulings.c.id)
        .limit(limit)
    )
    return [
        HelpfulRationale(row.id, row.label_studio_id, row.reviewer, row.rationale, row.marks)
        for row in connection.execute(query)
    ]


def _mark_of(ruling: int, actor: str) -> ColumnElement[bool]:
    return (helpful_rationales.c.ruling == ruling) & (helpful_rationales.c.marked_by == actor)


def _project(connection: Connection, ruling: int) -> int | None:
    query = select(reviews.c.project).join(rulings, rulings.c.review == reviews.c.id).where(rulings.c.id == ruling)
    return connection.execute(query).scalar()


def _project_with_rationale(connection: Connection, ruling: int) -> int | None:
    query = select(rulings.c.id).where(rulings.c.id == ruling, rulings.c.rationale.is_not(None))
    return None if connection.execute(query).first() is None else _project(connection, ruling)
