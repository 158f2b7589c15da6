"""The web side of ``tiebreak serve``: webhook receiver, training feed, health, metrics, dashboard behind a login."""

import hmac
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import select
from werkzeug.datastructures import Authorization
from werkzeug.exceptions import HTTPException

from ..dashboard.pages import blueprint
from ..errors import NotPulled, StoreError, TiebreakError, Unsupported
from ..settings import Settings
from ..store import projects, training
from ..store.engine import Store
from ..store.tables import heartbeats
from ..webhooks import SECRET_HEADER

OPEN_PATHS = ("/webhook", "/healthz", "/readyz", "/api/v1/", "/static/", "/metrics")
LARGEST_BODY = 64 * 1024 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

log = logging.getLogger(__name__)


def create_app(settings: Settings, store: Store, wake: Callable[[int], None]) -> Flask:
    """Everything that answers HTTP. ``wake`` is told the Label Studio id of a project where something happened."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.register_blueprint(blueprint(settings, store))
    _receive_webhooks(app, settings, wake)
    _serve_training(app, settings, store)
    _serve_health(app, store)
    _guard(app, settings)
    _answer_errors(app)
    return app


def _receive_webhooks(app: Flask, settings: Settings, wake: Callable[[int], None]) -> None:
    received = Counter("tiebreak_webhooks", "Webhooks received", ["accepted"], registry=_registry(app))

    @app.post("/webhook")
    def webhook() -> tuple[Response, int]:
        """A hint that something happened: answered at once, since the annotator waits; polling is the truth."""
        given = request.headers.get(SECRET_HEADER, "")
        if not _same(given, settings.secret.get_secret_value()):
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


def _serve_training(app: Flask, settings: Settings, store: Store) -> None:
    @app.get("/api/v1/projects/<int:project>/training")
    def feed(project: int) -> Response | tuple[Response, int]:
        """What there is to learn, as NDJSON; the last line holds the cursor to go on from."""
        given = _authorization()
        if not _same(given.token if given else "", settings.secret.get_secret_value()):
            return jsonify(error="send the shared secret as `Authorization: Bearer SECRET`"), 401
        after = request.args.get("after", "0")
        if not re.fullmatch("[0-9]{1,18}", after):
            return jsonify(error=f"after={after[:50]!r}: must be a cursor, a whole number from 0"), 400
        with store.read() as connection:
            key = projects.source(connection, project).key
        return Response(_lines(store, key, int(after), settings.holdout_share), mimetype="application/x-ndjson")


def _lines(store: Store, project: int, after: int, share: float) -> Iterator[str]:
    cursor = after
    with store.read() as connection:
        for row in training.feed(connection, project, after, share):
            cursor = row["updated_at"]
            yield json.dumps(row) + "\n"
    yield json.dumps({"cursor": cursor}) + "\n"


def _serve_health(app: Flask, store: Store) -> None:
    registry = _registry(app)
    since = Gauge("tiebreak_last_run_timestamp_seconds", "When a project was last synced", ["name"], registry=registry)
    healthy = Gauge("tiebreak_last_run_ok", "Whether the last sync of a project succeeded", ["name"], registry=registry)

    @app.get("/healthz")
    def alive() -> Response:
        """The process answers."""
        return jsonify(status="ok")

    @app.get("/readyz")
    def ready() -> tuple[Response, int]:
        """The store answers too."""
        try:
            with store.read() as connection:
                connection.execute(select(1))
        except StoreError as error:
            return jsonify(status="not ready", error=str(error)), 503
        return jsonify(status="ok"), 200

    @app.get("/metrics")
    def metrics() -> Response:
        """For Prometheus."""
        with store.read() as connection:
            for row in connection.execute(select(heartbeats).where(heartbeats.c.name.like("%:run"))):
                since.labels(row.name).set(row.at / 1e6)
                healthy.labels(row.name).set(row.ok)
        return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


def _registry(app: Flask) -> CollectorRegistry:
    registry: CollectorRegistry = app.extensions.setdefault("prometheus", CollectorRegistry())
    return registry


def _guard(app: Flask, settings: Settings) -> None:
    """A login for the pages where a password is set; headers that forbid what pages do not need."""
    password = settings.dashboard_password.get_secret_value()

    @app.before_request
    def login() -> Response | None:
        if not password or request.path.startswith(OPEN_PATHS):
            return None
        given = _authorization()
        name = str((given.parameters or {}).get("username", "")) if given else ""
        word = str((given.parameters or {}).get("password", "")) if given else ""
        if _same(name, settings.dashboard_user) & _same(word, password):
            return None
        return Response("Log in to see this page.\n", 401, {"WWW-Authenticate": 'Basic realm="Tiebreak"'})

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _authorization() -> Authorization | None:
    """What the caller says of itself; null also where that cannot be read."""
    try:
        return request.authorization
    except ValueError:
        return None


def _same(given: str | None, wanted: str) -> bool:
    """Compared in constant time; an empty secret lets nobody in."""
    return bool(wanted) and hmac.compare_digest((given or "").encode(), wanted.encode())


def _answer_errors(app: Flask) -> None:
    """One place where errors become answers: a page for people, JSON for programs, no traceback for anybody."""

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        status, message = _explained(error)
        if status == 500:
            log.exception("%s %s failed", request.method, request.path)
        if request.path.startswith(("/api/", "/webhook")):
            return jsonify(error=message), status
        return render_template("error.html", status=status, message=message), status


def _explained(error: Exception) -> tuple[int, str]:
    if isinstance(error, HTTPException):
        return error.code or 500, error.description or error.name
    if isinstance(error, NotPulled | Unsupported):
        return 404, str(error)
    if isinstance(error, StoreError):
        return 503, str(error)
    if isinstance(error, TiebreakError):
        return 502, str(error)
    return 500, "Something went wrong on our side; the log of `tiebreak serve` has the details."
