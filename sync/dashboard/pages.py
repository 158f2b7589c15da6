"""The pages of the dashboard: read, then render. They need no script, and nothing from another server.

They hold under ``Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self' data:``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template
from sqlalchemy import Connection

from ..settings import Settings
from ..store.engine import Store
from . import queries, wording
from .charts import ChartCache, TrendChart, trend_charts
from .matrix import Matrix, least_agreeing, matrix_of
from .model import ModelState, model_state
from .queries import Place
from .report import ControlReport, Pair, Reliability, Report
from .top_queue import QueueRow, top_queue

PEOPLE = 40
"""Annotators listed one by one."""

FILTERS = (
    wording.percent,
    wording.coefficient,
    wording.thousands,
    wording.counted,
    wording.interval,
    wording.moment,
    wording.iso,
    wording.kind_name,
    wording.kind_meaning,
    wording.verdict,
    wording.backlog,
)


@dataclass(frozen=True, slots=True)
class ControlPanel:
    """One control as the page shows it: its numbers, its chart in every variant, and who agrees with whom."""

    report: ControlReport
    charts: dict[str, str]
    matrix: Matrix
    least_agreeing: Sequence[Pair]
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


class ModelChecks:
    """The model against the consensus, kept per project: it is the one number here that reads every answered task.

    It changes only with an assessment or a scoring round, so it is kept under the times of both.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, queries.ModelCheck | None]] = {}

    def get(
        self, connection: Connection, summary: queries.Summary, scored: queries.LastRound | None
    ) -> queries.ModelCheck | None:
        """The check of one project; null without an assessment or a round."""
        if summary.report is None or scored is None:
            return None
        stamp = (summary.report.made_at, scored)
        known = self._known.get(summary.project.key)
        if known is None or known[0] != stamp:
            known = stamp, queries.model_check(connection, summary.project)
            self._known[summary.project.key] = known
        return known[1]


def blueprint(settings: Settings, store: Store, may_see: Callable[[int], bool] = lambda _: True) -> Blueprint:
    """``/`` lists the source projects, ``/projects/<Label Studio's id>`` shows one; charts and CSS beside them.

    ``may_see`` says of a project (the store's key) whether whoever asks may know of it.
    """
    pages = Blueprint(
        "dashboard", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
    )
    cache, checks = ChartCache(), ModelChecks()
    label_studio_url = settings.label_studio_url_for_people or settings.label_studio_url
    for function in FILTERS:
        pages.add_app_template_filter(function, function.__name__)

    @pages.app_context_processor
    def context() -> dict[str, object]:
        """What every page may use, error pages too; no secret is among it."""
        return {
            "label_studio_url": label_studio_url,
            "coverage": settings.confidence,
            "has_backend": bool(settings.backend_url),
            "address": lambda place: _address(label_studio_url, place),
        }

    @pages.get("/")
    def projects() -> str:
        with store.read() as connection:
            seen = [one for one in queries.source_projects(connection) if may_see(one.key)]
            found = [queries.summary(connection, one) for one in seen]
        return render_template("projects.html", projects=found, totals=_totals(found), headline=wording.headline)

    @pages.get("/projects/<int:label_studio_id>")
    def project(label_studio_id: int) -> str | tuple[str, int]:
        with store.read() as connection:
            page = read_page(connection, label_studio_id, checks)
        if page is None:
            return render_template("missing.html", label_studio_id=label_studio_id), 404
        report = page.summary.report
        said = None if report is None else wording.headline(report, settings.confidence)
        return render_template("project.html", page=page, report=report, headline=said)

    @pages.get("/projects/<int:label_studio_id>/charts/<key>.svg")
    def chart(label_studio_id: int, key: str) -> Response | tuple[str, int]:
        svg = cache.get(key, lambda: _charts(store, label_studio_id))
        if svg is None:
            return render_template("missing.html", label_studio_id=label_studio_id), 404
        return _image(svg)

    return pages


def read_page(connection: Connection, label_studio_id: int, checks: ModelChecks) -> ProjectPage | None:
    """Read the page of a source project; null where the store has none of that Label Studio id."""
    project = queries.source_project(connection, label_studio_id)
    if project is None:
        return None
    summary = queries.summary(connection, project)
    panels = [] if summary.report is None else [_panel(one) for one in summary.report.controls]
    rulings = queries.last_rulings(connection, project)
    people = {person for panel in panels for person in _people(panel)}
    scored = queries.last_round(connection, project)
    people |= {ruling.reviewer for ruling in rulings if ruling.reviewer is not None}
    return ProjectPage(
        summary,
        panels,
        queries.names(connection, people),
        top_queue(connection, project),
        queries.waiting_reviews(connection, project),
        rulings,
        queries.review_projects(connection, project),
        scored,
        checks.get(connection, summary, scored),
        model_state(connection, label_studio_id),
    )


def _panel(control: ControlReport) -> ControlPanel:
    charts = {variant: chart.key for variant, chart in trend_charts(control).items()}
    weakest_first = sorted(control.reliability, key=_standing)[:PEOPLE]
    return ControlPanel(control, charts, matrix_of(control), least_agreeing(control.pairs), weakest_first)


def _standing(one: Reliability) -> tuple[float, int]:
    """The least reliable first; where nothing is decided, who agrees least."""
    known = one.agreement if one.quality is None else one.quality
    return (1.0 if known is None else known), one.annotator


def _people(panel: ControlPanel) -> Iterable[int]:
    yield from panel.matrix.annotators
    yield from (one.annotator for one in panel.reliability)
    for pair in panel.least_agreeing:
        yield from pair.annotators


def _totals(found: Sequence[queries.Summary]) -> dict[str, int]:
    """What waits over all projects."""
    reports: list[Report] = [one.report for one in found if one.report is not None]
    return {
        "waiting": sum(report.queue.total for report in reports),
        "urgent": sum(report.queue.bands[1] for report in reports),
        "tasks": sum(one.tasks for one in found),
    }


def _charts(store: Store, label_studio_id: int) -> list[TrendChart]:
    """Every chart that the project's page names now."""
    with store.read() as connection:
        project = queries.source_project(connection, label_studio_id)
        report = None if project is None else queries.newest_report(connection, project)
    controls = () if report is None else report.controls
    return [chart for control in controls for chart in trend_charts(control).values()]


def _image(svg: str) -> Response:
    """A drawing whose address names its content: a browser may keep it for good."""
    response = make_response(svg)
    response.mimetype = "image/svg+xml"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def _address(label_studio_url: str, place: Place) -> str:
    """Where Label Studio shows a task, or all tasks of a project."""
    base = f"{label_studio_url}/projects/{place.project}/data"
    return base if place.task is None else f"{base}?task={place.task}"
