"""``tiebreak demo``: the whole product on one machine, from an empty folder to a summary."""

import fcntl
import json
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import write_answer
from label_config.review import UNDECIDED

from ..assess import assess
from ..backend import BackendState
from ..errors import DemoError
from ..labelstudio.client import LabelStudio
from ..opening import Services
from ..opening import services as open_services
from ..pipeline import RunReport, run, teach
from ..pull import pull
from ..refresh import refresh
from ..round_scoring import project_key
from ..settings import as_file, load
from ..store import projects, reviews, rulings
from ..webhooks import webhook
from . import summary
from .accounts import PASSWORD, Account
from .embedded import EmbeddedLabelStudio, free_port
from .material import Filled, Material, exported, simulated
from .processes import Service, until_one_ends
from .steps import Steps, steps
from .twin import order_is_exact

MARKER = ".tiebreak-demo"
TRAINING_SECONDS = 120
MANAGER = "manager"
RULINGS = 2


@dataclass
class Stage:
    """What the demo has running. ``seconds`` is how long each part took."""

    folder: Path
    server: EmbeddedLabelStudio
    backend: Service
    web: Service
    secret: str
    seconds: dict[str, float] = field(default_factory=dict)

    def client(self, account: Account) -> LabelStudio:
        """Label Studio as one of its people sees it."""
        return LabelStudio.connect(self.server.url, account.token)

    def person(self, role: str) -> Account:
        """The first account of that role."""
        return next(one for one in self.server.people if one.role == role)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Count the block's time to a part."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.monotonic() - start


def demo(*, once: bool, as_json: bool, dataset: Path | None, folder: Path, out: Console, err: Console) -> int:
    """Run the demo in ``folder``; the exit code, 0 only when every step did what it says. Raises TiebreakError."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
    start = time.monotonic()
    material = simulated() if dataset is None else exported(dataset)
    with _only_one(folder), ExitStack() as running:
        with steps(err, lines=not as_json) as shown:
            stage = _start(folder, running, shown)
            filled = _label(stage, material, shown)
            outside = _settings(stage, filled.project)
            report = _loop(stage, outside, filled, shown)
            if once:
                report = _resolve_as_reviewer(stage, outside, filled, report, shown)
            shown.end()
        stage.seconds["total"] = time.monotonic() - start
        report["seconds"] = {name: round(value, 2) for name, value in stage.seconds.items()}
        _tell(stage, outside, filled, report, as_json, out)
        if not once:
            _stay_up(stage, outside, filled, out)
        problems = list(_problems(report, once))
    for problem in problems:
        err.print(f"tiebreak: {problem}", style="red", markup=False)
    return 1 if problems else 0


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """An empty folder of our own: what an earlier demo left is removed, anything else is not touched."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise DemoError(f"{folder} holds other files: name another folder with --data")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / MARKER).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoError(f"another demo runs in {folder}: stop it, or name another folder with --data") from error
        for place in folder.iterdir():
            if place.name != MARKER:
                shutil.rmtree(place) if place.is_dir() else place.unlink()
        yield


def _start(folder: Path, running: ExitStack, shown: Steps) -> Stage:
    """Label Studio and both services, side by side."""
    secret = secrets.token_urlsafe(24)
    backend_port, web_port = free_port(), free_port()
    listen = ["serve", "--host", "127.0.0.1", "--port"]
    backend = Service(
        "tiebreak-ml",
        [*listen, str(backend_port), "--data", str((folder / "ml").resolve())],
        backend_port,
        "/health",
        (folder / "tiebreak-ml.log").resolve(),
    )
    web = Service("tiebreak", [*listen, str(web_port)], web_port, "/healthz", (folder / "tiebreak.log").resolve())
    server = EmbeddedLabelStudio((folder / "label-studio").resolve(), say=shown.begin)
    stage = Stage(folder.resolve(), server, running.enter_context(backend), running.enter_context(web), secret)
    shown.begin("Starting Label Studio and the two services of Tiebreak")
    with stage.timed("label_studio"), ThreadPoolExecutor(1) as other:
        backend.start({"TIEBREAK_ML_SECRET": secret, "TIEBREAK_ML_SYNC_URL": web.url})
        waiting = other.submit(backend.ready)
        try:
            running.enter_context(server)
            _write_settings(stage, ())
            web.start({"TIEBREAK_CONFIG": str(stage.folder / "tiebreak.toml")})
            web.ready()
            waiting.result()
        except BaseException:
            backend.stop()  # or the thread would wait for it to answer
            raise
    return stage


