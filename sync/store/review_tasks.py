"""Which reviews Label Studio has as tasks: told by our key in the task's data, never by its id, which is reused.

The store's copy of a review project is what its last pull saw.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from label_config.ordering import score_from_priority
from label_config.review import KEY

from . import acts
from .reading import among
from .reviews import Review, as_review
from .tables import annotations, reviews, tasks


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """A task that stands in Label Studio (its id there) and how many annotations it has."""

    task: int
    annotations: int


def reconcile(connection: Connection, source: int, home: int, now: int) -> None:
    """Bring the reviews of ``source`` up to what the review project ``home`` holds (the store's keys).

    An intended review whose task is there after all (the answer to its import was lost) is open; one that was
    withdrawn meanwhile is to be hidden. An open review whose task somebody deleted is lost: a person's act is not
    undone.
    """
    unheard_of = []
    elsewhere = connection.execute(_elsewhere(source, home)).all()
    standing = _standing(connection, home, select(_elsewhere(source, home).subquery().c.key)) if elsewhere else {}
    for review in elsewhere:
        kept = _kept(standing[review.key], review.review_task).task
        if review.state == "intended":
            score = score_from_priority(review.priority, review.task)
            arrived = {"state": "open", "review_project": home, "review_task": kept, "score": score}
            connection.execute(update(reviews).where(reviews.c.id == review.id).values(**arrived))
            unheard_of.append(review.key)
        elif review.state == "withdrawn" and review.review_task is None:  # it arrived unheard: it is to be hidden
            unheard = {"review_project": home, "review_task": kept, "hidden_at": None}
            connection.execute(update(reviews).where(reviews.c.id == review.id).values(**unheard))
        elif review.review_task != kept:
            connection.execute(update(reviews).where(reviews.c.id == review.id).values(review_task=kept))
    missing = _lost(connection, home)
    lost = update(reviews).where(reviews.c.review_project == home, reviews.c.state == "open")
    for key in missing:
        connection.execute(lost.where(reviews.c.key == key).values(state="lost", closed_at=now))
    acts.reviews_changed(connection, "push", unheard_of, now)
    acts.reviews_changed(connection, "review found deleted", missing, now)


def _elsewhere(source: int, home: int) -> Select[Any]:
    """The reviews whose key a task has that is not the one which they are said to stand as: few, if any."""
    one = reviews.c
    unheard = or_(one.state == "intended", and_(one.state == "withdrawn", one.review_task.is_(None)))
    other = or_(one.review_task.is_(None), one.review_task != tasks.c.label_studio_id)
    return (
        select(one.id, one.key, one.task, one.priority, one.state, one.review_task)
        .distinct()
        .join(tasks, _key() == one.key)
        .where(tasks.c.project == home, tasks.c.deleted_at.is_(None), one.project == source)
        .where(or_(unheard, and_(one.review_project == home, other)))
        .order_by(one.id)
    )


def _lost(connection: Connection, home: int) -> list[str]:
    """The keys of the open reviews whose task is gone, and of which no other one stands."""
    query = (
        select(reviews.c.key)
        .join(tasks, _key() == reviews.c.key)
        .where(reviews.c.review_project == home, reviews.c.state == "open", tasks.c.project == home)
    )
    gone = set(connection.execute(query.where(tasks.c.deleted_at.is_not(None))).scalars())
    return sorted(
        gone.difference(connection.execute(query.where(tasks.c.deleted_at.is_(None))).scalars()) if gone else ()
    )


def surplus(connection: Connection, home: int) -> list[int]:
    """The Label Studio ids of review tasks that stand in ``home`` a second time and that nobody has answered."""
    told = select(_key().label("key")).where(tasks.c.project == home, tasks.c.deleted_at.is_(None)).subquery()
    several = select(told.c.key).group_by(told.c.key).having(func.count() > 1)
    if connection.execute(several.limit(1)).first() is None:
        return []
    known = select(reviews.c.key, reviews.c.review_task).where(reviews.c.review_project == home)
    recorded = dict(connection.execute(known.where(reviews.c.key.in_(several))).all())
    return [
        one.task
        for key, found in _standing(connection, home, several).items()
        for one in found
        if one != _kept(found, recorded.get(key)) and one.annotations == 0
    ]


def stale(connection: Connection, home: int) -> list[tuple[int, Any, Any]]:
    """The open review tasks in ``home`` that say something else than their review.

    Label Studio's id, the data that it has, and the data of today.
    """
    are_open = (reviews.c.review_project == home) & (reviews.c.state == "open")
    query = (
        select(tasks.c.label_studio_id, tasks.c.data.label("shown"), reviews.c.data)
        .join(reviews, (reviews.c.key == _key()) & (reviews.c.review_task == tasks.c.label_studio_id))
        .where(tasks.c.project == home, tasks.c.deleted_at.is_(None), are_open)
        .where(tasks.c.label_studio_id.in_(select(reviews.c.review_task).where(are_open)))
        .order_by(tasks.c.label_studio_id)
    )
    rows = connection.execute(query)
    return [(row.label_studio_id, row.shown, row.data) for row in rows if row.shown != row.data]


def by_task(connection: Connection, home: int, only: Collection[int] | None = None) -> dict[int, Review]:
    """The reviews that stand as tasks in ``home``, as ``only`` some of them: Label Studio's task id -> review."""
    query = (
        select(reviews, tasks.c.label_studio_id)
        .join(tasks, _key() == reviews.c.key)
        .where(tasks.c.project == home, tasks.c.deleted_at.is_(None), reviews.c.review_project == home)
        .where(among(tasks.c.label_studio_id, only))
    )
    return {row.label_studio_id: as_review(row) for row in connection.execute(query)}


def _key() -> ColumnElement[str]:
    key: ColumnElement[str] = tasks.c.data[KEY].as_string()
    return key


def _standing(connection: Connection, home: int, keys: Select[Any]) -> dict[str, list[ReviewTask]]:
    """Our key, of some -> the tasks that have it, the oldest id first."""
    query = (
        select(_key().label("key"), tasks.c.label_studio_id, func.count(annotations.c.id).label("answers"))
        .join(annotations, (annotations.c.task == tasks.c.id) & annotations.c.deleted_at.is_(None), isouter=True)
        .where(tasks.c.project == home, tasks.c.deleted_at.is_(None), _key().in_(keys))
        .group_by(tasks.c.id)
        .order_by(tasks.c.label_studio_id)
    )
    found: dict[str, list[ReviewTask]] = {}
    for row in connection.execute(query):
        if row.key:
            found.setdefault(row.key, []).append(ReviewTask(row.label_studio_id, row.answers))
    return found


def _kept(found: Sequence[ReviewTask], recorded: int | None) -> ReviewTask:
    """Of several tasks with one key: one that was answered before one that was not, then the one we know of."""
    return max(found, key=lambda one: (one.annotations > 0, one.task == recorded, -one.task))
