"""Scoring rounds: which is the newest, and which tasks it must score."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, distinct, exists, func, insert, or_, select, true, update

from . import round_tasks
from .reviews import AUDIT
from .tables import annotation_versions, annotations, answers, codes, queue, reviews, rounds, tasks
from .tables import round_tasks as staged


@dataclass(frozen=True, slots=True)
class Round:
    """One scoring round: ``state`` is intended or done.

    ``resent_at``: a part of its predictions was sent again because nobody knew whether it had arrived.
    """

    key: int
    project: int
    number: int
    model: str
    version: str
    hash: str
    state: str
    made_at: int
    resent_at: int | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """The tasks of a project (the store's key) that Label Studio still has, as a round sees them.

    A task is servable with fewer answers than its overlap asks for. Its prediction is empty where people differ on it
    and where it is audited; with ``extra_blind`` also where somebody answered it already. ``raised`` tasks (the store's
    keys) are about to be open again.
    """

    project: int
    extra_blind: bool = False
    raised: tuple[int, ...] = ()

    def select(self) -> Select[Any]:
        """Rows of task, servable, blind."""
        people = (
            select(annotations.c.task, func.count(distinct(annotation_versions.c.annotator)).label("people"))
            .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
            .join(tasks, tasks.c.id == annotations.c.task)
            .where(
                tasks.c.project == self.project,
                annotations.c.deleted_at.is_(None),
                annotation_versions.c.was_cancelled.is_(False),
            )
            .group_by(annotations.c.task)
            .subquery()
        )
        answered = func.coalesce(people.c.people, 0)
        blind: list[ColumnElement[bool]] = [
            tasks.c.id.in_(self._disputed()),
            tasks.c.id.in_(self._queued()),
            tasks.c.id.in_(self._audited()),
        ]
        if self.extra_blind:
            blind.append(answered > 0)
        return (
            select(
                tasks.c.id.label("task"),
                or_(answered < tasks.c.overlap, tasks.c.id.in_(self.raised)).label("servable"),
                or_(*blind).label("blind"),
            )
            .join(people, people.c.task == tasks.c.id, isouter=True)
            .where(tasks.c.project == self.project, tasks.c.deleted_at.is_(None))
        )

    def _disputed(self) -> Select[Any]:
        """Tasks with two different answers on some control."""
        return (
            select(annotations.c.task)
            .join(tasks, tasks.c.id == annotations.c.task)
            .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
            .join(answers, answers.c.version == annotation_versions.c.id)
            .join(codes, codes.c.id == answers.c.code)
            .where(
                tasks.c.project == self.project,
                annotations.c.deleted_at.is_(None),
                annotation_versions.c.was_cancelled.is_(False),
                annotation_versions.c.ground_truth.is_(False),
            )
            .group_by(annotations.c.task, codes.c.control)
            .having(func.count(distinct(answers.c.code)) > 1)
        )

    def _queued(self) -> Select[Any]:
        """Tasks that are to be audited."""
        return select(queue.c.task).where(queue.c.project == self.project, queue.c.action == AUDIT)

    def _audited(self) -> Select[Any]:
        """Tasks that are being audited."""
        open_ones = reviews.c.state.in_(("intended", "open"))
        return select(reviews.c.task).where(reviews.c.project == self.project, reviews.c.action == AUDIT, open_ones)


def latest(connection: Connection, project: int) -> Round | None:
    """The newest round, or null before the first."""
    query = select(rounds).where(rounds.c.project == project).order_by(rounds.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    return Round(
        row.id, row.project, row.number, row.model, row.version, row.hash, row.state, row.made_at, row.resent_at
    )


def intend(
    connection: Connection,
    project: int,
    model: str,
    hash: str,  # noqa: A002 - the column's name
    now: int,
    stored: Iterable[str],
) -> Round:
    """Begin a round; one that was interrupted is begun again under the next number.

    ``stored`` are the versions that Label Studio has. So no version names two attempts: what an interrupted one, or
    another store, still brings to Label Studio is known to be stale.
    """
    last = latest(connection, project)
    number = 1 + max(0 if last is None else last.number, *map(number_of, stored), 0)
    version = f"{model}.{number}"
    values = {"number": number, "model": model, "version": version, "hash": hash, "state": "intended", "made_at": now}
    values |= {"resent_at": None}
    if last is not None and last.state == "intended":
        connection.execute(update(rounds).where(rounds.c.id == last.key).values(**values))
        key = last.key
    else:
        begun = insert(rounds).values(project=project, **values).returning(rounds.c.id)
        key = connection.execute(begun).scalar_one()
    return Round(key, project, number, model, version, hash, "intended", now)


def number_of(version: str) -> int:
    """The number of the round in a version of ours; 0 in any other.

    >>> number_of("tiebreak-3.12"), number_of("tiebreak-queue.2"), number_of("my-model.7")
    (12, 2, 0)
    """
    found = re.fullmatch(r"tiebreak-\w+\.(\d{1,9})", version)
    return int(found[1]) if found else 0


def finish(connection: Connection, done: Round, metrics: Mapping[str, Any]) -> None:
    """The round is over. ``metrics`` are what the backend says of its model (accuracy, ece, brier, n, source)."""
    over = {"state": "done", "metrics": dict(metrics)}
    connection.execute(update(rounds).where(rounds.c.id == done.key).values(**over))


def resent(connection: Connection, current: Round, now: int) -> None:
    """A part of its predictions is sent again."""
    connection.execute(update(rounds).where(rounds.c.id == current.key).values(resent_at=now))


def lacking(connection: Connection, pool: Pool, last: Round | None) -> bool:
    """Whether some servable task has no prediction of the round ``last``, or an empty one that need not be, or not."""
    found = pool.select().subquery()
    query = select(found.c.task).where(found.c.servable == true())
    if last is not None:
        right = exists().where(
            staged.c.round == last.key,
            staged.c.task == found.c.task,
            staged.c.state == round_tasks.SENT,
            staged.c.blind == found.c.blind,
        )
        query = query.where(~right)
    return connection.execute(query.limit(1)).first() is not None
