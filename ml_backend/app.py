"""The web side of ``tiebreak-ml serve``: Label Studio's ML contract, and what the sync service asks.

Label Studio sends no secret, so what it calls is open and tells nothing but predictions, unless ``user`` is set; the
rest needs the shared secret.
"""

import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException

from . import predict as serving_flow
from . import rounds, wire
from .errors import BackendError, BadRequest, RegistryError
from .kept_versions import decisions, make_live
from .lessons.board import Kind
from .predict import Serving
from .registry import check_project
from .study import outcome_of, remember_interface
from .trainer import Trainer
from .web.entrance import guard, knows_secret, need_secret, same
from .web.health import troubles
from .web.measures import Measures
from .web.slow_clients import answered_since
from .worth.in_words import worth_of_labels

log = logging.getLogger(__name__)

AT_ONCE = 512
"""Results and regions that are written together."""
LINES = 100
"""Lines that are sent together."""
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

INTERFACE = "1"
"""The version of what is agreed with the sync service, in the header X-Tiebreak-Interface: see docs/services.md."""

LEARN_AT_ONCE = "START_TRAINING"
LEARN_SOON = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATION_DELETED", "ANNOTATIONS_DELETED")


def create_app(serving: Serving, trainer: Trainer) -> Flask:
    """Everything that answers HTTP."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = serving.settings.largest_body
    guard(app, serving.settings)
    measures = Measures(lambda: _projects_with_a_model(serving))
    _serve_label_studio(app, serving, trainer, measures)
    _serve_events(app, serving, trainer, measures)
    _serve_sync(app, serving, trainer)
    _serve_jobs(app, serving, trainer)
    _serve_metrics(app, measures)
    _answer_errors(app)
    return app


def _serve_label_studio(app: Flask, serving: Serving, trainer: Trainer, measures: Measures) -> None:
    @app.get("/")
    @app.get("/health")
    def health() -> Response:
        """The process answers; who knows the secret is told what is wrong, others how many projects have trouble."""
        found = troubles(serving, trainer)
        told = found if knows_secret(serving.settings) else len(found)
        theirs = serving.settings.model_class.rpartition(":")[2]
        return jsonify(status="UP", model_class=theirs or "tiebreak", problems=told)

    @app.post("/setup")
    def setup() -> Response:
        """The version that Label Studio must see; nothing is changed."""
        body = wire.body_of(request.stream)
        return jsonify(model_version=serving_flow.current_version(serving, check_project(body.get("project"))))

    @app.post("/predict")
    def predict() -> Response:
        """One prediction a task."""
        begun = time.monotonic()
        asked = wire.predict_request(wire.body_of(request.stream))
        since = answered_since(request.environ, begun)
        pieces = list(_pieces(measures.counted(serving_flow.predict(serving, asked, since))))
        measures.seconds.observe(time.monotonic() - since)
        wire.let_go(asked.tasks)
        return Response(
            pieces, mimetype="application/json", headers={"Content-Length": str(sum(len(one) for one in pieces))}
        )


def _pieces(results: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The answer to /predict: as bytes it takes a tenth of the memory that the results would take together.

    A piece has some regions, and is a short step: while Python writes one no other thread has a turn.
    """
    before, part, size = '{"results":[', list[Mapping[str, Any]](), 0
    for one in results:
        part.append(one)
        size += 1 + len(one["result"])
        if size >= AT_ONCE:
            yield (before + _ENCODER.encode(part)[1:-1]).encode()
            before, part, size = ",", [], 0
    yield ((before + _ENCODER.encode(part)[1:-1] if part or before != "," else "") + "]}").encode()


def _serve_events(app: Flask, serving: Serving, trainer: Trainer, measures: Measures) -> None:
    @app.post("/webhook")
    def webhook() -> Response:
        """A hint that there may be something to learn: answered at once, since the annotator waits."""
        told = wire.event(wire.body_of(request.stream))
        measures.events.inc()
        if told.action == LEARN_AT_ONCE or told.action in LEARN_SOON:
            for project in _meant(serving, told):
                trainer.request(project, Kind.NOW if told.action == LEARN_AT_ONCE else Kind.NEWS)
        return jsonify(status="ok")

    @app.post("/webhook/<secret>")
    def secret_webhook(secret: str) -> Response:
        """The same at an address that strangers do not know."""
        if not same(secret, serving.settings.webhook_secret.get_secret_value()):
            abort(404, "nothing takes events at this address: it must end in the backend's TIEBREAK_ML_WEBHOOK_SECRET")
        return webhook()


def _meant(serving: Serving, told: wire.Event) -> list[str]:
    """The projects that we know and an event may be about."""
    if told.project is None:
        return []
    known = [key for key in serving.registry.projects() if key.startswith(f"{told.project}.")]
    return [key for key in known if told.created is None or key == f"{told.project}.{told.created}"]


