"""Reviews: what was to be pushed, and where it is in Label Studio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from .tables import projects, reviews

CHUNK = 500
"""Keys in one IN list: databases limit the number of parameters."""
AUDIT = "audit"
"""The action and the kind of a review that was drawn at random; its finding keeps the answer that was accepted."""
CONFLICT, CHANGED = "conflicting_rulings", "guideline_changed"
UNREADABLE = "unreadable"
"""What a submitted review counts as that cannot be read as a ruling."""
RETURNING = frozenset({CONFLICT, CHANGED})
"""Kinds of finding about a ruling, for which its task comes back."""
PAUSED = "annotator_paused"
UNTIL_RULED = RETURNING | {PAUSED}
"""Kinds of finding that no assessment looks for: a review with one of them is needed until it is ruled."""


@dataclass(frozen=True, slots=True)
class Review:
    """One review of a task. ``review_task`` is Label Studio's id, null while the review is only intended."""

    id: int
    key: str
    task: int
    band: int
    priority: float
    data: Mapping[str, Any]
    state: str
    score: float | None
    review_task: int | None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an open review stands in the order: see Review."""

    key: str
    task: int
    priority: float
    score: float | None
    review_task: int


def as_review(row: Row[Any]) -> Review:
    """A row of the table."""
    return Review(row.id, row.key, row.task, row.band, row.priority, row.data, row.state, row.score, row.review_task)


def any_in_band(connection: Connection, project: int, band: int) -> bool:
    """Whether a review of a source project in a band is to be pushed or open."""
    query = select(reviews.c.id).where(
        reviews.c.project == project, reviews.c.band == band, reviews.c.state.in_(("intended", "open"))
    )
    return connection.execute(query.limit(1)).first() is not None


def any_put_into(connection: Connection, home: int) -> bool:
    """Whether a review was ever put into a review project (key)."""
    query = select(reviews.c.id).where(reviews.c.review_project == home)
    return connection.execute(query.limit(1)).first() is not None


def intended(connection: Connection, project: int, band: int) -> list[Review]:
    """What is still to be pushed, the most urgent first."""
    query = select(reviews).where(reviews.c.project == project, reviews.c.band == band, reviews.c.state == "intended")
    return [as_review(row) for row in connection.execute(query.order_by(reviews.c.priority.desc(), reviews.c.task))]


def open_in(connection: Connection, home: int) -> list[Review]:
    """The open reviews in a review project (key), the most urgent first."""
    query = select(reviews).where(reviews.c.review_project == home, reviews.c.state == "open")
    return [as_review(row) for row in connection.execute(query.order_by(reviews.c.priority.desc(), reviews.c.task))]


def placed_in(connection: Connection, home: int) -> list[Placed]:
    """Where the open reviews in a review project (key) stand in the order, the most urgent first."""
    query = select(reviews.c.key, reviews.c.task, reviews.c.priority, reviews.c.score, reviews.c.review_task).where(
        reviews.c.review_project == home, reviews.c.state == "open", reviews.c.review_task.is_not(None)
    )
    rows = connection.execute(query.order_by(reviews.c.priority.desc(), reviews.c.task))
    return [Placed(*row) for row in rows]


def intend(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store reviews that are to be pushed."""
    if rows:
        connection.execute(insert(reviews), [dict(row) for row in rows])


def renew(connection: Connection, intents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Reviews as they would be intended today; what is the same is not written. The keys of those whose open task says
    another thing from now on.
    """
    found: list[str] = []
    for start in range(0, len(intents), CHUNK):
        part = intents[start : start + CHUNK]
        query = select(reviews).where(reviews.c.key.in_([values["key"] for values in part]))
        rows = {row.key: row for row in connection.execute(query)}
        found += [values["key"] for values in part if _renew(connection, rows[values["key"]], values)]
    return found


def _renew(connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> bool:
    """Whether its open task is to say another thing.

    One that is open stays in the review project that it is in, so its band stays too.
    """
    kept = ("state", "intended_at", *(("band",) if row.state == "open" else ()))
    changed = {name: value for name, value in values.items() if name not in kept and getattr(row, name) != value}
    if changed:
        connection.execute(update(reviews).where(reviews.c.id == row.id).values(**changed))
    return row.state == "open" and "data" in changed


def mark_open(connection: Connection, home: int, arrived: Sequence[tuple[str, int, float]]) -> None:
    """Reviews are in Label Studio, in that review project: our key, the task there, and the score that it has."""
    opened = update(reviews).where(reviews.c.key == bindparam("of"))
    opened = opened.values(state="open", review_project=home, review_task=bindparam("on"), score=bindparam("at"))
    connection.execute(opened, [{"of": key, "on": task, "at": score} for key, task, score in arrived])


def set_score(connection: Connection, key: str, score: float) -> None:
    """Label Studio holds this score for the review."""
    connection.execute(update(reviews).where(reviews.c.key == key, reviews.c.score != score).values(score=score))


def return_to_intended(connection: Connection, home: int) -> None:
    """A review project is gone: what was open there is pushed again."""
    again = {"state": "intended", "review_project": None, "review_task": None, "score": None, "opened_after": None}
    open_there = (reviews.c.review_project == home) & (reviews.c.state == "open")
    connection.execute(update(reviews).where(open_there).values(**again))


def homes(connection: Connection, project: int) -> list[tuple[int, int, str, int]]:
    """(Label Studio id, band, title, open reviews) of each live review project of a source project."""
    query = (
        select(
            projects.c.label_studio_id,
            projects.c.band,
            projects.c.title,
            func.count(reviews.c.id).filter(reviews.c.state == "open"),
        )
        .join(reviews, reviews.c.review_project == projects.c.id, isouter=True)
        .where(projects.c.source == project, projects.c.deleted_at.is_(None))
        .group_by(projects.c.id)
        .order_by(projects.c.band)
    )
    return [(int(row[0]), int(row[1]), str(row[2]), int(row[3])) for row in connection.execute(query)]
