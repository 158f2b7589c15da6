"""Rulings: what reviewers decided, what contradicts it, and what became of it on the source task."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update

from label_config.answers import Answer
from label_config.results import from_canonical

from . import changes
from .reviews import AUDIT, CONFLICT, UNREADABLE
from .tables import annotation_versions, annotations, corrections, reviews, rulings, tasks

CONTRADICTED: Mapping[str, Any] = {
    "kind": CONFLICT,
    "severity": 1.0,
    "reason": "Two reviewers ruled differently on this task.",
    "numbers": {},
}


@dataclass(frozen=True, slots=True)
class Ruled:
    """What a ruling says about one control of a task (the store's keys)."""

    task: int
    control: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Gone:
    """A ruling whose review annotation was deleted. ``review_task`` and ``task`` are Label Studio's ids.

    ``ground_truth`` is what it became on the source task: null while it is to be written, 0 for none.
    """

    ruling: int
    review_task: int
    task: int
    ground_truth: int | None


@dataclass(frozen=True, slots=True)
class PendingTruth:
    """A ruling whose ground truth is not in Label Studio yet. ``task`` is Label Studio's id of the source task.

    ``result`` is what the reviewer submitted. ``replaces`` is the annotation that an earlier ruling on the same task
    became; null for none.
    """

    ruling: int
    review: str
    task: int
    reviewer: int | None
    answers: Mapping[str, str]
    result: Any
    replaces: int | None


def add_ruling(connection: Connection, review: int, values: Mapping[str, Any], now: int) -> bool:
    """Keep a ruling; true where it contradicts another reviewer's on the same review, so that its task comes back.

    An earlier version of the same annotation is superseded in any case; whatever else was ruled only where this one
    counts as a ruling. What does not leaves the review as it is. What was deleted since contradicts nothing.
    """
    counts = values["counts_as"] is None
    annotation = _annotation_of(connection, values["annotation_version"])
    superseded, comes_back = [], None
    for row in connection.execute(_standing_rulings(review)):
        edited = row.annotation == annotation
        if edited:
            comes_back = comes_back or row.comes_back
        elif counts and row.counts_as is None and row.deleted_at is None and row.answers != values["answers"]:
            comes_back = CONTRADICTED
        if edited or (counts and row.counts_as is None):
            superseded.append(row.id)
    with _about_task_of(connection, review):
        connection.execute(update(rulings).where(rulings.c.id.in_(superseded)).values(superseded=True))
        connection.execute(insert(rulings).values(review=review, superseded=False, comes_back=comes_back, **values))
    if counts:
        connection.execute(update(reviews).where(reviews.c.id == review).values(state="ruled", closed_at=now))
    return comes_back is not None


def add_unreadable(connection: Connection, review: int, values: Mapping[str, Any]) -> None:
    """Keep that what was submitted cannot be read (``problem``); what was ruled before on the review stands.

    It is superseded from the start, so that whoever counts rulings passes it over.
    """
    nothing = {"answers": {}, "superseded": True, "counts_as": UNREADABLE}
    connection.execute(insert(rulings).values(review=review, **nothing, **values))


def gone(connection: Connection, project: int) -> list[Gone]:
    """The rulings whose annotation somebody deleted from its review task, and of which nobody was told yet."""
    there = tasks.alias("there")
    query = (
        select(rulings.c.id, reviews.c.review_task, tasks.c.label_studio_id, rulings.c.ground_truth)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(annotation_versions, annotation_versions.c.id == rulings.c.annotation_version)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .join(there, there.c.id == annotations.c.task)
        .where(
            reviews.c.project == project,
            _counts(),
            rulings.c.gone_at.is_(None),
            annotations.c.deleted_at.is_not(None),
            there.c.deleted_at.is_(None),
        )
        .order_by(rulings.c.id)
    )
    return [Gone(*row) for row in connection.execute(query)]


def mark_gone(connection: Connection, ruling: int, now: int) -> None:
    """It is told that the ruling's annotation is gone."""
    connection.execute(update(rulings).where(rulings.c.id == ruling).values(gone_at=now))


@contextmanager
def _about_task_of(connection: Connection, review: int) -> Iterator[None]:
    """What is written in this block concerns only the task that was reviewed."""
    row = connection.execute(select(reviews.c.project, reviews.c.task).where(reviews.c.id == review)).one()
    with changes.concerning(connection, row.project) as touched:
        touched.add(row.task)
        yield


def _annotation_of(connection: Connection, version: int) -> int:
    query = select(annotation_versions.c.annotation).where(annotation_versions.c.id == version)
    return int(connection.execute(query).scalar_one())


def _standing_rulings(review: int) -> Select[Any]:
    return (
        select(rulings, annotation_versions.c.annotation, annotations.c.deleted_at)
        .join(annotation_versions, annotation_versions.c.id == rulings.c.annotation_version)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .where(rulings.c.review == review, rulings.c.superseded.is_(False))
    )


def pending_truths(connection: Connection, project: int) -> list[PendingTruth]:
    """The rulings that decided something and whose ground truth is still to be written, the oldest first."""
    older, before = rulings.alias("older"), reviews.alias("before")
    replaced = (
        select(func.max(older.c.ground_truth))
        .join(before, before.c.id == older.c.review)
        .where(before.c.task == reviews.c.task)
        .scalar_subquery()
    )
    query = (
        select(
            rulings, reviews.c.key, tasks.c.label_studio_id, annotation_versions.c.result, replaced.label("replaces")
        )
        .join(annotation_versions, annotation_versions.c.id == rulings.c.annotation_version)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .where(
            reviews.c.project == project,
            _counts(),
            rulings.c.ground_truth.is_(None),
            tasks.c.deleted_at.is_(None),
        )
        .order_by(rulings.c.id)
    )
    return [
        PendingTruth(
            row.id,
            f"{row.key}/{row.annotation_version}",
            row.label_studio_id,
            row.reviewer,
            row.answers,
            row.result,
            row.replaces or None,
        )
        for row in connection.execute(query)
        if row.answers
    ]


def set_ground_truth(connection: Connection, ruling: int, annotation: int) -> None:
    """The ruling stands as this annotation on the source task."""
    review = connection.execute(select(rulings.c.review).where(rulings.c.id == ruling)).scalar_one()
    with _about_task_of(connection, review):
        connection.execute(update(rulings).where(rulings.c.id == ruling).values(ground_truth=annotation))


def foreign_truths(connection: Connection, ruling: int) -> list[int]:
    """The current annotations (Label Studio's ids) on a ruling's task that somebody else marked as ground truth."""
    task = select(reviews.c.task).join(rulings, rulings.c.review == reviews.c.id).where(rulings.c.id == ruling)
    ours = (
        select(rulings.c.ground_truth)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.task.in_(task), rulings.c.ground_truth.is_not(None))
        .union(
            select(corrections.c.annotation).where(corrections.c.task.in_(task), corrections.c.annotation.is_not(None))
        )
    )
    query = (
        select(annotations.c.label_studio_id)
        .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
        .where(
            annotations.c.task.in_(task),
            annotations.c.deleted_at.is_(None),
            annotation_versions.c.ground_truth.is_(True),
            annotations.c.label_studio_id.not_in(ours),
        )
        .order_by(annotations.c.label_studio_id)
    )
    return [int(one) for one in connection.execute(query).scalars()]


