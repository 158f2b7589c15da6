"""How many answers tasks have, and how many Label Studio asks for."""

from dataclasses import dataclass

from sqlalchemy import Connection, distinct, func, select, update

from . import changes
from .tables import annotation_versions, annotations, tasks


@dataclass(frozen=True, slots=True)
class Answered:
    """A task: the store's key, Label Studio's id, people who answered it, and Label Studio's overlap."""

    key: int
    label_studio_id: int
    answers: int
    overlap: int


def answered(connection: Connection, project: int) -> dict[int, Answered]:
    """Every live task of a project (the store's key), by key. Skips are no answers; two of one person are one."""
    people = (
        select(annotations.c.task, func.count(distinct(annotation_versions.c.annotator)).label("people"))
        .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(
            tasks.c.project == project,
            annotations.c.deleted_at.is_(None),
            annotation_versions.c.was_cancelled.is_(False),
        )
        .group_by(annotations.c.task)
        .subquery()
    )
    query = (
        select(tasks.c.id, tasks.c.label_studio_id, func.coalesce(people.c.people, 0), tasks.c.overlap)
        .join(people, people.c.task == tasks.c.id, isouter=True)
        .where(tasks.c.project == project, tasks.c.deleted_at.is_(None))
        .order_by(tasks.c.id)
    )
    return {row[0]: Answered(*row) for row in connection.execute(query)}


def forget(connection: Connection, project: int) -> None:
    """Label Studio has set every task to 1."""
    connection.execute(update(tasks).where(tasks.c.project == project).values(overlap=1))


def write(connection: Connection, task: int, overlap: int) -> None:
    """Label Studio has that overlap now."""
    project = connection.execute(select(tasks.c.project).where(tasks.c.id == task)).scalar_one()
    with changes.concerning(connection, project) as touched:
        touched.add(task)
        connection.execute(update(tasks).where(tasks.c.id == task).values(overlap=overlap))
