"""The web side of ``tiebreak serve``: webhook receiver, training feed, health, metrics, dashboard behind a login."""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from prometheus_client import CollectorRegistry, Counter, generate_latest
from sqlalchemy import select
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from ..dashboard import my_work
from ..dashboard.blueprint import blueprint
from ..dashboard.charts import ChartCache, Paint, painted
from ..dashboard.page import Page, Refused
from ..dashboard.registry import all_pages
from ..dashboard.serving import Desk
from ..errors import Busy, NotPulled, StoreError, TiebreakError, Unsupported
from ..logins.passwords import COST, Cost
from ..opening import Services
from ..opening import clock as time_of_day
from ..settings import Settings
from ..store import audit, projects
from ..store.engine import Store
from ..webhooks import SECRET_HEADER
from . import feed, login
from .addresses import Proxies
from .compressed import compress
from .guard import errors_as, guard, needs, open_to_all, person
from .metrics import OfTheStore
from .visitors import Visitors, check, same

LARGEST_BODY = 64 * 1024 * 1024
DESK = "desk"
"""Under this name an application has what answers for its pages."""

log = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    store: Store,
    wake: Callable[[int], None],
    *,
    clock: Callable[[], int] = time_of_day,
    cost: Cost = COST,
    pages: Sequence[Page] | None = None,
    outside: Callable[[], AbstractContextManager[Services]] | None = None,
    paint: Paint = painted,
) -> Flask:
    """Everything that answers HTTP. ``wake`` is told the Label Studio id of a project where something happened.

    ``cost`` is what hashing a password may cost; ``pages`` are those of the dashboard, all that there are if null;
    ``outside`` opens the programs that they ask, as the settings say if null; ``paint`` draws their charts. What
    answers for the pages is ``extensions[DESK]``.
    Raises SettingsError for a login that would let anybody in.
    """
    check(settings)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    visitors = Visitors(settings, store, clock, cost, Proxies(settings.trusted_proxies))
    shown = all_pages() if pages is None else pages
    desk = Desk(settings, store, person, clock, shown, images=ChartCache(paint=paint), outside=outside)
    app.extensions[DESK] = desk
    app.register_blueprint(blueprint(desk))
    app.register_blueprint(my_work.blueprint(settings, store, clock, visitors.proxies, paint))
    app.register_blueprint(login.blueprint(visitors))
    app.register_blueprint(feed.blueprint(settings, store, visitors))
    _receive_webhooks(app, settings, wake)
    _look_when_asked(app, store, wake, clock)
    _serve_health(app, settings, store)
    guard(app, store, visitors)
    compress(app)
    _answer_errors(app)
    return app


def _receive_webhooks(app: Flask, settings: Settings, wake: Callable[[int], None]) -> None:
    received = Counter("tiebreak_webhooks", "Webhooks received", ["accepted"], registry=_registry(app))

    @app.post("/webhook")
    @open_to_all
    def webhook() -> tuple[Response, int]:
        """A hint that something happened: answered at once, since the annotator waits; polling is the truth."""
        given = request.headers.get(SECRET_HEADER, "")
        if not same(given, settings.secret.get_secret_value()):
            received.labels("false").inc()
            return jsonify(error=f"the header {SECRET_HEADER} is missing or wrong"), 401
        project = _project_of(request.get_data())
        received.labels("true").inc()
        if project is not None:
            wake(project)
        return jsonify(status="ok"), 200


def _project_of(body: bytes) -> int | None:
    """The Label Studio id of the project that an event is about; null for a body that is no event of a project."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    project = payload.get("project") if isinstance(payload, dict) else None
    number = project.get("id") if isinstance(project, dict) else None
    return number if type(number) is int and 0 < number < projects.LARGEST_ID else None


def _look_when_asked(app: Flask, store: Store, wake: Callable[[int], None], clock: Callable[[], int]) -> None:
    @app.post("/projects/<int:label_studio_id>/look")
    @needs("lead")
    def look(label_studio_id: int) -> AnyResponse:
        """Run the loop for the project soon, as a webhook would have it."""
        with store.begin() as connection:
            key = projects.source(connection, label_studio_id).key
            audit.record(connection, now=clock(), actor=person().actor, action="look asked", project=key)
        wake(label_studio_id)
        return redirect(url_for("dashboard.project", label_studio_id=label_studio_id, asked=1), 303)


def _serve_health(app: Flask, settings: Settings, store: Store) -> None:
    registry = _registry(app)
    registry.register(OfTheStore(store, settings.review_days))

    @app.get("/healthz")
    @open_to_all
    def alive() -> Response:
        """The process answers."""
        return jsonify(status="ok")

    @app.get("/readyz")
    @open_to_all
    def ready() -> tuple[Response, int]:
        """The store answers too."""
        try:
            with store.read() as connection:
                connection.execute(select(1))
        except StoreError as error:
            return jsonify(status="not ready", error=str(error)), 503
        return jsonify(status="ok"), 200

    @app.get("/metrics")
    @open_to_all
    def metrics() -> Response:
        """For Prometheus."""
        return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


def _registry(app: Flask) -> CollectorRegistry:
    registry: CollectorRegistry = app.extensions.setdefault("prometheus", CollectorRegistry())
    return registry


def _answer_errors(app: Flask) -> None:
    """One place where errors become answers: a page for people, JSON for programs, no traceback for anybody."""

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        status, message = _explained(error)
        if status == 500:
            log.exception("%s %s failed", request.method, request.path)
        headers = _headers(error, status)
        form = errors_as()
        if form == "json":
            return jsonify(error=message), status, headers
        if form == "text":
            return Response(f"{message}\n", status, headers, mimetype="text/plain")
        return render_template("error.html", status=status, message=message), status, headers


def _headers(error: Exception, status: int) -> dict[str, str]:
    """What tells a program how to log in, and when to come again.

    A browser where somebody goes there is not told how: it would ask for a password itself, over our page.
    """
    program = request.headers.get("Sec-Fetch-Mode") != "navigate"
    headers = {"WWW-Authenticate": 'Basic realm="Tiebreak"'} if status == 401 and program else {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    return headers


def _explained(error: Exception) -> tuple[int, str]:
    if isinstance(error, HTTPException):
        return error.code or 500, error.description or error.name
    if isinstance(error, NotPulled | Unsupported):
        return 404, str(error)
    if isinstance(error, Refused | Busy):
        return 409, str(error)
    if isinstance(error, StoreError):
        return 503, str(error)
    if isinstance(error, TiebreakError):
        return 502, str(error)
    return 500, "Something went wrong on our side; the log of `tiebreak serve` has the details."