def ground_truths(connection: Connection, project: int) -> list[tuple[int, int]]:
    """(task, annotation) of each ruling of a source project that stands as a ground truth, Label Studio's ids."""
    query = (
        select(tasks.c.label_studio_id, rulings.c.ground_truth)
        .join(reviews, reviews.c.task == tasks.c.id)
        .join(rulings, rulings.c.review == reviews.c.id)
        .where(reviews.c.project == project, rulings.c.superseded.is_(False), rulings.c.ground_truth > 0)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def rulings_of(connection: Connection, project: int) -> list[Ruled]:
    """What the valid rulings of a source project say, a row a control."""
    query = (
        select(rulings.c.answers, reviews.c.task)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == project, _counts())
        .order_by(rulings.c.id)
    )
    return [
        Ruled(row.task, control, from_canonical(text))
        for row in connection.execute(query)
        for control, text in sorted(row.answers.items())
    ]


def audited(connection: Connection, project: int) -> list[tuple[str, str, str]]:
    """(control, the answer that was accepted, the ruling on it), both canonical, of each random audit of a project."""
    query = (
        select(reviews.c.findings, rulings.c.answers)
        .join(rulings, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == project, reviews.c.action == AUDIT, _counts())
    )
    return [
        (finding["control"], finding["accepted"], row.answers[finding["control"]])
        for row in connection.execute(query.order_by(reviews.c.id))
        for finding in row.findings
        if finding["kind"] == AUDIT and finding.get("accepted") and finding["control"] in row.answers
    ]


def _counts() -> ColumnElement[bool]:
    return rulings.c.superseded.is_(False) & rulings.c.counts_as.is_(None)