def _write_settings(stage: Stage, looked_after: tuple[int, ...]) -> None:
    """``tiebreak.toml`` in the demo's folder: the commands work there too."""
    given = {
        "label_studio_url": stage.server.url,
        "label_studio_token": stage.server.admin.token,
        "store": f"sqlite:///{stage.folder / 'tiebreak.sqlite3'}",
        "projects": list(looked_after),
        "backend_url": stage.backend.url,
        "public_url": stage.web.url,
        "secret": stage.secret,
        "dashboard_user": MANAGER,
        "dashboard_password": PASSWORD,
        "round_seconds": 15,
        "quiet_seconds": 0,
    }
    place = stage.folder / "tiebreak.toml"
    place.touch(mode=0o600)
    place.write_text(as_file(given), encoding="utf-8")


def _settings(stage: Stage, project: int) -> Services:
    _write_settings(stage, (project,))
    return open_services(load(stage.folder / "tiebreak.toml"))


def _label(stage: Stage, material: Material, shown: Steps) -> Filled:
    """The project and people's answers."""
    admin = stage.client(stage.server.admin)
    project = admin.create_project(
        material.title,
        material.label_config,
        sampling="Uncertainty sampling",
        maximum_annotations=1,
        show_collab_predictions=True,
        description="Made by `tiebreak demo`. The annotators are simulated." if "simulated" in material.title else "",
    )
    advance = shown.begin(material.doing, total=material.answers)
    with stage.timed("annotate"):
        return material.fill(stage.server, admin, project.id, advance)


def _loop(stage: Stage, outside: Services, filled: Filled, shown: Steps) -> dict[str, Any]:
    """Connect the backend, pull, assess, train, score, push, and look whether it came out right."""
    assert outside.backend is not None
    settings = outside.settings
    shown.begin("Connecting the ML backend")
    with stage.timed("sync"):
        _connect(stage, outside, filled.project)
    shown.begin("Pulling answers, computing agreement and consensus")
    with stage.timed("sync"):
        key = pull(outside.store, outside.gateway, filled.project, outside.clock).project
        assess(outside.store, key, settings, outside.clock)
    shown.begin("Training the model on the consensus")
    with stage.timed("train"):
        teach(outside, key)
        _await_training(outside, key)
    shown.begin("Scoring what is unlabeled, so that the most useful task comes next")
    with stage.timed("refresh"):
        refresh(outside.store, outside.gateway, outside.backend, key, settings, outside.clock)
    shown.begin("Pushing what needs a second look")
    with stage.timed("sync"):
        done = run(outside, filled.project)
    shown.begin("Checking the order that Label Studio serves")
    return _report(stage, outside, filled, key, done)


def _connect(stage: Stage, outside: Services, project: int) -> None:
    backend = outside.gateway.connect_backend(project, stage.backend.url, "Tiebreak")
    if backend.state != "CO":
        raise DemoError(f"Label Studio cannot reach the ML backend at {stage.backend.url}: {backend.error}")


def _await_training(outside: Services, key: int) -> BackendState:
    assert outside.backend is not None
    with outside.store.read() as connection:
        name = project_key(projects.get(connection, key))
    end = time.monotonic() + TRAINING_SECONDS
    while (state := outside.backend.state(name)).state != "idle" or state.model is None:
        if state.error:
            raise DemoError(f"training failed: {state.error}")
        if time.monotonic() > end:
            raise DemoError(f"the ML backend learned nothing within {TRAINING_SECONDS} s: see tiebreak-ml.log")
        time.sleep(0.2)
    return state


def _report(stage: Stage, outside: Services, filled: Filled, key: int, done: RunReport) -> dict[str, Any]:
    assessment = done.assessment.report
    with outside.store.read() as connection:
        homes = reviews.homes(connection, key)
    exact = None
    if homes:
        reviewer = stage.client(stage.person("reviewer"))
        queue = summary.queue_keys(outside, homes[0][0])
        exact = order_is_exact(outside.gateway, reviewer, homes[0][0], queue)
    annotators = max((one["annotators"] for one in assessment["controls"].values()), default=0)
    return {
        "label_studio": {"url": stage.server.url, "version": outside.gateway.version()},
        "project": {
            "id": filled.project,
            "tasks": filled.tasks,
            "annotations": filled.annotations,
            "annotators": annotators,
        },
        "agreement": {
            name: {part: one[part] for part in ("krippendorff_alpha", "percent_agreement", "pairs")}
            for name, one in assessment["controls"].items()
        },
        "consensus": summary.consensus_facts(outside, key, filled.truth),
        "model": {**_versions(stage, outside, filled.project, key), **summary.model_facts(outside, key, filled.truth)},
        "review": {
            "projects": [{"id": home, "title": title, "tasks": tasks} for home, _, title, tasks in homes],
            "order_exact": exact,
            "reasons": assessment["queue"]["reasons"],
            "rulings": 0,
            "ground_truths": 0,
        },
    }


