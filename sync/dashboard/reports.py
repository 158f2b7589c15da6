"""The newest assessment of a project as a page reads it: typed, and read once for as long as it is the newest."""

from collections.abc import Hashable

from sqlalchemy import Connection, select

from ..store.tables import assessments
from .keeping import Kept
from .queries import Project, newest_report
from .report import Report


def stamp(connection: Connection, project: Project) -> Hashable:
    """What tells the newest assessment from every other one; null before the first."""
    query = select(assessments.c.id, assessments.c.made_at, assessments.c.hash)
    row = connection.execute(
        query.where(assessments.c.project == project.key).order_by(assessments.c.id.desc()).limit(1)
    ).first()
    return None if row is None else tuple(row)


def newest(connection: Connection, kept: Kept, project: Project) -> Report | None:
    """The newest assessment; null before the first."""
    return kept.get(("report", project.key), stamp(connection, project), lambda: newest_report(connection, project))
