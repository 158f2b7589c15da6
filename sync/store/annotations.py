"""Reading annotations: the answers that count, and what was left out and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from label_config.answers import Answer
from label_config.results import from_canonical

from . import corrections
from .as_of_today import as_of_today
from .columns import AnswerRow, Excluded
from .reading import among, columns_of, within
from .standing import Standing, standing
from .tables import annotation_versions, annotations, answers, codes, rulings, tasks

__all__ = [
    "AnswerRow",
    "ByOther",
    "Truth",
    "answers_of",
    "by_others",
    "current_results",
    "ground_truths_of",
    "results_on",
    "unread_results",
]

CHUNK = 500
"""Versions in one IN list."""


@dataclass(frozen=True, slots=True)
class ByOther:
    """An answer (Label Studio's ids) that counts as ``annotator``'s and was last written by somebody else."""

    annotation: int
    task: int
    annotator: int
    written_by: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What a ground truth in Label Studio says about one control."""

    task: int
    control: str
    answer: Answer


def _current(project: int, *columns: ColumnElement[Any], only: Collection[int] | None = None) -> Select[Any]:
    """The current annotations of the tasks that there are: these columns of their versions, all if none is named.

    ``only`` some of the tasks (null: all).
    """
    return (
        select(
            *(columns or annotation_versions.c),
            annotations.c.task,
            annotations.c.label_studio_id,
            tasks.c.label_studio_id.label("on"),
        )
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(within(tasks.c.project, project, only), among(tasks.c.id, only))
        .where(tasks.c.deleted_at.is_(None), annotations.c.deleted_at.is_(None))
    )


def answers_of(connection: Connection, project: int) -> tuple[list[AnswerRow], Excluded]:
    """The answers that count, as rows: see ``columns_of``."""
    found, excluded = columns_of(connection, project)
    return list(found), excluded


def by_others(connection: Connection, project: int, only: Collection[int] | None = None) -> tuple[ByOther, ...]:
    """The current answers that were last written by somebody else than their author, by annotation; on ``only`` these.

    Label Studio lets everybody change what others answered, and answer in their name.
    """
    other = annotation_versions.c.updated_by != annotation_versions.c.annotator
    ours = corrections.written(connection, project)
    found = [
        ByOther(row.label_studio_id, row.on, row.annotator, row.updated_by)
        for row in connection.execute(_current(project, only=only).where(other))
        if standing(row, ours) == Standing.VALID
    ]
    return tuple(sorted(found, key=lambda one: one.annotation))


def ground_truths_of(connection: Connection, project: int, only: Collection[int] | None = None) -> list[Truth]:
    """What the current ground truths say, a row a control; of several on a task the newest comes last.

    ``only`` these tasks are looked at (null: all). One that holds a correction which was undone says nothing any more,
    though it is still to be deleted.
    """
    query = _current(project, only=only).where(
        annotation_versions.c.ground_truth.is_(True),
        annotation_versions.c.was_cancelled.is_(False),
        annotation_versions.c.rejected.is_(None),
    )
    rows = connection.execute(query.order_by(annotation_versions.c.updated_at, annotation_versions.c.id)).all()
    said = _said(connection, project, [row.id for row in rows])
    undone = corrections.undone(connection, project)
    return [
        Truth(row.task, control, answer)
        for row in rows
        if row.label_studio_id not in undone
        for control, answer in said.get(row.id, ())
    ]


def _said(connection: Connection, project: int, versions: Sequence[int]) -> Mapping[int, list[tuple[str, Answer]]]:
    """Version -> (control, answer) of what the interface can say today, by control."""
    if not versions:
        return {}
    today = as_of_today(connection, project)
    query = select(answers.c.version, codes).join(codes, codes.c.id == answers.c.code).order_by(codes.c.control)
    found: dict[int, list[tuple[str, Answer]]] = {}
    for start in range(0, len(versions), CHUNK):
        for row in connection.execute(query.where(answers.c.version.in_(versions[start : start + CHUNK]))):
            if today.problem(row.id) is None:
                answer = today.answer(row.control, from_canonical(row.answer))
                found.setdefault(row.version, []).append((row.control, answer))
    return found


def current_results(connection: Connection, project: int) -> Sequence[Any]:
    """The current, finished annotations of a project: rows id, on (the task's id), data, annotator, result."""
    return connection.execute(_finished(project)).all()


def unread_results(connection: Connection, home: int) -> Sequence[Any]:
    """Those of a review project (key) that no ruling was read from yet, as rows of the same."""
    read = exists().where(rulings.c.annotation_version == annotation_versions.c.id)
    return connection.execute(_finished(home).where(~read)).all()


def _finished(project: int) -> Select[Any]:
    query = _current(project).add_columns(tasks.c.data).where(annotation_versions.c.was_cancelled.is_(False))
    return query.order_by(annotation_versions.c.id)


def results_on(connection: Connection, of: Sequence[int]) -> dict[int, list[Any]]:
    """Task (the store's key) -> the results of its current annotations, of these tasks."""
    found: dict[int, list[Any]] = {}
    for start in range(0, len(of), CHUNK):
        query = (
            select(annotations.c.task, annotation_versions.c.result)
            .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
            .where(annotations.c.task.in_(of[start : start + CHUNK]), annotations.c.deleted_at.is_(None))
            .order_by(annotations.c.task, annotations.c.id)
        )
        for row in connection.execute(query):
            found.setdefault(row.task, []).append(row.result)
    return found
