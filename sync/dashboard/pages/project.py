"""How does this project stand, and what needs a decision? Its headline, its controls, its queue and its model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from label_config.parse import parse

from ...progress_report.in_words import duration
from ...store import projects
from ...store.model_facts import ModelCheck
from ...summaries import AGREEMENT, DAYS, PROGRESS
from .. import queries, wording
from ..behind import behind
from ..charts import Chart
from ..confusion import Pair, confusion_chart, distribution_chart, pairs_of, square_of, tasks_table
from ..days import came_chart, left_chart
from ..figures import Figure, estimated
from ..framing import address, label_studio
from ..getting_on import Numbers, numbers_of
from ..judgement import HOUR, judgement
from ..label_trend import label_trend_chart
from ..listed_tasks import Outside, Reader
from ..model import ModelState, equality, model_state
from ..page import PROJECT, Asked, Page
from ..report import ControlReport, Report
from ..running import NOBODY, is_attended
from ..tables.table import Column, Table
from ..top_queue import QueueRow, first_entries, top_queue
from ..trend import trend_chart
from ..worded import worded

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


@dataclass(frozen=True, slots=True)
class ControlPanel:
    """One control as the page shows it; ``name`` is that of its tables and charts in addresses.

    ``people`` leads to who agrees with whom on it.
    """

    name: str
    report: ControlReport
    people: str

    @property
    def is_compared(self) -> bool:
        """Whether two people answered the same task."""
        return any(pair.tasks for pair in self.report.pairs)


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
    check: ModelCheck | None
    model: ModelState | None


def read(asked: Asked) -> Mapping[str, Any]:
    """The page, its headline, and its figures."""
    page, report = _page(asked), asked.report
    numbers = asked.once(_progress)
    said = None if report is None else judgement(report, numbers, asked.settings.confidence, asked.now)
    figures = {} if report is None else _figures(report, page, asked)
    return {
        "page": page,
        "report": report,
        "headline": said,
        "figures": figures,
        "model_facts": list(_model_facts(page, _at("model", asked))),
        "scored": Figure("scored", page.round.made_at if page.round else None, "time"),
        "left_out": [] if report is None else _left_out(report, _at("task", asked)),
        "worded": worded(numbers, _at("task", asked)) if numbers else (),
        "confused": asked.once(_pairs_of_labels),
        "squares": {name: square_of(pairs, _labels(asked)) for name, pairs in asked.once(_pairs_of_labels).items()},
        "queue_page": _at("queue", asked),
        "task_page": _at("task", asked),
        "behind": behind,
        "nobody": "" if is_attended(asked.connection, asked.now) else NOBODY,
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
    here, known = _at("project", asked), asked.once(_controls)
    return {
        one.name: pairs_of(known[one.report.name], one.name, here)
        for one in asked.once(_panels)
        if one.report.name in known
    }


def _labels(asked: Asked) -> Sequence[str]:
    """The labels of all controls, as the interface orders them."""
    interface = projects.label_config(asked.connection, asked.project.key)
    return asked.keep(
        "labels in order", lambda: [label for one in parse(interface).controls for label in one.labels], stamp=interface
    )


def _waits(numbers: Numbers, now: int) -> Mapping[int, str]:
    """Band -> how long the oldest entry of the queue waits, in words."""
    return {one["band"]: duration((now - one["oldest"]) / HOUR) for one in numbers["waiting"]["queue"] if one["number"]}


def tables(asked: Asked) -> Sequence[Table]:
    """The controls, and the tasks behind labels that are confused."""
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
        for one in asked.once(_panels)
    ]
    return [Table("controls", "Agreement by control", CONTROLS, rows), *_tasks(asked)]


def _tasks(asked: Asked) -> Iterable[Table]:
    """The tasks behind confused labels, of each control that has such."""
    confused, here = asked.once(_pairs_of_labels), _at("task", asked)
    reader = Reader(asked.connection, asked.project, Outside(here, label_studio(asked.settings)))
    for one in asked.once(_panels):
        if pairs := confused.get(one.name):
            yield tasks_table(reader, pairs, one.report.name, one.name)


def charts(asked: Asked) -> Sequence[Chart]:
    """What came and what is left; of each control and its labels the trend, how tasks agree, what is confused."""
    return [chart for chart in _drawn(asked) if chart is not None]


def _drawn(asked: Asked) -> Iterable[Chart | None]:
    numbers, days = asked.once(_progress), numbers_of(asked.connection, asked.project.key, DAYS)
    if numbers and days:
        yield from (came_chart(days), left_chart(days, numbers["forecast"]))
    known, confused = asked.once(_controls), asked.once(_pairs_of_labels)
    for one in asked.once(_panels):
        yield trend_chart(one.report, f"trend-{one.name}")
        if one.report.name in known:
            yield label_trend_chart(known[one.report.name], one.report.name, one.name)
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
        None if asked.report is None or scored is None else queries.model_check(asked.connection, asked.project),
        model_state(connection, project.label_studio_id),
    )


def _panels(asked: Asked) -> Sequence[ControlPanel]:
    controls = asked.report.controls if asked.report else ()
    people = _at("annotators", asked)
    return [
        ControlPanel(str(place), one, f"{people}?{urlencode({'control': one.name})}#agreement")
        for place, one in enumerate(controls, 1)
    ]


def _at(page: str, asked: Asked) -> str:
    """Where another page of the project is."""
    return url_for(f"dashboard.{page}", label_studio_id=asked.project.label_studio_id)


def _rulings(asked: Asked) -> Sequence[queries.RulingRow]:
    return queries.last_rulings(asked.connection, asked.project)


def _names(asked: Asked) -> dict[int, str]:
    people = {one.reviewer for one in asked.once(_rulings) if one.reviewer is not None}
    return queries.names(asked.connection, people)


def _there(asked: Asked) -> str:
    """Where Label Studio shows the tasks of the project."""
    return address(label_studio(asked.settings), queries.Place(asked.project.label_studio_id, None))


def _left_out(report: Report, task_page: str) -> Sequence[Figure]:
    """The annotations that count nowhere, by their reason."""
    out = report.excluded
    figures = (
        Figure("left_cancelled", out.cancelled),
        Figure("left_ground_truth", out.ground_truth),
        Figure("left_duplicates", out.duplicates),
        *((Figure("left_anonymous", out.anonymous),) if out.anonymous else ()),
        Figure("left_rejected", len(out.rejected)),
    )
    n = out.total + report.progress.annotations
    return [replace(one, n=n, of="annotation", tasks=behind(task_page, one.define)) for one in figures]


def _figures(report: Report, page: ProjectPage, asked: Asked) -> dict[str, Figure]:
    """The tiles. What the assessment left out is said where it was counted."""
    progress, control, check = report.progress, report.weakest, page.check
    queue, here = _at("queue", asked), _at("task", asked)
    left_out = wording.counted(report.excluded.total, "annotation") if report.excluded.total else ""
    complete = progress.complete / progress.tasks if progress.tasks else 0.0
    figures = {
        "complete": Figure("complete", complete, "share", n=progress.tasks, tasks=_there(asked)),
        "queue": Figure("queue", report.queue.total, n=report.progress.annotations, of="answer", tasks=queue),
        "reviews": Figure("open_reviews", page.summary.reviews.waiting, n=progress.tasks, tasks="#reviews"),
        "model": Figure("model_right", None, "share", reason="no model has been measured yet"),
        "entries": Figure("entries", report.queue.total, n=progress.annotations, of="answer"),
        "priority": Figure("priority", None, "coefficient"),
    }
    counts = {
        "ruled": page.summary.reviews.ruled,
        "complete_tasks": progress.complete,
        "partly_tasks": progress.partly,
        "untouched_tasks": progress.tasks - progress.answered,
    }
    figures |= {key: Figure(key, count, n=progress.tasks, tasks=behind(here, key)) for key, count in counts.items()}
    if control is not None:
        figures["alpha"] = estimated("alpha", control.alpha, "coefficient", left_out=left_out, tasks="#agreement")
    quality = page.model.quality if page.model else None
    if quality is not None:
        bounds = quality.low, quality.high
        figures["model"] = Figure(
            "model_accuracy", quality.accuracy, "share", *bounds, quality.n, "answer", tasks="#model"
        )
    if check is not None:
        figures["model"] = replace(equality(check, "#model"), label="")
    return figures


def _model_facts(page: ProjectPage, model_page: str) -> Iterable[Figure]:
    """What is known of the model: as the backend measured it, and beside the consensus."""
    quality = page.model.quality if page.model else None
    if page.model and quality:
        of: dict[str, Any] = {"n": quality.n, "of": "answer", "tasks": model_page}
        yield Figure("model_accuracy", quality.accuracy, "share", quality.low, quality.high, **of)
        if quality.ece is not None:
            yield Figure("ece", quality.ece, "coefficient", **of)
        yield Figure("measured_on", quality.n, tasks=model_page, label=f"Measured on {quality.source}")
        yield Figure("trained_labels", page.model.trained_labels, tasks=model_page)
    if page.check:
        yield equality(page.check, model_page)
        yield Figure(
            *("own_confidence", page.check.confidence, "share"),
            n=page.check.n,
            of="answer",
            tasks=model_page,
            label="Its own confidence",
        )


PAGE = Page("project", "Project", PROJECT, read, tables, charts)