def _versions(stage: Stage, outside: Services, project: int, key: int) -> dict[str, Any]:
    """The version in every place where Label Studio has one: project, stored predictions, the backend's /setup."""
    assert outside.backend is not None
    remote = outside.gateway.project(project)
    stored = set(outside.gateway.model_versions(project))
    if not stored:
        return {"version": None, "versions_agree": None}
    with outside.store.read() as connection:
        name = project_key(projects.get(connection, key))
    setup = {one.model_version for one in outside.gateway.backends(project) if one.url == stage.backend.url}
    said = {remote.model_version, outside.backend.state(name).round}
    return {"version": remote.model_version, "versions_agree": stored == setup == said and len(stored) == 1}


def _resolve_as_reviewer(
    stage: Stage, outside: Services, filled: Filled, report: dict[str, Any], shown: Steps
) -> dict[str, Any]:
    """Decide the two most urgent reviews as somebody would in the browser, and sync again."""
    shown.begin("Two reviews are decided by a simulated reviewer")
    config = parse(outside.gateway.project(filled.project).label_config)
    reviewer = stage.client(stage.person("reviewer"))
    decided = 0
    for home in report["review"]["projects"]:
        while decided < RULINGS and (task := reviewer.next_task(home["id"])) is not None:
            truth = filled.truth.get(int(task.data["tiebreak_source_task"]))
            reviewer.create_annotation(task.id, _ruling(config.decidable[0], config, truth), lead_time=7.5)
            decided += 1
    with stage.timed("sync"):
        done = run(outside, filled.project)
    report["review"]["rulings"] = done.resolve.rulings
    with outside.store.read() as connection:
        source = projects.by_label_studio_id(connection, filled.project).key
        written = rulings.ground_truths(connection, source)
    found = [
        one for task, annotation in written for one in outside.gateway.task(task).annotations if one.id == annotation
    ]
    report["review"]["ground_truths"] = sum(one.ground_truth for one in found)
    return report


def _ruling(control: Any, config: Any, truth: Mapping[str, tuple[str, ...]] | None) -> list[dict[str, Any]]:
    """What the review form sends: the decision where it is known, else that it cannot be decided.

    Whether an earlier answer was right is left open, as the form has it: Tiebreak tells that from the answers.
    """
    target = config.objects[0].name
    decided = write_answer(control, Choices(truth[control.name]), region_id="decision") if truth else []
    regions = {"tiebreak_cause": "annotator error", **({} if truth else {"tiebreak_verdict": UNDECIDED})}
    return [
        *decided,
        *(
            {"id": name, "from_name": name, "to_name": target, "type": "choices", "value": {"choices": [value]}}
            for name, value in regions.items()
        ),
    ]


def _problems(report: Mapping[str, Any], once: bool) -> Iterator[str]:
    """What did not come out as it must."""
    review, model = report["review"], report["model"]
    if review["order_exact"] is False:
        yield "Label Studio does not serve the review tasks in the order of the queue"
    if model["versions_agree"] is False:
        yield "the model version is not the same everywhere in Label Studio"
    expected = min(RULINGS, sum(home["tasks"] for home in review["projects"]))
    if once and review["rulings"] != expected:
        yield f"{expected} reviews were decided, {review['rulings']} rulings arrived"


def _tell(stage: Stage, outside: Services, filled: Filled, report: dict[str, Any], as_json: bool, out: Console) -> None:
    if as_json:
        for control in report["agreement"].values():
            control.pop("pairs")
        sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
        sys.stdout.flush()
        return
    url = stage.server.url
    annotator, reviewer, admin = (stage.person(role) for role in ("annotator", "reviewer", "admin"))
    pages = {"Annotator": f"{url}/projects/{filled.project}/  ({annotator.email} / {PASSWORD})"}
    for home in report["review"]["projects"]:
        pages[f"Reviewer, {home['title'][:4]}"] = (
            f"{url}/projects/{home['id']}/  {home['tasks']} tasks  ({reviewer.email} / {PASSWORD})"
        )
    pages["Manager"] = f"{stage.web.url}/projects/{filled.project}  ({MANAGER} / {PASSWORD})"
    pages["Admin"] = f"{url}  ({admin.email} / {PASSWORD})"
    with outside.store.read() as connection:
        key = projects.by_label_studio_id(connection, filled.project).key
    summary.print_summary(out, report, outside, key, pages)


def _stay_up(stage: Stage, outside: Services, filled: Filled, out: Console) -> None:
    """Look after the project, webhook and all, until Ctrl-C. Raises DemoError where a service ends by itself."""
    stage.web.stop()
    stage.web.start({"TIEBREAK_CONFIG": str(stage.folder / "tiebreak.toml")})
    stage.web.ready()
    if (hook := webhook(outside.settings, filled.project)) is not None:
        hook.ensure(outside.gateway)
    out.print(f"\nEverything is in {stage.folder} and stays up until Ctrl-C.", soft_wrap=True)
    try:
        until_one_ends((stage.web, stage.backend, stage.server))
    except KeyboardInterrupt:
        out.print("Stopping.")
