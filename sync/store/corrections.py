"""Corrections that a lead applied: what they say, where they stand in Label Studio, and which were undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, union, update

from label_config.answers import Answer
from label_config.results import from_canonical

from .tables import annotations, corrections, restored_labels, reviews, rulings, tasks


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction that is still to be written or deleted; ``task`` is the store's key, ``on`` Label Studio's id.

    ``key`` is ours for the annotation that it becomes. ``annotation`` is its id there, null before it is written.
    """

    id: int
    key: str
    task: int
    on: int
    control: str
    answer: Answer
    annotation: int | None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a correction says that holds."""

    task: int
    control: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Batch:
    """What was applied together."""

    batch: int
    groups: tuple[str, ...]
    tasks: int
    applied_at: int
    applied_by: int | None
    undone_at: int | None


def written(connection: Connection, project: int) -> set[int]:
    """The annotations (Label Studio's ids) that hold rulings, corrections and restored labels of ours."""
    ruled = (
        select(rulings.c.ground_truth)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == project, rulings.c.ground_truth.is_not(None))
    )
    corrected = select(corrections.c.annotation).where(
        corrections.c.project == project, corrections.c.annotation.is_not(None)
    )
    restored = select(restored_labels.c.annotation).where(
        restored_labels.c.project == project, restored_labels.c.annotation.is_not(None)
    )
    return set(connection.execute(union(ruled, corrected, restored)).scalars())


def undone(connection: Connection, project: int) -> set[int]:
    """The annotations that hold corrections which were undone, until they are deleted."""
    query = select(corrections.c.annotation).where(
        corrections.c.project == project, corrections.c.undone_at.is_not(None), corrections.c.annotation > 0
    )
    return set(connection.execute(query).scalars())


def applied(connection: Connection, project: int) -> list[Applied]:
    """The corrections that hold, the oldest first."""
    query = select(corrections).where(corrections.c.project == project, corrections.c.undone_at.is_(None))
    return [
        Applied(row.task, row.control, from_canonical(row.answer))
        for row in connection.execute(query.order_by(corrections.c.id))
    ]


def add(connection: Connection, project: int, rows: Sequence[Mapping[str, Any]], by: int | None, now: int) -> int:
    """Store what is to be applied together; the number of the batch."""
    last = connection.execute(select(func.max(corrections.c.batch)).where(corrections.c.project == project)).scalar()
    batch = (last or 0) + 1
    same = {"project": project, "batch": batch, "applied_by": by, "applied_at": now}
    connection.execute(insert(corrections), [{**row, **same} for row in rows])
    return batch


def undo(connection: Connection, project: int, batch: int, now: int) -> int:
    """Take a batch back; how many corrections held until now."""
    taken = update(corrections).where(
        corrections.c.project == project, corrections.c.batch == batch, corrections.c.undone_at.is_(None)
    )
    return connection.execute(taken.values(undone_at=now)).rowcount


def batches(connection: Connection, project: int) -> list[Batch]:
    """Everything that was applied, the newest first."""
    query = select(corrections).where(corrections.c.project == project).order_by(corrections.c.id)
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.batch, []).append(row)
    return [
        Batch(
            batch,
            tuple(dict.fromkeys(row.proposed_in for row in rows)),
            len(rows),
            rows[0].applied_at,
            rows[0].applied_by,
            rows[0].undone_at,
        )
        for batch, rows in sorted(found.items(), reverse=True)
    ]


def to_write(connection: Connection, project: int) -> list[Correction]:
    """The corrections whose ground truth is not in Label Studio yet."""
    return _pending(connection, project, corrections.c.undone_at.is_(None) & corrections.c.annotation.is_(None))


def to_delete(connection: Connection, project: int) -> list[Correction]:
    """The corrections that were undone and whose ground truth may still be in Label Studio."""
    still = corrections.c.annotation.is_(None) | (corrections.c.annotation > 0)
    return _pending(connection, project, corrections.c.undone_at.is_not(None) & still)


def _pending(connection: Connection, project: int, which: Any) -> list[Correction]:
    query = (
        select(corrections, tasks.c.label_studio_id)
        .join(tasks, tasks.c.id == corrections.c.task)
        .where(corrections.c.project == project, tasks.c.deleted_at.is_(None), which)
        .order_by(corrections.c.id)
    )
    return [
        Correction(
            row.id,
            f"{row.batch}/{row.applied_at}/{row.id}",
            row.task,
            row.label_studio_id,
            row.control,
            from_canonical(row.answer),
            row.annotation,
        )
        for row in connection.execute(query)
    ]


def stands_as(connection: Connection, correction: int, annotation: int) -> None:
    """The correction stands as this annotation on the source task."""
    connection.execute(update(corrections).where(corrections.c.id == correction).values(annotation=annotation))


def is_gone(connection: Connection, one: Correction, now: int) -> None:
    """The correction that was undone stands nowhere any more."""
    stands_as(connection, one.id, 0)
    there = (annotations.c.task == one.task) & (annotations.c.label_studio_id == (one.annotation or 0))
    connection.execute(update(annotations).where(there, annotations.c.deleted_at.is_(None)).values(deleted_at=now))
