"""What the weekly report says: the sentences, tables and charts of the pages, and what came in the last seven days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from ..dashboard import wording
from ..dashboard.charts import Chart
from ..dashboard.decision_log import log_table
from ..dashboard.definitions import Definition, definition
from ..dashboard.page import Asked
from ..dashboard.pages import model, rulings
from ..dashboard.report import Report
from ..dashboard.tables.table import Column, Row, Table, Wanted
from ..dashboard.trend import trend_chart
from ..errors import NotPulled
from ..progress_report.in_words import lines
from ..store import guideline_versions, summaries
from ..store.tables import reviews
from ..store.tables import rulings as stored_rulings
from ..summaries import KINDS

DAY = 86_400_000_000
"""Microseconds."""
MOST = 40
"""Rows of a table, at most: the dashboard has all."""
READ = 500
"""Rulings that are looked through for those of the week, the newest."""

NUMBERS = (Column("what", "In the last seven days"), Column("number", "Number", "number", define="week_number"))
CONTROLS = (
    Column("control", "Control"),
    Column("alpha", "Alpha", "coefficient", define="alpha", interval=True),
    Column("agreement", "Agreement", "share", define="agreement", interval=True),
    Column("compared", "Tasks compared", "number", define="tasks_compared"),
    Column("annotators", "Annotators", "number", define="annotators"),
    Column("single", "One answer only", "number", define="single"),
)
QUEUE = (
    Column("reason", "Reason"),
    Column("means", "Means"),
    Column("entries", "Entries", "number", define="entries"),
)
HIDDEN = ("marks", "reviewer", "verdict", "state")
"""Columns of the decision log that stay out of a report, which is passed on: it names nobody."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences, then charts and tables. What has nothing to say is left out whole."""

    title: str
    said: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Weekly:
    """The report of a project; times are microseconds since 1970. ``meanings`` are of every number in it."""

    title: str
    since: int
    until: int
    lead: str
    assessed: int
    sections: Sequence[Section]
    meanings: Sequence[Definition] = field(default=())


def weekly(asked: Asked) -> Weekly:
    """The report of today (UTC) and the six days before. Raises NotPulled before the first assessment."""
    report = asked.report
    if report is None:
        number = asked.project.label_studio_id
        raise NotPulled(f"project {number} has not been assessed yet: run `tiebreak run {number}` first")
    lead = wording.headline(report, asked.settings.confidence)
    lead += " " + wording.backlog(report.queue.total, report.queue.bands[1])
    sections = [one for one in _sections(asked, report) if one.said or one.charts or one.tables]
    tables = [table for one in sections for table in (*(chart.table for chart in one.charts), *one.tables)]
    keys = dict.fromkeys(column.define for table in tables for column in table.columns if column.define)
    title = asked.project.title or "Untitled"
    until = asked.now
    return Weekly(title, _since(asked), until, lead, report.made_at, sections, [definition(one) for one in keys])


def _sections(asked: Asked, report: Report) -> Iterator[Section]:
    yield _progress(asked)
    trends = (trend_chart(one, f"trend-{place}") for place, one in enumerate(report.controls, 1))
    charts = [one for one in trends if one is not None]
    yield Section("Agreement", charts=charts, tables=[_controls(report)])
    yield _queue(report)
    yield _rulings(asked)
    yield _model(asked)
    yield Section("Left out", said=list(_left_out(report)))


def _progress(asked: Asked) -> Section:
    """How the project gets on, as `tiebreak progress` says it, and what came in the week."""
    kept = {kind: summaries.of(asked.connection, asked.project.key, kind) for kind in KINDS}
    found = {kind: one for kind, one in kept.items() if one is not None}
    said: list[str] = []
    rows: list[Row] = []
    if "progress" in found and "days" in found:
        one = found["progress"]
        said = list(lines({"made_at": one.made_at, **{kind: each.body for kind, each in found.items()}}))
        days = found["days"].body
        rows = [
            {"what": "Answers", "number": _came(asked, days, "answers")},
            {"what": "Tasks completed", "number": _came(asked, days, "completed")},
        ]
    rows += [
        {"what": "Rulings", "number": _ruled(asked)},
        {"what": "Versions of guidelines", "number": _written(asked)},
    ]
    return Section("How it gets on", said, tables=[Table("week", "This week", NUMBERS, rows)])


