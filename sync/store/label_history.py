"""What was there at a moment: tasks, interface, answers, ground truths, and what people decided.

An answer counts from when Label Studio says it was given, also where it was pulled later. A deletion counts from the
sweep that found it. Of a task's data only the last is known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from label_config.answers import Answer
from label_config.results import from_canonical

from . import corrections as corrected
from . import interfaces
from .annotations import Truth, current_results
from .columns import AnswerRow
from .standing import Standing, standing
from .tables import (
    annotation_versions,
    annotations,
    answers,
    codes,
    corrections,
    restored_labels,
    reviews,
    rulings,
    tasks,
)


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task: the store's key, Label Studio's id, and what it shows."""

    key: int
    id: int
    created_at: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided about a control of a task (the store's key); ``kind`` as in versions.content.Decision."""

    task: int
    control: str
    answer: Answer
    kind: str
    by: int | None
    at: int
    verdict: str | None = None
    cause: str | None = None


def tasks_at(connection: Connection, project: int, moment: int | None) -> list[KnownTask]:
    """The tasks that there were, by Label Studio's ids; null: that there are. Of two with one id the newer counts."""
    query = select(tasks.c.id, tasks.c.label_studio_id, tasks.c.created_at, tasks.c.data).where(
        tasks.c.project == project, _there(tasks.c.created_at, tasks.c.deleted_at, moment)
    )
    rows = connection.execute(query.order_by(tasks.c.label_studio_id, tasks.c.created_at))
    newest = {row.label_studio_id: KnownTask(row.id, row.label_studio_id, row.created_at, row.data) for row in rows}
    return list(newest.values())


def _there(created: ColumnElement[Any], deleted: ColumnElement[Any], moment: int | None) -> ColumnElement[bool]:
    if moment is None:
        return deleted.is_(None)
    return (created <= moment) & (deleted.is_(None) | (deleted > moment))


def interface_at(connection: Connection, project: int, moment: int) -> str:
    """The labeling interface that was seen last by then; before the first look, the one that was seen first."""
    known = interfaces.periods(connection, project)
    return [one for one in known if one.seen_at <= moment or one is known[0]][-1].label_config


def _versions_at(connection: Connection, project: int, moment: int) -> Iterator[Row[Any]]:
    """The version of each annotation that stood then."""
    query = (
        select(annotation_versions, annotations.c.task, annotations.c.label_studio_id)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(
            tasks.c.project == project,
            annotation_versions.c.updated_at <= moment,
            _there(tasks.c.created_at, tasks.c.deleted_at, moment),
            _there(annotations.c.created_at, annotations.c.deleted_at, moment),
        )
        .order_by(
            annotation_versions.c.annotation,
            annotation_versions.c.updated_at,
            annotation_versions.c.seen_at,
            annotation_versions.c.id,
        )
    )
    last: Row[Any] | None = None
    for row in connection.execute(query):
        if last is not None and last.annotation != row.annotation:
            yield last
        last = row
    if last is not None:
        yield last


def answers_at(connection: Connection, project: int, moment: int) -> tuple[list[AnswerRow], list[Truth]]:
    """The answers that counted then, one a task, annotator and control, and what ground truths said, the newest last.

    As ``annotations.answers_of`` and ``ground_truths_of`` have it for now, but for what the interface of then can say:
    each answer is as it was read by the interface of its own time.
    """
    ours, undone = corrected.written(connection, project), _undone_at(connection, project, moment)
    latest: dict[tuple[int, int], Row[Any]] = {}
    truths = []
    for row in _versions_at(connection, project, moment):
        stands = standing(row, ours)
        if row.ground_truth and stands == Standing.GROUND_TRUTH and row.label_studio_id not in undone:
            truths.append(row)
        elif stands == Standing.VALID:
            known = latest.get((row.task, row.annotator))
            if known is None or (row.updated_at, row.id) > (known.updated_at, known.id):
                latest[(row.task, row.annotator)] = row
    said = _said(connection, project)
    rows = [
        AnswerRow(task, annotator, control, answer, row.updated_at, row.lead_time)
        for (task, annotator), row in sorted(latest.items())
        for control, answer in said.get(row.id, ())
    ]
    truths.sort(key=lambda row: (row.updated_at, row.id))
    return rows, [Truth(row.task, *one) for row in truths for one in said.get(row.id, ())]


def _said(connection: Connection, project: int) -> dict[int, list[tuple[str, Answer]]]:
    """Annotation version -> (control, answer), by control."""
    known = connection.execute(select(codes).where(codes.c.project == project))
    names = {row.id: (row.control, from_canonical(row.answer)) for row in known}
    query = select(answers).join(codes, codes.c.id == answers.c.code).where(codes.c.project == project)
    found: dict[int, list[tuple[str, Answer]]] = {}
    for row in connection.execute(query.order_by(answers.c.version, codes.c.control)):
        found.setdefault(row.version, []).append(names[row.code])
    return found


def _undone_at(connection: Connection, project: int, moment: int) -> set[int]:
    query = select(corrections.c.annotation).where(
        corrections.c.project == project, corrections.c.undone_at <= moment, corrections.c.annotation > 0
    )
    return set(connection.execute(query).scalars())


def decisions(connection: Connection, project: int, moment: int | None) -> list[Decided]:
    """What people decided by then (null: by now) and did not take back, in the order in which later ones win."""
    found = [*_corrections(connection, project, moment), *_rulings(connection, project, moment)]
    return [*found, *restored(connection, project, moment, found)]


def _corrections(connection: Connection, project: int, moment: int | None) -> list[Decided]:
    there = _there(corrections.c.applied_at, corrections.c.undone_at, moment)
    query = select(corrections).where(corrections.c.project == project, there).order_by(corrections.c.id)
    return [
        Decided(row.task, row.control, from_canonical(row.answer), "correction", row.applied_by, row.applied_at)
        for row in connection.execute(query)
    ]


def _rulings(connection: Connection, project: int, moment: int | None) -> list[Decided]:
    query = (
        select(rulings, reviews.c.task)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == project, _valid(moment))
        .order_by(rulings.c.id)
    )
    return [
        Decided(
            row.task,
            control,
            from_canonical(text),
            *("ruling", row.reviewer, row.ruled_at, row.verdict, row.cause),
        )
        for row in connection.execute(query)
        for control, text in sorted(row.answers.items())
    ]