def _serve_sync(app: Flask, serving: Serving, trainer: Trainer) -> None:
    @app.after_request
    def interface(response: Response) -> Response:
        response.headers["X-Tiebreak-Interface"] = INTERFACE
        return response

    @app.route("/versions", methods=["GET", "POST"])
    def versions() -> Response:
        """Every version; with ``project`` (and the secret) where we stand with it. The SDK asks by POST."""
        if "project" not in request.args:
            there = {one for key in serving.registry.projects() for one in serving.registry.versions(key)}
            return jsonify(versions=sorted(there))
        need_secret(serving.settings)
        return jsonify(_state(serving, trainer, check_project(request.args["project"])))

    @app.post("/train")
    def train() -> tuple[Response, int]:
        """Learn now; requests merge. ``force``: publish also what is worse than the live version."""
        need_secret(serving.settings)
        body = wire.body_of(request.stream)
        project = check_project(body.get("project"))
        remember_interface(serving.registry.folder(project), wire.config_of(body).xml)
        trainer.request(project, Kind.FORCED if body.get("force") is True else Kind.NOW)
        return jsonify(status=trainer.state(project)), 202

    @app.post("/score")
    def score() -> Response:
        """What the model thinks of a pool, as NDJSON."""
        need_secret(serving.settings)
        asked = wire.score_request(wire.body_of(request.stream))
        scored = serving_flow.score(serving, asked.project, asked.config, asked.tasks, asked.model, asked.round)
        return Response(_joined(scored.text()), mimetype="application/x-ndjson")

    @app.post("/round")
    def show_round() -> Response:
        """From now on this is the version that Label Studio sees."""
        need_secret(serving.settings)
        body = wire.body_of(request.stream)
        project, version = check_project(body.get("project")), body.get("version")
        serving_flow.show_round(serving, project, version)
        return jsonify(version=version)

    @app.post("/live")
    def go_live() -> Response:
        """From now on this version of the model is the live one."""
        need_secret(serving.settings)
        body = wire.body_of(request.stream)
        project = check_project(body.get("project"))
        return jsonify(model=make_live(serving.registry, project, body.get("version"), body.get("instead_of")))


def _joined(lines: Iterator[str]) -> Iterator[bytes]:
    """Some lines at a time: each part is a call of the network."""
    while some := list(islice(lines, LINES)):
        yield "".join(some).encode()


def _state(serving: Serving, trainer: Trainer, project: str) -> dict[str, Any]:
    """Where we stand with one project; see docs/services.md."""
    folder = serving.registry.folder(project)
    state = trainer.state(project)  # first: what is read after it has ended is what it left
    outcome = outcome_of(folder)
    mind, problem = serving.minds.live(project)
    quality = mind.quality if mind else None
    try:
        shown = rounds.shown_version(folder)
    except RegistryError as error:
        shown, problem = None, problem or str(error)
    return {
        "versions": serving.registry.versions(project) or ([mind.version] if mind else []),
        "model": mind.version if mind else None,
        "round": shown,
        "state": state,
        "cursor": outcome.cursor,
        "trained_labels": mind.trained_labels if mind else 0,
        "error": trainer.standing(project).error or problem or outcome.error,
        "metrics": quality.as_json() if quality else {},
        "certainty": dict(mind.certainty) if mind else {},
        "decision": outcome.decision,
        "decisions": decisions(serving.registry, project),
        "notes": outcome.notes,
        "worth": worth_of_labels(folder),
    }


def _serve_jobs(app: Flask, serving: Serving, trainer: Trainer) -> None:
    @app.route("/job_status", methods=["GET", "POST"])
    def job_status() -> Response:
        """How the last lesson of a project stands; a job is named by its project's key. Errors need the secret."""
        body = wire.body_of(request.stream) if request.method == "POST" else request.args
        project = check_project(body.get("job", body.get("project")))
        standing = trainer.standing(project)
        if project not in serving.registry.projects():
            abort(410, f"project {project}: nothing was ever learned here")
        error = standing.error or (None if standing.step else outcome_of(serving.registry.folder(project)).error)
        return jsonify(
            job=project,
            project=project,
            job_status=_job_status(trainer.state(project), error),
            state=trainer.state(project),
            step=standing.step,
            started_at=standing.started,
            ended_at=None if standing.step else standing.ended,
            seconds=standing.seconds(trainer.clock()),
            error=error if knows_secret(serving.settings) else None,
        )


def _job_status(state: str, error: str | None) -> str:
    """In the words of label-studio-ml 1.x, which Label Studio knows."""
    if state != "idle":
        return "started" if state == "training" else "queued"
    return "finished" if error is None else "failed"


def _projects_with_a_model(serving: Serving) -> int:
    return sum(bool(serving.registry.versions(key)) for key in serving.registry.projects())


def _serve_metrics(app: Flask, measures: Measures) -> None:
    @app.get("/metrics")
    def metrics() -> Response:
        """For Prometheus."""
        return Response(measures.text(), mimetype="text/plain; version=0.0.4")


def _answer_errors(app: Flask) -> None:
    """One place where errors become answers: JSON that says what and where, no traceback for anybody."""

    @app.errorhandler(Exception)
    def failed(error: Exception) -> tuple[Response, int] | tuple[Response, int, dict[str, str]]:
        status, message = _explained(error)
        if isinstance(error, BackendError) and status >= 500:
            log.error("%s %s: %s", request.method, request.path, message)
        elif status >= 500:
            log.error("%s %s failed", request.method, request.path, exc_info=error)
        if isinstance(error, ParseException):  # nobody knows where the next request begins
            return jsonify(error=message), status, {"Connection": "close"}
        return jsonify(error=message), status


def _explained(error: Exception) -> tuple[int, str]:
    if isinstance(error, BadRequest):
        return error.status, str(error)
    if isinstance(error, ParseException):
        return 400, f"the body cannot be read to its end: {error}"
    if isinstance(error, HTTPException):
        return error.code or 500, error.description or error.name
    if isinstance(error, BackendError):
        return 503, str(error)
    return 500, "something went wrong on our side; the log of `tiebreak-ml serve` has the details"
