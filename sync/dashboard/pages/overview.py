"""How do my projects stand? One row a project, and what failed."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for

from ...quality.records import Estimate
from .. import queries, reports
from ..figures import Figure
from ..page import Asked, Page
from ..queries import Summary
from ..tables.table import Column, Link, Row, Table

NOT_YET, NO_CONTROL = Estimate(None, reason="not assessed yet"), Estimate(None, reason="no control to assess")

COLUMNS = (
    Column("project", "Project", "link", search=True),
    Column("alpha", "Alpha", "coefficient", define="alpha", interval=True),
    Column("agreement", "Agreement", "share", define="agreement", interval=True),
    Column("complete", "Complete", "share", define="complete"),
    Column("tasks", "Tasks", "number", define="tasks"),
    Column("queue", "To decide", "number", define="queue"),
    Column("urgent", "Urgent", "number", define="urgent"),
    Column("reviews", "Open reviews", "number", define="open_reviews"),
    Column("ruled", "Ruled", "number", define="ruled"),
    Column("assessed", "Assessed", "time", define="assessed"),
)


def read(asked: Asked) -> Mapping[str, Any]:
    """The totals, and the projects whose last run failed."""
    found = asked.once(summaries)
    reports_now = [one.report for one in found if one.report is not None]
    waiting = sum(one.queue.total for one in reports_now)
    urgent = sum(one.queue.bands[1] for one in reports_now)
    return {
        "projects": found,
        "waiting": waiting,
        "urgent": urgent,
        "figures": (
            Figure("queue", waiting, n=len(reports_now), of="assessed project"),
            Figure("urgent", urgent, n=waiting, of="answer"),
            Figure("open_reviews", sum(one.reviews.waiting for one in found), n=len(found), of="project"),
            Figure("ruled", sum(one.reviews.ruled for one in found), n=sum(one.tasks for one in found)),
        ),
        "failed": [one for one in found if one.last_run and not one.last_run.ok],
    }


def summaries(asked: Asked) -> list[Summary]:
    """The headline numbers of every project that who asks may see."""
    seen = [one for one in queries.source_projects(asked.connection) if asked.person.may("viewer", one.key)]
    return [queries.summary(asked.connection, one, reports.newest(asked.connection, asked.kept, one)) for one in seen]


def tables(asked: Asked) -> Sequence[Table]:
    """One row a project."""
    rows = [_row(one) for one in asked.once(summaries)]
    note = "Alpha and agreement are those of the weakest control of a project."
    return [Table("projects", "Projects", COLUMNS, rows, empty="No project is in the store yet.", note=note)]


def _row(one: Summary) -> Row:
    report = one.report
    weakest = report.weakest if report else None
    unknown = NO_CONTROL if report else NOT_YET
    done = report.progress if report else None
    where = url_for("dashboard.project", label_studio_id=one.project.label_studio_id)
    return {
        "project": Link(one.project.title or "Untitled", where),
        "alpha": weakest.alpha if weakest else unknown,
        "agreement": weakest.percent if weakest else unknown,
        "complete": done.complete / done.tasks if done and done.tasks else None,
        "tasks": one.tasks,
        "queue": report.queue.total if report else None,
        "urgent": report.queue.bands[1] if report else None,
        "reviews": one.reviews.waiting,
        "ruled": one.reviews.ruled,
        "assessed": report.made_at if report else None,
    }


PAGE = Page("overview", "Overview", "/", read, tables, needs="anybody")
