"""What a ruling is beside the answers that stood before it."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, or_, select

from label_config.model import LabelConfig
from label_config.review import verdict_of

from . import corrections
from .standing import Standing, standing
from .tables import annotation_versions, annotations, answers, codes, tasks


def verdict(
    connection: Connection,
    config: LabelConfig,
    task: int,
    said: Mapping[str, str],
    given: str | None,
    ruled_at: int,
) -> str | None:
    """The verdict that the answers on a task (the store's key) speak for: see ``verdict_of``.

    ``said`` are the ruling's canonical answers. Where one of them is no choice of labels, two people never say quite
    the same, and it is the verdict as ``given``.
    """
    if not all(config.control(name).decidable for name in said):
        return given
    return verdict_of(said, _earlier(connection, task, ruled_at), given)


def _earlier(connection: Connection, task: int, until: int) -> list[Mapping[str, str]]:
    """What each annotation of a task said at that time, canonical, by control."""
    newest = (
        select(func.max(annotation_versions.c.id))
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .where(
            annotations.c.task == task,
            annotation_versions.c.updated_at <= until,
            or_(annotations.c.deleted_at.is_(None), annotations.c.deleted_at > until),
        )
        .group_by(annotations.c.id)
    )
    query = (
        select(annotation_versions, annotations.c.label_studio_id, tasks.c.project)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(annotation_versions.c.id.in_(newest))
    )
    rows = connection.execute(query).all()
    ours = corrections.written(connection, rows[0].project) if rows else set()
    found: dict[int, dict[str, str]] = {row.id: {} for row in rows if standing(row, ours) == Standing.VALID}
    told = select(answers.c.version, codes.c.control, codes.c.answer).join(codes, codes.c.id == answers.c.code)
    for row in connection.execute(told.where(answers.c.version.in_(list(found)))):
        found[row.version][row.control] = row.answer
    return list(found.values())
