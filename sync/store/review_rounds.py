"""Rounds of review: which tasks may come back, which reviews are no longer needed, and how many may be begun."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, ScalarSelect, and_, distinct, exists, func, or_, select, update

from ..quality.priority import Policy
from .assessments import QueueEntry
from .reading import among
from .reviews import AUDIT, CONFLICT, UNREADABLE, UNTIL_RULED
from .tables import annotation_versions, annotations, projects, queue, reviews, rulings, tasks

if TYPE_CHECKING:
    from ..settings import Band

WAITING = ("intended", "open")
UNCOUNTED = ("nothing", UNREADABLE)
_PART = 500
A_DAY = 86_400_000_000
"""Microseconds."""
_RECENT = 30 * A_DAY


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest review of a task. ``decided`` are the controls that its ruling decides, ``ruled_at`` is when that was.

    ``findings`` are what it is about; ``comes_back`` is why the ruling is to be looked at again, null where it is not.
    """

    id: int
    key: str
    round: int
    band: int
    priority: float
    state: str
    closed_at: int | None
    findings: Sequence[Mapping[str, Any]]
    decided: frozenset[str] = frozenset()
    ruled_at: int | None = None
    comes_back: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """Reviews of a band that wait longer than they may; days."""

    band: str
    reviews: int
    oldest: float
    limit: float

    def __str__(self) -> str:
        """In words.

        >>> str(Overdue("P1", 3, 4.25, 2.0)), str(Overdue("P2", 1, 8.0, 7.0))
        ('3 reviews P1 wait longer than 2 days, the oldest 4.2', '1 review P2 waits longer than 7 days: 8.0')
        """
        if self.reviews == 1:
            return f"1 review {self.band} waits longer than {self.limit:g} days: {self.oldest:.1f}"
        return f"{self.reviews} reviews {self.band} wait longer than {self.limit:g} days, the oldest {self.oldest:.1f}"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A review that is over and whose task (Label Studio's id) Label Studio may still serve."""

    id: int
    task: int
    withdrawn: bool


def newest(connection: Connection, project: int, only: Collection[int] | None = None) -> dict[int, Newest]:
    """Task (the store's key) -> its newest review, of a source project, on ``only`` some tasks."""
    query = (
        select(reviews, rulings.c.answers, rulings.c.ruled_at, rulings.c.comes_back)
        .join(
            rulings,
            and_(rulings.c.review == reviews.c.id, rulings.c.superseded.is_(False), rulings.c.counts_as.is_(None)),
            isouter=True,
        )
        .where(reviews.c.project == project, among(reviews.c.task, only))
        .order_by(reviews.c.round, rulings.c.id)
    )
    return {
        row.task: Newest(
            row.id,
            row.key,
            row.round,
            row.band,
            row.priority,
            row.state,
            row.closed_at,
            row.findings,
            frozenset(row.answers or ()),
            row.ruled_at,
            row.comes_back,
        )
        for row in connection.execute(query)
    }


def waiting(connection: Connection, project: int) -> dict[int, Newest]:
    """Task (the store's key) -> its newest review, where that waits."""
    query = select(reviews.c.task).where(reviews.c.project == project, reviews.c.state.in_(WAITING))
    found = newest(connection, project, frozenset(connection.execute(query).scalars()))
    return {task: one for task, one in found.items() if one.state in WAITING}


def returned(
    connection: Connection, project: int, policy: Policy, only: Collection[int] | None = None
) -> dict[int, list[QueueEntry]]:
    """The tasks (the store's keys) whose ruling is to be looked at again and whose next round has not begun.

    Two rulings that differ make a band more urgent, a changed guideline leaves it. ``only`` some tasks, where given.
    """
    query = (
        select(
            rulings.c.comes_back,
            rulings.c.answers,
            reviews.c.task,
            reviews.c.band,
            reviews.c.priority,
            reviews.c.control,
            tasks.c.label_studio_id,
            tasks.c.data,
        )
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .where(
            reviews.c.project == project,
            reviews.c.state == "ruled",
            rulings.c.comes_back.is_not(None),
            rulings.c.superseded.is_(False),
            tasks.c.deleted_at.is_(None),
            reviews.c.round == _last_round(),
            among(reviews.c.task, only),
        )
        .order_by(reviews.c.priority.desc(), reviews.c.task)
    )
    found = {}
    for row in connection.execute(query):
        nothing = QueueEntry(row.task, row.label_studio_id, row.data, row.control, 0.0, 3, "adjudicate", ())
        band = max(1, row.band - 1) if row.comes_back["kind"] == CONFLICT else row.band
        priority = max(row.priority, {1: policy.p1_from, 2: policy.p2_from, 3: 0.0}[band])
        found[row.task] = [back_for(nothing, [row.comes_back], band, priority)]
    return found


def _last_round() -> ScalarSelect[Any]:
    others = reviews.alias("others")
    return select(func.max(others.c.round)).where(others.c.task == reviews.c.task).scalar_subquery()


def back_for(entry: QueueEntry, findings: Sequence[Mapping[str, Any]], band: int, priority: float) -> QueueEntry:
    """An entry for the same task and control whose reason is a ruling that is to be looked at again."""
    return replace(entry, findings=findings, band=band, priority=priority, action="adjudicate", answer=None)


def mark_needless(
    connection: Connection,
    project: int,
    found: Set[int],
    accepted: Set[int],
    now: int,
    only: Collection[int] | None = None,
) -> None:
    """Mark the waiting reviews that nothing speaks for any more, and unmark those that something speaks for again.

    ``found`` are the tasks (the store's keys) that something was found on, in the queue or not; ``accepted`` those
    whose answer nobody confirmed yet: a random audit of one is needed all the same. ``only`` reviews of these tasks are
    looked at (null: all).
    """
    query = select(reviews).where(reviews.c.project == project, reviews.c.state.in_(WAITING))
    query = query.where(among(reviews.c.task, only))
    gone: list[int] = []
    again: list[int] = []
    for row in connection.execute(query):
        audited = row.action == AUDIT and row.task in accepted
        asked_for = any(one["kind"] in UNTIL_RULED for one in row.findings)
        needed = row.task in found or audited or asked_for
        if needed == (row.reason_gone_at is not None):
            (again if needed else gone).append(row.id)
    _set(connection, gone, reason_gone_at=now)
    _set(connection, again, reason_gone_at=None)


def withdraw(connection: Connection, project: int, asked: Set[int], now: int) -> list[str]:
    """Withdraw what is no longer needed: its reason is gone, or its task is; the keys.

    What the queue asks for stays, whatever was marked, and so do the tasks (the store's keys) that are ``asked`` for
    besides. What never arrived needs no hiding.
    """
    queued = exists().where(queue.c.task == reviews.c.task, queue.c.project == project)
    query = (
        select(reviews.c.id, reviews.c.key, reviews.c.task, reviews.c.review_task)
        .join(tasks, tasks.c.id == reviews.c.task)
        .where(
            reviews.c.project == project,
            reviews.c.state.in_(WAITING),
            or_(and_(reviews.c.reason_gone_at.is_not(None), ~queued), tasks.c.deleted_at.is_not(None)),
        )
        .order_by(reviews.c.id)
    )
    rows = [row for row in connection.execute(query) if row.task not in asked]
    _set(connection, [row.id for row in rows], state="withdrawn", closed_at=now)
    _set(connection, [row.id for row in rows if row.review_task is None], hidden_at=now)
    return [row.key for row in rows]


def to_hide(connection: Connection, project: int) -> list[Hidden]:
    """The reviews of a source project that are over and whose tasks Label Studio still serves.

    They are withdrawn, or were opened again for somebody else and ruled since, maybe by who had been there before.
    """
    opened_and_ruled = and_(reviews.c.state == "ruled", reviews.c.opened_after > 0)
    query = (
        select(reviews.c.id, reviews.c.review_task, reviews.c.state)
        .join(projects, projects.c.id == reviews.c.review_project)
        .where(
            reviews.c.project == project,
            or_(reviews.c.state == "withdrawn", opened_and_ruled),
            reviews.c.hidden_at.is_(None),
            projects.c.deleted_at.is_(None),
        )
        .order_by(reviews.c.id)
    )
    return [Hidden(row.id, row.review_task, row.state == "withdrawn") for row in connection.execute(query)]


def hidden(connection: Connection, review: int, now: int) -> None:
    """Label Studio serves its task no more."""
    _set(connection, [review], hidden_at=now)


def settle_anew(connection: Connection, home: int) -> None:
    """Label Studio counts anew which tasks of a review project (key) are done: hide and open once more what must be."""
    there = reviews.c.review_project == home
    hide, reopen = reviews.c.state.in_(("withdrawn", "ruled")), reviews.c.state == "open"
    connection.execute(update(reviews).where(there, hide).values(hidden_at=None))
    connection.execute(update(reviews).where(there, reopen).values(opened_after=None))


def to_open(connection: Connection, project: int) -> list[tuple[int, int, int]]:
    """The open reviews that are to be ruled by somebody else: (review, Label Studio's task, rulings there so far).

    What was ruled there did not count or cannot be read, and Label Studio takes the task for finished. What was ruled
    in a review project that is gone finished no task of the one that was made instead.
    """
    count = func.count(distinct(annotation_versions.c.annotation))
    query = (
        select(reviews.c.id, reviews.c.review_task, reviews.c.opened_after, count.label("rulings"))
        .join(rulings, rulings.c.review == reviews.c.id)
        .join(annotation_versions, annotation_versions.c.id == rulings.c.annotation_version)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .join(tasks, (tasks.c.id == annotations.c.task) & (tasks.c.project == reviews.c.review_project))
        .where(reviews.c.project == project, reviews.c.state == "open", rulings.c.counts_as.in_(UNCOUNTED))
        .group_by(reviews.c.id, reviews.c.review_task, reviews.c.opened_after)
        .order_by(reviews.c.id)
    )
    return [
        (row.id, row.review_task, row.rulings) for row in connection.execute(query) if row.rulings != row.opened_after
    ]


def opened(connection: Connection, review: int, after: int) -> None:
    """Its task is served once more, after so many rulings that did not count."""
    _set(connection, [review], opened_after=after)


def room(connection: Connection, project: int, now: int, *, at_once: int, a_day: int, a_reviewer: int) -> int:
    """How many reviews of a project may be begun now: so many are open at once, and so many begin in 24 hours.

    ``a_reviewer`` limits the latter to so many for each person who ruled in the last 30 days (at least one). 0 is no
    limit, but for ``at_once``.
    """
    of_project = reviews.c.project == project
    waiting = select(func.count()).where(of_project, reviews.c.state.in_(WAITING))
    begun = select(func.count()).where(of_project, reviews.c.intended_at > now - A_DAY)
    people = (
        select(func.count(distinct(rulings.c.reviewer)))
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(of_project, rulings.c.ruled_at > now - _RECENT)
    )
    limits = [at_once - connection.execute(waiting).scalar_one()]
    today = connection.execute(begun).scalar_one() if a_day or a_reviewer else 0
    if a_day:
        limits.append(a_day - today)
    if a_reviewer:
        limits.append(a_reviewer * max(1, connection.execute(people).scalar_one()) - today)
    return max(0, min(limits))


def overdue(connection: Connection, project: int, days: "Mapping[Band, float]", now: int) -> list[Overdue]:
    """The bands with reviews that wait longer than these days (band, such as P1, to days) since they were intended."""
    found = []
    for name, limit in sorted(days.items()):
        query = select(func.count(), func.min(reviews.c.intended_at)).where(
            reviews.c.project == project,
            reviews.c.state.in_(WAITING),
            reviews.c.band == int(name[1:]),
            reviews.c.intended_at < now - int(limit * A_DAY),
        )
        count, oldest = connection.execute(query).one()
        if count:
            found.append(Overdue(name, count, (now - oldest) / A_DAY, limit))
    return found


def _set(connection: Connection, ids: Sequence[int], **values: Any) -> None:
    for start in range(0, len(ids), _PART):
        connection.execute(update(reviews).where(reviews.c.id.in_(ids[start : start + _PART])).values(**values))