def _since(asked: Asked) -> int:
    """When the first of the seven days began, of which today is the last."""
    return (asked.now // DAY - 6) * DAY


def _came(asked: Asked, days: Mapping[str, Any], what: str) -> int:
    """How many of the numbers day by day are of the seven days."""
    first = max(0, (_since(asked) - days["from"]) // DAY)
    return sum(days[what][first:])


def _ruled(asked: Asked) -> int:
    query = (
        select(func.count())
        .select_from(stored_rulings)
        .join(reviews, reviews.c.id == stored_rulings.c.review)
        .where(
            reviews.c.project == asked.project.key,
            stored_rulings.c.superseded.is_(False),
            stored_rulings.c.ruled_at >= _since(asked),
        )
    )
    return int(asked.connection.execute(query).scalar_one())


def _written(asked: Asked) -> int:
    known = guideline_versions.versions(asked.connection, asked.project.key)
    return sum(one.made_at >= _since(asked) for one in known)


def _controls(report: Report) -> Table:
    rows = [
        {
            "control": one.name,
            "alpha": one.alpha,
            "agreement": one.percent,
            "compared": one.alpha.n,
            "annotators": one.annotators,
            "single": one.single,
        }
        for one in report.controls
    ]
    return Table("controls", "By control", CONTROLS, rows)


def _queue(report: Report) -> Section:
    bands = ", ".join(f"{number:,} in P{band}" for band, number in sorted(report.queue.bands.items()) if number)
    rows = [
        {"reason": wording.kind_name(kind), "means": wording.kind_meaning(kind), "entries": number}
        for kind, number in report.queue.reasons
    ]
    said = [f"{wording.counted(report.queue.total, 'entry', 'entries')}: {bands}."] if bands else []
    table = Table("reasons", "Why entries wait", QUEUE, rows, note="An entry can have several reasons.")
    return Section("What waits for a decision", said, tables=[table] if rows else [])


def _rulings(asked: Asked) -> Section:
    """The rulings of the week with their reasons, gaps that are open, causes by week."""
    log = log_table(asked)
    assert callable(log.rows)
    newest = log.rows(Wanted(limit=READ)).rows
    rows = [row for row in newest if row["ruled"] >= _since(asked)]
    columns = [one for one in log.columns if one.key not in HIDDEN]
    found = [Table("log", "Decided this week", columns, rows[:MOST], note=_more(len(rows)))] if rows else []
    gaps = next(one for one in rulings.tables(asked) if one.name == "gaps")
    open_ones = gaps.find(Wanted()).rows
    if open_ones:
        shown = [one for one in gaps.columns if one.key not in HIDDEN]
        found.append(Table("gaps", gaps.title, shown, open_ones[:MOST], note=_more(len(open_ones))))
    return Section("Rulings and guidelines", charts=rulings.charts(asked), tables=found)


def _more(number: int) -> str:
    return f"The first {MOST} of {number:,}." if number > MOST else ""


def _model(asked: Asked) -> Section:
    given = model.read(asked)
    if not given["model"]:
        return Section("Model")
    versions = next(one for one in model.tables(asked) if one.name == "versions")
    rows = versions.find(Wanted(limit=5)).rows
    columns = [one for one in versions.columns if one.key not in ("rounds", "source")]
    tables = [Table("versions", "The newest versions", columns, rows)] if rows else []
    return Section("Model", [given["lead"]], model.charts(asked), tables)


def _left_out(report: Report) -> Iterator[str]:
    out = report.excluded
    if out.total:
        parts = {
            "skipped": out.cancelled,
            "ground truth": out.ground_truth,
            "repeated by the same person": out.duplicates,
            "without an author": out.anonymous,
            "invalid": len(out.rejected),
        }
        said = ", ".join(f"{number:,} {name}" for name, number in parts.items() if number)
        yield f"{wording.counted(out.total, 'annotation counts', 'annotations count')} nowhere above: {said}."
    else:
        yield "No annotation was left out: none was skipped, repeated or invalid."
    single = {one.name: one.single for one in report.controls if one.single}
    if single:
        said = ", ".join(f"{number:,} on {name}" for name, number in single.items())
        yield f"Tasks with one answer say nothing about agreement: {said}."
