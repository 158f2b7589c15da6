"""How does this project stand, and what needs a decision? Its headline, its controls, its queue and its model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from ...progress_report.in_words import duration
from ...summaries import AGREEMENT, DAYS, PROGRESS
from .. import queries, wording
from ..charts import Chart
from ..confusion import Pair, confusion_chart, distribution_chart, pairs_of, tasks_table
from ..days import came_chart, left_chart
from ..figures import Figure, estimated
from ..framing import label_studio
from ..getting_on import Numbers, numbers_of
from ..judgement import HOUR, judgement
from ..matrix import Matrix, least_agreeing, matrix_of
from ..model import ModelState, model_state
from ..page import PROJECT, Asked, Page
from ..report import ControlReport, Reliability, Report
from ..tables.table import Column, Table
from ..top_queue import QueueRow, first_entries, top_queue
from ..trend import trend_chart
from ..worded import worded

PEOPLE = 40
"""Annotators listed one by one."""
PAIRS_PER_PAGE = 10

CONTROLS = (
    Column("control", "Control", search=True),
    Column("kind", "Kind"),
    Column("alpha", "Alpha", "coefficient", define="alpha", interval=True),
    Column("agreement", "Agreement", "share", define="agreement", interval=True),
    Column("compared", "Tasks compared", "number", define="tasks_compared"),
    Column("annotators", "Annotators", "number", define="annotators"),
    Column("answers", "Answers", "number", define="answers"),
    Column("single", "One answer only", "number", define="single"),
)
PAIRS = (
    Column("first", "Annotator", search=True),
    Column("second", "With", search=True),
    Column("tasks", "Tasks in common", "number", define="tasks_in_common"),
    Column("kappa", "Kappa", "coefficient", define="kappa", interval=True),
    Column("agreement", "Agreement", "share", define="agreement", interval=True),
)


@dataclass(frozen=True, slots=True)
class ControlPanel:
    """One control as the page shows it; ``name`` is that of its tables and chart in addresses."""

    name: str
    report: ControlReport
    matrix: Matrix
    reliability: Sequence[Reliability]


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """Everything on the page of one project."""

    summary: queries.Summary
    panels: Sequence[ControlPanel]
    names: dict[int, str]
    queue: Sequence[QueueRow]
    waiting: Sequence[queries.ReviewRow]
    rulings: Sequence[queries.RulingRow]
    review_projects: Sequence[queries.ReviewProject]
    round: queries.LastRound | None
    check: queries.ModelCheck | None
    model: ModelState | None


def read(asked: Asked) -> Mapping[str, Any]:
    """The page, its headline, and its figures."""
    page, report = _page(asked), asked.report
    numbers = asked.once(_progress)
    said = None if report is None else judgement(report, numbers, asked.settings.confidence, asked.now)
    figures = {} if report is None else _figures(report, page)
    return {
        "page": page,
        "report": report,
        "headline": said,
        "figures": figures,
        "worded": worded(numbers) if numbers else (),
        "confused": asked.once(_pairs_of_labels),
        "waits": _waits(numbers, asked.now) if numbers else {},
    }


def _progress(asked: Asked) -> Numbers | None:
    return numbers_of(asked.connection, asked.project.key, PROGRESS)


def _controls(asked: Asked) -> Numbers:
    """Control -> on what people disagree."""
    found = numbers_of(asked.connection, asked.project.key, AGREEMENT)
    known: Numbers = found["controls"] if found else {}
    return known


def _pairs_of_labels(asked: Asked) -> Mapping[str, Sequence[Pair]]:
    """Panel -> the labels that are confused."""
    here, known = url_for("dashboard.project", label_studio_id=asked.project.label_studio_id), asked.once(_controls)
    return {
        one.name: pairs_of(known[one.report.name], one.name, here)
        for one in asked.once(_panels)
        if one.report.name in known
    }


def _waits(numbers: Numbers, now: int) -> Mapping[int, str]:
    """Band -> how long the oldest entry of the queue waits, in words."""
    return {one["band"]: duration((now - one["oldest"]) / HOUR) for one in numbers["waiting"]["queue"] if one["number"]}


def tables(asked: Asked) -> Sequence[Table]:
    """The controls, then for each the pairs of people, those that agree least first."""
    panels, people = asked.once(_panels), asked.once(_names)
    rows = [
        {
            "control": one.report.name,
            "kind": one.report.kind,
            "alpha": one.report.alpha,
            "agreement": one.report.percent,
            "compared": one.report.alpha.n,
            "annotators": one.report.annotators,
            "answers": one.report.annotations,
            "single": one.report.single,
        }
        for one in panels
    ]
    controls = Table("controls", "Agreement by control", CONTROLS, rows)
    return [controls, *(_pairs(one, people) for one in panels), *_tasks(asked)]


def _tasks(asked: Asked) -> Iterable[Table]:
    """The tasks behind confused labels, of each control that has such."""
    confused, outside = asked.once(_pairs_of_labels), label_studio(asked.settings)
    for one in asked.once(_panels):
        if pairs := confused.get(one.name):
            yield tasks_table(asked.connection, asked.project, pairs, one.report.name, one.name, outside)


def _pairs(panel: ControlPanel, people: Mapping[int, str]) -> Table:
    rows = [
        {
            "first": people[one.annotators[0]],
            "second": people[one.annotators[1]],
            "tasks": one.tasks,
            "kappa": one.kappa,
            "agreement": one.percent,
        }
        for one in least_agreeing(panel.report.pairs)
    ]
    return Table(f"pairs-{panel.name}", f"Pairs on {panel.report.name}", PAIRS, rows, size=PAIRS_PER_PAGE)


def charts(asked: Asked) -> Sequence[Chart]:
    """What came and what is left; for each control its trend, how tasks agree, and which labels are confused."""
    return [chart for chart in _drawn(asked) if chart is not None]


def _drawn(asked: Asked) -> Iterable[Chart | None]:
    numbers, days = asked.once(_progress), numbers_of(asked.connection, asked.project.key, DAYS)
    if numbers and days:
        yield from (came_chart(days), left_chart(days, numbers["forecast"]))
    known, confused = asked.once(_controls), asked.once(_pairs_of_labels)
    for one in asked.once(_panels):
        yield trend_chart(one.report, f"trend-{one.name}")
        if one.report.name in known:
            yield distribution_chart(known[one.report.name], one.report.name, one.name)
            yield confusion_chart(confused[one.name], one.report.name, one.name)


def _page(asked: Asked) -> ProjectPage:
    connection, project = asked.connection, asked.project
    scored = queries.last_round(connection, project)
    return ProjectPage(
        asked.summary,
        asked.once(_panels),
        asked.once(_names),
        top_queue(connection, project, asked.keep("first entries", lambda: first_entries(connection, project))),
        queries.waiting_reviews(connection, project),
        asked.once(_rulings),
        queries.review_projects(connection, project),
        scored,
        None if asked.report is None or scored is None else _check(asked, scored),
        model_state(connection, project.label_studio_id),
    )


def _check(asked: Asked, scored: queries.LastRound) -> queries.ModelCheck | None:
    """The one number here that reads every answered task: it changes only with an assessment or a scoring round."""
    stamp = (scored.version, scored.made_at)
    return asked.keep("model check", lambda: queries.model_check(asked.connection, asked.project), stamp=stamp)


def _panels(asked: Asked) -> Sequence[ControlPanel]:
    controls = asked.report.controls if asked.report else ()
    return asked.keep("panels", lambda: [_panel(str(place), one) for place, one in enumerate(controls, 1)])


def _panel(name: str, control: ControlReport) -> ControlPanel:
    return ControlPanel(name, control, matrix_of(control), sorted(control.reliability, key=_standing)[:PEOPLE])


def _standing(one: Reliability) -> tuple[float, int]:
    """The least reliable first; where nothing is decided, who agrees least."""
    known = one.agreement if one.quality is None else one.quality
    return (1.0 if known is None else known), one.annotator


def _rulings(asked: Asked) -> Sequence[queries.RulingRow]:
    return queries.last_rulings(asked.connection, asked.project)


def _names(asked: Asked) -> dict[int, str]:
    people = {person for panel in asked.once(_panels) for person in _people(panel)}
    people |= {one.reviewer for one in asked.once(_rulings) if one.reviewer is not None}
    return queries.names(asked.connection, people)


def _people(panel: ControlPanel) -> Iterable[int]:
    yield from panel.matrix.annotators
    yield from (one.annotator for one in panel.reliability)
    for pair in panel.report.pairs:
        yield from pair.annotators


def _figures(report: Report, page: ProjectPage) -> dict[str, Figure]:
    """The tiles. What the assessment left out is said where it was counted."""
    progress, control, check = report.progress, report.weakest, page.check
    left_out = wording.counted(report.excluded.total, "annotation") if report.excluded.total else ""
    complete = progress.complete / progress.tasks if progress.tasks else 0.0
    figures = {
        "complete": Figure("complete", complete, "share", n=progress.tasks),
        "queue": Figure("queue", report.queue.total, n=report.progress.annotations, of="answer", tasks="#queue"),
        "reviews": Figure("open_reviews", page.summary.reviews.waiting, tasks="#reviews"),
        "model": Figure("model_right", None, "share", reason="no model has been compared yet"),
    }
    if control is not None:
        figures["alpha"] = estimated("alpha", control.alpha, "coefficient", left_out=left_out)
    if check is not None:
        figures["model"] = Figure("model_right", check.accuracy, "share", n=check.n, of="answer", tasks="#model")
    return figures


PAGE = Page("project", "Project", PROJECT, read, tables, charts)
