"""The order of the queue, a part at a time: whoever begins some reviews need not read what waits behind them."""

from collections.abc import Collection, Iterator

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, true

from .reading import among
from .review_rounds import WAITING
from .tables import queue, reviews, tasks


def not_in_review(
    connection: Connection, project: int, at_once: int, other_than: str | None = None, all_of: Collection[int] = ()
) -> Iterator[list[int]]:
    """The tasks (the store's keys) of a project's queue by parts of ``at_once`` entries, each once, the most
    urgent first.

    Those that are gone and those whose review waits are left out. So are, where ``other_than`` is an action, those for
    which the queue has no other one; but of ``all_of`` none is. Nothing may write to the queue in between.
    """
    here = queue.alias("here")
    query = (
        select(here.c.priority, here.c.task, here.c.control)
        .join(tasks, tasks.c.id == here.c.task)
        .where(
            here.c.project == project,
            tasks.c.deleted_at.is_(None),
            ~exists().where(reviews.c.task == here.c.task, reviews.c.state.in_(WAITING)),
        )
        .order_by(here.c.priority.desc(), here.c.task, here.c.control)
        .limit(at_once)
    )
    if other_than is not None:
        another = exists().where(queue.c.task == here.c.task, queue.c.action != other_than)
        query = query.where(or_(another, among(here.c.task, all_of)))
    known: set[int] = set()
    after: ColumnElement[bool] = true()
    while rows := connection.execute(query.where(after)).all():
        found = dict.fromkeys(row.task for row in rows if row.task not in known)
        known.update(found)
        yield list(found)
        last = rows[-1]
        later = or_(here.c.task > last.task, and_(here.c.task == last.task, here.c.control > last.control))
        after = and_(here.c.priority <= last.priority, or_(here.c.priority < last.priority, later))
