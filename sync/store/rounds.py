"""Scoring rounds, and what they have to score."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, distinct, func, insert, select, update

from .assessments import write_scores
from .tables import annotation_versions, annotations, answers, codes, rounds, scores, tasks


@dataclass(frozen=True, slots=True)
class Round:
    """One scoring round: ``state`` is intended or done."""

    key: int
    project: int
    number: int
    model: str
    version: str
    hash: str
    state: str
    made_at: int


@dataclass(frozen=True, slots=True)
class ServableTask:
    """A task as a round sees it.

    ``servable``: it has fewer answers than its overlap asks for. ``disputed``: it has different answers, so its
    prediction must be empty. ``version`` and ``blind`` are what the last round gave it.
    """

    key: int
    label_studio_id: int
    created_at: int
    data: Mapping[str, Any]
    servable: bool
    disputed: bool
    version: str | None
    blind: bool


def latest(connection: Connection, project: int) -> Round | None:
    """The newest round, or null before the first."""
    query = select(rounds).where(rounds.c.project == project).order_by(rounds.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    return Round(row.id, row.project, row.number, row.model, row.version, row.hash, row.state, row.made_at)


def intend(
    connection: Connection,
    project: int,
    model: str,
    hash: str,  # noqa: A002 - the column's name
    now: int,
    stored: Iterable[str],
) -> Round:
    """Begin a round; an interrupted one is begun again under the next number.

    ``stored`` are the versions that Label Studio has. So no version names two attempts: what an interrupted one, or
    another store, still brings to Label Studio is known to be stale.
    """
    last = latest(connection, project)
    number = 1 + max(0 if last is None else last.number, *map(number_of, stored), 0)
    version = f"{model}.{number}"
    values = {"number": number, "model": model, "version": version, "hash": hash, "state": "intended", "made_at": now}
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


def finish(connection: Connection, done: Round, found: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> None:
    """The round is over: keep what the model thinks, in the same transaction.

    ``metrics`` are what the backend says of its model (accuracy, ece, brier, n, source).
    """
    write_scores(connection, found)
    over = {"state": "done", "metrics": dict(metrics)}
    connection.execute(update(rounds).where(rounds.c.id == done.key).values(**over))


def servable(connection: Connection, project: int) -> list[ServableTask]:
    """Every task that Label Studio still has, in the order of its id, with what a round must know of it."""
    current = (
        select(
            annotations.c.task,
            func.count(distinct(annotation_versions.c.annotator)).label("people"),
        )
        .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
        .where(annotations.c.deleted_at.is_(None), annotation_versions.c.was_cancelled.is_(False))
        .group_by(annotations.c.task)
        .subquery()
    )
    query = (
        select(tasks, func.coalesce(current.c.people, 0).label("people"))
        .join(current, current.c.task == tasks.c.id, isouter=True)
        .where(tasks.c.project == project, tasks.c.deleted_at.is_(None))
        .order_by(tasks.c.label_studio_id)
    )
    disputed = _disputed(connection, project)
    known = {
        row.task: (row.version, bool((row.signals or {}).get("blind")))
        for row in connection.execute(
            select(scores.c.task, scores.c.version, scores.c.signals)
            .join(tasks, tasks.c.id == scores.c.task)
            .where(tasks.c.project == project)
        )
    }
    return [
        ServableTask(
            row.id,
            row.label_studio_id,
            row.created_at,
            row.data,
            row.people < row.overlap,
            row.id in disputed,
            *known.get(row.id, (None, False)),
        )
        for row in connection.execute(query)
    ]


def _disputed(connection: Connection, project: int) -> set[int]:
    """Tasks with two different answers on some control."""
    query = (
        select(annotations.c.task)
        .join(tasks, tasks.c.id == annotations.c.task)
        .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
        .join(answers, answers.c.version == annotation_versions.c.id)
        .join(codes, codes.c.id == answers.c.code)
        .where(
            tasks.c.project == project,
            annotations.c.deleted_at.is_(None),
            annotation_versions.c.was_cancelled.is_(False),
            annotation_versions.c.ground_truth.is_(False),
        )
        .group_by(annotations.c.task, codes.c.control)
        .having(func.count(distinct(answers.c.code)) > 1)
    )
    return set(connection.execute(query).scalars())
