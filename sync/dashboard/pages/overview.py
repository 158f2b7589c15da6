"""How do my projects stand, and which of them needs me? One row a project, and what failed."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from markupsafe import Markup

from ...progress_report.in_words import duration
from ...quality.records import Estimate
from ...store.summaries import of_all
from ...summaries import PROGRESS
from .. import getting_on, queries, reports, wording
from ..figures import Figure
from ..getting_on import STATES, TRENDS, UNATTENDED, Standing, late
from ..page import Asked, Page
from ..running import NOBODY, is_attended
from ..tables.table import Column, Link, Row, Table

NOT_YET, NO_CONTROL = Estimate(None, reason="not assessed yet"), Estimate(None, reason="no control to assess")
NAMED = 3
"""Projects with an alarm that the first sentence names."""
HOUR = 3.6e9
DAY = 24 * HOUR
"""Microseconds."""

COLUMNS = (
    Column("project", "Project", "link", search=True),
    Column("state", "State", define="state", choices=STATES),
    Column("alarms", "Alarms", "number", define="alarms", apart=True),
    Column("alarm", "What to look at", search=True, apart=True),
    Column("alpha", "Alpha", "coefficient", define="alpha", interval=True),
    Column("trend", "Trend", choices=TRENDS, apart=True),
    Column("trend_since", "Trend since", "time", apart=True),
    Column("agreement", "Agreement", "share", define="agreement", interval=True, apart=True),
    Column("complete", "Complete", "share", define="complete"),
    Column("tasks", "Tasks", "number", define="tasks", apart=True),
    Column("answers_left", "Answers left", "number", define="answers_left", apart=True),
    Column("done_by", "Done by", "day", define="forecast"),
    Column("done_by_low", "Earliest", "day", define="forecast", apart=True),
    Column("done_by_high", "Latest", "day", define="forecast", apart=True),
    Column("queue", "To decide", "number", define="queue"),
    Column("urgent", "Urgent", "number", define="urgent", apart=True),
    Column("reviews", "Open reviews", "number", define="open_reviews"),
    Column("oldest", "Oldest review", "time", define="oldest_review", apart=True),
    Column("ruled", "Ruled", "number", define="ruled", apart=True),
    Column("accuracy", "Model", "share", define="model_accuracy", interval=True),
    Column("model", "Version", apart=True),
    Column("assessed", "Assessed", "time", define="assessed", apart=True),
)


def read(asked: Asked) -> Mapping[str, Any]:
    """The first sentence, the totals, and the projects whose last run failed."""
    found = asked.once(standings)
    reports_now = [one.summary.report for one in found if one.summary.report is not None]
    waiting = sum(one.queue.total for one in reports_now)
    urgent = sum(one.queue.bands[1] for one in reports_now)
    return {
        "projects": found,
        "lead": f"{_attention(found)} {wording.backlog(waiting, urgent)}" if found else "",
        "figures": _figures(found, waiting, urgent, len(reports_now)),
        "failed": [one.summary for one in found if one.summary.last_run and not one.summary.last_run.ok],
        "oldest": _oldest(found, asked.now),
    }


def _attended(asked: Asked) -> bool:
    return is_attended(asked.connection, asked.now)


def standings(asked: Asked) -> Sequence[Standing]:
    """Every project that who asks may see."""
    connection = asked.connection
    seen = [one for one in queries.source_projects(connection) if asked.person.may("viewer", one.key)]
    found = queries.headlines(connection, seen, reports.outlines(connection, asked.kept, seen))
    numbers = {key: kept.body for key, kept in of_all(connection, PROGRESS).items()}
    everywhere = asked.once(_attended)
    attended = {one.project.key for one in found if everywhere or (one.last_run and one.last_run.at > asked.now - DAY)}
    return getting_on.standings(connection, found, numbers, attended)


def _attention(found: Sequence[Standing]) -> str:
    """Which projects somebody should look at, and why; before that, where nobody looks after any of them."""
    wanting = [one for one in found if set(one.alarms) - {UNATTENDED}]
    if not any(one.attended for one in found):
        return f"{NOBODY}." if not wanting else f"{NOBODY}. {_needing(wanting, len(found))}"
    if not wanting:
        return "No project has an alarm." if len(found) > 1 else "There is no alarm."
    return _needing(wanting, len(found))


def _needing(wanting: Sequence[Standing], of: int) -> str:
    named = "; ".join(f"{one.title}, {one.alarms[0]}" for one in wanting[:NAMED])
    rest = f"; and {len(wanting) - NAMED:,} more" if len(wanting) > NAMED else ""
    needs = "needs" if len(wanting) == 1 else "need"
    return f"{len(wanting):,} of {wording.counted(of, 'project')} {needs} a look: {named}{rest}."


def _figures(found: Sequence[Standing], waiting: int, urgent: int, assessed: int) -> Sequence[Figure]:
    known = [one.numbers for one in found if one.numbers is not None]
    missing = "no run has counted it yet"
    pace = sum(one["pace"]["7"]["answers"] for one in known) if known else None
    overdue = sum(late(one) for one in known) if known else None
    opened = sum(one.summary.reviews.waiting for one in found)
    alarms = sum(len(one.alarms) for one in found)
    return (
        Figure("alarms", alarms, n=len(found), of="project", tasks="?sort=-alarms#table-projects"),
        Figure("pace", pace, n=len(known), of="project", reason=missing, tasks="#table-projects"),
        Figure("queue", waiting, n=assessed, of="assessed project", tasks="?sort=-queue#table-projects"),
        Figure("urgent", urgent, n=waiting, of="entry", tasks="?sort=-urgent#table-projects"),
        Figure("open_reviews", opened, n=len(found), of="project", tasks="?sort=-reviews#table-projects"),
        Figure(
            *("late_reviews", overdue),
            n=opened,
            of="open review",
            reason=missing,
            tasks="?sort=oldest#table-projects",
        ),
    )


def _oldest(found: Sequence[Standing], now: int) -> str:
    """How long the oldest review of all waits; empty without one."""
    since = min((one.oldest for one in found if one.oldest is not None), default=None)
    return "" if since is None else f"the oldest for {duration((now - since) / HOUR)}"


def tables(asked: Asked) -> Sequence[Table]:
    """One row a project."""
    rows = [_row(one, asked.now) for one in asked.once(standings)]
    note = "Alpha and its trend are those of the weakest control of a project."
    return [Table("projects", "Projects", COLUMNS, rows, empty="No project is in the store yet.", note=note)]


def _row(one: Standing, now: int) -> Row:
    """With what the page says beside the cells: ``since``, ``due`` and ``waits``."""
    summary, report, numbers = one.summary, one.summary.report, one.numbers
    weakest = report.weakest if report else None
    unknown = NO_CONTROL if report else NOT_YET
    done = report.progress if report else None
    trend = one.trend or {"direction": None, "since": None}
    forecast = numbers["forecast"] if numbers else {"day": None, "low": None, "high": None}
    where = url_for("dashboard.project", label_studio_id=summary.project.label_studio_id)
    return {
        "project": Link(one.title, where),
        "state": one.state,
        "alarms": len(one.alarms),
        "alarm": "; ".join(one.alarms),
        "alpha": weakest.alpha if weakest else unknown,
        "trend": trend["direction"] or "",
        "trend_since": trend["since"],
        "agreement": weakest.percent if weakest else unknown,
        "complete": done.complete / done.tasks if done and done.tasks else None,
        "tasks": summary.tasks,
        "answers_left": numbers["progress"]["answers_left"] if numbers else None,
        "done_by": forecast["day"],
        "done_by_low": forecast["low"],
        "done_by_high": forecast["high"],
        "queue": report.queue.total if report else None,
        "urgent": report.queue.bands[1] if report else None,
        "reviews": summary.reviews.waiting,
        "oldest": one.oldest,
        "ruled": summary.reviews.ruled,
        "accuracy": one.accuracy,
        "model": one.round.version if one.round else "",
        "assessed": report.made_at if report else None,
        "since": wording.marked_day(trend["since"]) if trend["since"] else "",
        "due": _due(forecast),
        "waits": "" if one.oldest is None else duration((now - one.oldest) / HOUR),
    }


def _due(forecast: Mapping[str, Any]) -> str:
    """Between which days the forecast lies; empty without one.

    >>> day = 86_400_000_000
    >>> print(_due({"day": 20_001 * day, "low": 20_000 * day, "high": None}))
    from <time datetime="2024-10-04">4 Oct 2024</time> on
    >>> _due({"day": None})
    ''
    """
    if forecast["day"] is None:
        return ""
    low = wording.marked_day(forecast["low"])
    if forecast["high"] is None:
        return Markup("from {} on").format(low)
    high = wording.marked_day(forecast["high"])
    return low if low == high else Markup("{} to {}").format(low, high)


PAGE = Page("overview", "Overview", "/", read, tables, needs="anybody")
