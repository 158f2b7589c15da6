"""Which reviews Label Studio has as tasks: told by our key in the task's data, never by its id, which is reused.

The store's copy of a review project is what its last pull saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from label_config.ordering import score_from_priority
from label_config.review import KEY

from . import acts
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
    standing = _standing(connection, home)
    unheard_of = []
    for review in connection.execute(select(reviews).where(reviews.c.project == source)):
        found = standing.get(review.key)
        if found is None:
            continue
        kept = _kept(found, review.review_task).task
        if review.state == "intended":
            score = score_from_priority(review.priority, review.task)
            arrived = {"state": "open", "review_project": home, "review_task": kept, "score": score}
            connection.execute(update(reviews).where(reviews.c.id == review.id).values(**arrived))
            unheard_of.append(review.key)
        elif review.state == "withdrawn" and review.review_task is None:  # it arrived unheard: it is to be hidden
            unheard = {"review_project": home, "review_task": kept, "hidden_at": None}
            connection.execute(update(reviews).where(reviews.c.id == review.id).values(**unheard))
        elif review.review_project == home and review.review_task != kept:
            connection.execute(update(reviews).where(reviews.c.id == review.id).values(review_task=kept))
    deleted = select(_key()).where(tasks.c.project == home, tasks.c.deleted_at.is_not(None))
    gone = set(connection.execute(deleted).scalars()) - standing.keys()
    lost = update(reviews).where(reviews.c.review_project == home, reviews.c.state == "open")
    lost = lost.values(state="lost", closed_at=now)
    missing = [
        key for key in sorted(filter(None, gone)) if connection.execute(lost.where(reviews.c.key == key)).rowcount
    ]
    acts.reviews_changed(connection, "push", unheard_of, now)
    acts.reviews_changed(connection, "review found deleted", missing, now)


def surplus(connection: Connection, home: int) -> list[int]:
    """The Label Studio ids of review tasks that stand in ``home`` a second time and that nobody has answered."""
    recorded = dict(
        connection.execute(select(reviews.c.key, reviews.c.review_task).where(reviews.c.review_project == home)).all()
    )
    return [
        one.task
        for key, found in _standing(connection, home).items()
        for one in found
        if one != _kept(found, recorded.get(key)) and one.annotations == 0
    ]


def stale(connection: Connection, home: int) -> list[tuple[int, Any]]:
    """The open review tasks in ``home`` that say something else than their review: (Label Studio's id, the data)."""
    query = (
        select(tasks.c.label_studio_id, tasks.c.data.label("shown"), reviews.c.data)
        .join(reviews, (reviews.c.key == _key()) & (reviews.c.review_task == tasks.c.label_studio_id))
        .where(tasks.c.project == home, tasks.c.deleted_at.is_(None), reviews.c.state == "open")
        .order_by(tasks.c.label_studio_id)
    )
    return [(row.label_studio_id, row.data) for row in connection.execute(query) if row.shown != row.data]


def by_task(connection: Connection, home: int) -> dict[int, Review]:
    """The reviews that stand as tasks in ``home``: Label Studio's task id -> review."""
    query = (
        select(reviews, tasks.c.label_studio_id)
        .join(tasks, _key() == reviews.c.key)
        .where(tasks.c.project == home, tasks.c.deleted_at.is_(None), reviews.c.review_project == home)
    )
    return {row.label_studio_id: as_review(row) for row in connection.execute(query)}


def _key() -> ColumnElement[str]:
    key: ColumnElement[str] = tasks.c.data[KEY].as_string()
    return key


def _standing(connection: Connection, home: int) -> dict[str, list[ReviewTask]]:
    """Our key -> the tasks that have it, the oldest id first."""
    query = (
        select(_key().label("key"), tasks.c.label_studio_id, func.count(annotations.c.id).label("answers"))
        .join(annotations, (annotations.c.task == tasks.c.id) & annotations.c.deleted_at.is_(None), isouter=True)
        .where(tasks.c.project == home, tasks.c.deleted_at.is_(None))
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
