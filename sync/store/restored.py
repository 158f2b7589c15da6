"""Labels of a version that a lead put back into Label Studio: what is to be written, and where it stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from . import corrections
from .tables import annotation_versions, annotations, label_versions, restored_labels, tasks


@dataclass(frozen=True, slots=True)
class ToRestore:
    """Labels that are still to be written: ``on`` is Label Studio's id of the task, ``key`` ours for the annotation.

    ``size`` is of the task's image in pixels, null where none is known; ``answers`` are canonical. ``task`` is the
    store's key, ``at`` when a person asked for it, in microseconds, ``version`` the number of the one that has them.
    """

    id: int
    key: str
    on: int
    answers: Mapping[str, str]
    size: tuple[float, float] | None
    task: int
    at: int
    version: int


@dataclass(frozen=True, slots=True)
class Underway:
    """How far a version's labels are on their way: so many of so many tasks stand in Label Studio, since ``at``."""

    version: int
    done: int
    total: int
    at: int


def intend(
    connection: Connection, project: int, version: int, seal: str, rows: Sequence[Mapping[str, Any]], now: int
) -> None:
    """Store what is to be written ({on, answers, size}) of a version (its key and hash), but for tasks that are gone.

    What is stored and not written yet is not stored again; what was written may be, since people can have changed it.
    """
    ids = select(tasks.c.label_studio_id, tasks.c.id).where(tasks.c.project == project, tasks.c.deleted_at.is_(None))
    keys = {row[0]: row[1] for row in connection.execute(ids)}
    before = connection.execute(select(restored_labels).where(restored_labels.c.project == project)).all()
    times = Counter(row.task for row in before)
    waiting = {row.task for row in before if row.annotation is None and row.version == version}
    same = {"project": project, "version": version, "annotation": None}
    same["restored_at"] = max([now, *(row.restored_at + 1 for row in before)])
    new = [
        {
            "key": f"{seal}/{row['on']}/{times[keys[row['on']]]}",
            "task": keys[row["on"]],
            "answers": row["answers"],
            "size": row["size"],
            **same,
        }
        for row in rows
        if row["on"] in keys and keys[row["on"]] not in waiting
    ]
    if new:
        connection.execute(insert(restored_labels), new)


def pending(connection: Connection, project: int) -> list[ToRestore]:
    """What is not in Label Studio yet, the oldest first."""
    query = (
        select(restored_labels, tasks.c.label_studio_id, label_versions.c.number)
        .join(tasks, tasks.c.id == restored_labels.c.task)
        .join(label_versions, label_versions.c.id == restored_labels.c.version)
        .where(
            restored_labels.c.project == project, restored_labels.c.annotation.is_(None), tasks.c.deleted_at.is_(None)
        )
        .order_by(restored_labels.c.id)
    )
    return [
        ToRestore(
            row.id,
            row.key,
            row.label_studio_id,
            row.answers,
            row.size and (row.size[0], row.size[1]),
            row.task,
            row.restored_at,
            row.number,
        )
        for row in connection.execute(query)
    ]


def underway(connection: Connection, project: int) -> list[Underway]:
    """The versions of which something is still to be written, the oldest first."""
    label = restored_labels.c
    total, done = func.count(), func.count(label.annotation)
    query = (
        select(label_versions.c.number, done, total, func.max(label.restored_at))
        .join(tasks, tasks.c.id == label.task)
        .join(label_versions, label_versions.c.id == label.version)
        .where(label.project == project, tasks.c.deleted_at.is_(None))
        .group_by(label_versions.c.number)
        .having(total > done)
        .order_by(label_versions.c.number)
    )
    return [Underway(*row) for row in connection.execute(query)]


def stands_as(connection: Connection, restored: int, annotation: int) -> None:
    """It stands as this annotation on the task; 0: nowhere."""
    connection.execute(update(restored_labels).where(restored_labels.c.id == restored).values(annotation=annotation))


def foreign_truths(connection: Connection, project: int) -> set[int]:
    """The tasks (Label Studio's ids) with a current ground truth that is not ours."""
    query = (
        select(tasks.c.label_studio_id, annotations.c.label_studio_id.label("annotation"))
        .join(annotations, annotations.c.task == tasks.c.id)
        .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
        .where(
            tasks.c.project == project,
            tasks.c.deleted_at.is_(None),
            annotations.c.deleted_at.is_(None),
            annotation_versions.c.ground_truth.is_(True),
        )
    )
    ours = corrections.written(connection, project)
    return {row.label_studio_id for row in connection.execute(query) if row.annotation not in ours}
