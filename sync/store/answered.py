"""The tasks of a project with what was said about them: the same values that an export file gives."""

import itertools
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Select, exists, select

from ..labelstudio.export_file import AnsweredTask, GivenAnnotation
from . import corrections, votes
from .reading import among
from .standing import Standing, standing
from .tables import annotation_versions, annotations, tasks


def answered_tasks(connection: Connection, project: int, only: Collection[int] | None = None) -> Iterator[AnsweredTask]:
    """Every live task that has an annotation, with its current annotations, by Label Studio's ids, in their order.

    ``only`` are the store's keys of those that are wanted; null: all.

    A ruling of ours that stands as an annotation on the source task counts as ground truth, also when somebody took
    its mark away. An answer to a review that was withdrawn before counts as one more to its source task, unless its
    author answered that, too.
    """
    ours, undone = corrections.written(connection, project), corrections.undone(connection, project)
    late = votes.late_annotations(connection, project)
    rows = connection.execute(_query(project).where(among(tasks.c.id, only)))
    for _, group in itertools.groupby(rows, key=lambda row: row.task):
        given = [row for row in group if row.label_studio_id not in undone]
        if not given:
            continue
        heard = {row.annotator for row in given if standing(row, ours) == Standing.VALID}
        yield AnsweredTask(
            given[0].on,
            given[0].data,
            (
                *(
                    GivenAnnotation(
                        id=row.label_studio_id,
                        annotator=row.annotator,
                        changed_at=row.updated_at,
                        cancelled=row.was_cancelled,
                        ground_truth=row.ground_truth or row.label_studio_id in ours,
                        result=row.result,
                        lead_time=row.lead_time,
                    )
                    for row in given
                ),
                *(one for one in late.get(given[0].task, ()) if one.annotator not in heard),
            ),
        )


def answered_keys(connection: Connection, project: int) -> list[int]:
    """The store's keys of the live tasks that somebody answered, ascending."""
    query = select(tasks.c.id).where(tasks.c.project == project, tasks.c.deleted_at.is_(None))
    given = exists().where(annotations.c.task == tasks.c.id, annotations.c.deleted_at.is_(None))
    return list(connection.execute(query.where(given).order_by(tasks.c.id)).scalars())


def _query(project: int) -> Select[tuple[object, ...]]:
    version = annotation_versions.c
    return (
        select(
            annotations.c.task,
            annotations.c.label_studio_id,
            tasks.c.label_studio_id.label("on"),
            tasks.c.data,
            *(version.annotator, version.updated_at, version.was_cancelled, version.ground_truth, version.result),
            *(version.lead_time, version.rejected),
        )
        .join(annotations, annotations.c.current == version.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(tasks.c.project == project, tasks.c.deleted_at.is_(None), annotations.c.deleted_at.is_(None))
        .order_by(tasks.c.label_studio_id, annotations.c.task, annotations.c.label_studio_id)
    )