def _valid(moment: int | None) -> ColumnElement[bool]:
    if moment is None:
        return rulings.c.superseded.is_(False) & rulings.c.counts_as.is_(None)
    older = rulings.alias("older")
    return rulings.c.id == (
        select(func.max(older.c.id))
        .where(older.c.review == rulings.c.review, older.c.counts_as.is_(None), older.c.ruled_at <= moment)
        .scalar_subquery()
    )


def restored(
    connection: Connection, project: int, moment: int | None = None, others: list[Decided] | None = None
) -> list[Decided]:
    """The labels of a version that were put back into Label Studio and that nobody decided about since.

    ``others`` are the rulings and corrections; null: read them.
    """
    label = restored_labels.c
    query = select(restored_labels).where(label.project == project).order_by(label.id)
    rows = connection.execute(query if moment is None else query.where(label.restored_at <= moment)).all()
    if not rows:
        return []
    if others is None:
        others = [*_corrections(connection, project, moment), *_rulings(connection, project, moment)]
    newest: dict[tuple[int, str], int] = {}
    for one in others:
        newest[(one.task, one.control)] = max(one.at, newest.get((one.task, one.control), 0))
    return [
        Decided(row.task, control, from_canonical(text), "restored", None, row.restored_at)
        for row in rows
        for control, text in sorted(row.answers.items())
        if newest.get((row.task, control), 0) < row.restored_at
    ]


def results_of(connection: Connection, project: int) -> dict[int, list[object]]:
    """Label Studio's id of a task -> the results of its current annotations: only they tell the size of an image."""
    found: dict[int, list[object]] = {}
    for row in current_results(connection, project):
        found.setdefault(row.on, []).append(row.result)
    return found
