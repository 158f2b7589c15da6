"""The newest assessment of a project as a page reads it: typed, and read once for as long as it is the newest."""

from collections.abc import Hashable, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection, func, select

from ..store.assessments import latest, outline
from ..store.tables import assessments
from .keeping import Kept
from .queries import Project
from .report import Report, read_report


def stamp(connection: Connection, project: Project) -> Hashable:
    """What tells the newest assessment from every other one; null before the first."""
    return stamps(connection, [project]).get(project.key)


def stamps(connection: Connection, shown: Sequence[Project]) -> Mapping[int, Hashable]:
    """Project (the store's key) -> what tells its newest assessment from every other one; only after the first."""
    of_these = assessments.c.project.in_([one.key for one in shown])
    newest = select(func.max(assessments.c.id)).where(of_these).group_by(assessments.c.project)
    query = select(assessments.c.project, assessments.c.id, assessments.c.made_at, assessments.c.hash)
    rows = connection.execute(query.where(assessments.c.id.in_(newest)))
    return {row.project: (row.id, row.made_at, row.hash) for row in rows}


def newest(connection: Connection, kept: Kept, project: Project) -> Report | None:
    """The newest assessment; null before the first."""

    def read() -> Report | None:
        stored = latest(connection, project.key)
        return None if stored is None else read_report(stored.report, stored.made_at)

    return kept.get(("report", project.key), stamp(connection, project), read)


def outlines(connection: Connection, kept: Kept, shown: Sequence[Project]) -> Mapping[int, Report | None]:
    """Project (the store's key) -> its newest assessment without pairs of annotators; null before the first."""
    known = stamps(connection, shown)

    def read(project: Project) -> Report | None:
        stored = outline(connection, project.key)
        return None if stored is None else read_report(stored.report, stored.made_at)

    return {one.key: kept.get(("outline", one.key), known.get(one.key), partial(read, one)) for one in shown}
