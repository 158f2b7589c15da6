"""What rounds and people at work are measured with: a project in a real Label Studio, both services, a first model."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import write_answer
from label_config.templates import template
from sync.assess import assess
from sync.backend import Backend
from sync.demo.processes import Service
from sync.errors import DemoError
from sync.opening import Services, clock
from sync.pipeline import teach
from sync.pull import pull
from sync.round_scoring import project_key
from sync.settings import Settings
from sync.store import projects
from sync.store.engine import open_store

from .crowd import AT_ONCE, Studio
from .predict import texts

SECRET = "between the benchmark's services"
XML = template("text-classification")
CONTROL = parse(XML).controls[0]
PATIENCE = 600.0
"""Seconds that anything may take."""


@dataclass(frozen=True)
class Sizes:
    """How many tasks are labeled, how many are open, how many Label Studio itself retrieves."""

    labeled: int
    open: int
    retrieved: int


def make_project(here: Studio, sizes: Sizes) -> int:
    """Labeled tasks, one answer each, and open ones, in one project."""
    person = next(one.id for one in here.server.people if one.role == "annotator")
    remote = here.admin.create_project("Rounds", XML, maximum_annotations=1, sampling="Uncertainty sampling")
    bodies: list[dict[str, Any]] = []
    for place, (data, label) in enumerate(texts(sizes.labeled + sizes.open)):
        body: dict[str, Any] = {"data": data}
        if place < sizes.labeled:
            answer = write_answer(CONTROL, Choices((label,)), region_id="r")
            body["annotations"] = [{"completed_by": person, "result": answer, "ground_truth": False}]
        bodies.append(body)
    for start in range(0, len(bodies), AT_ONCE):
        here.admin.import_tasks(remote.id, bodies[start : start + AT_ONCE])
    return remote.id


def start_services(
    here: Studio, project: int, running: ExitStack, ports: tuple[int, int], *, looking: bool = False
) -> Services:
    """Both services as processes; ``looking``: the sync service runs the loop by itself, woken by webhooks."""
    ours, theirs = ports
    settings = Settings(
        label_studio_url=here.server.url,
        label_studio_token=here.server.admin.token,
        timeout_seconds=600,
        store=f"sqlite:///{here.folder / 'tiebreak.sqlite3'}",
        projects=(project,) if looking else (),
        backend_url=f"http://127.0.0.1:{theirs}",
        public_url=f"http://127.0.0.1:{ours}",
        secret=SECRET,
        round_seconds=0,
        bootstrap=100,
    )
    sync = Service("tiebreak", ["serve", "--port", str(ours)], ours, "/healthz", here.folder / "sync.log")
    model = Service(
        "tiebreak-ml",
        ["serve", "--port", str(theirs), "--data", str(here.folder / "models")],
        theirs,
        "/health",
        here.folder / "ml.log",
    )
    store = open_store(settings.store)
    running.callback(store.close)
    model.start({"TIEBREAK_ML_SECRET": SECRET, "TIEBREAK_ML_SYNC_URL": settings.public_url})
    running.enter_context(model)
    model.ready()
    backend = Backend(settings.backend_url, SECRET)
    running.callback(backend.close)
    if not looking:
        connected = here.admin.connect_backend(project, settings.backend_url, "Tiebreak")
        if connected.state != "CO":
            raise DemoError(f"Label Studio cannot reach the ML backend: {connected.error}")
    sync.start(_environment(settings))
    running.enter_context(sync)
    sync.ready()
    return Services(store, here.admin, backend, settings, clock)


def _environment(settings: Settings) -> dict[str, str]:
    names = "label_studio_url timeout_seconds store backend_url public_url round_seconds bootstrap".split()
    given = {f"TIEBREAK_{name.upper()}": str(getattr(settings, name)) for name in names}
    return given | {
        "TIEBREAK_PROJECTS": " ".join(map(str, settings.projects)),
        "TIEBREAK_SECRET": SECRET,
        "TIEBREAK_LABEL_STUDIO_TOKEN": settings.label_studio_token.get_secret_value(),
    }


def first_model(outside: Services, project: int) -> int:
    """The store's key of the project, once the backend has a model of it."""
    key = pull(outside.store, outside.gateway, project, clock).project
    assess(outside.store, key, outside.settings, clock)
    teach(outside, key)
    await_learning(outside, key)
    return key


def await_learning(outside: Services, key: int) -> str:
    """The live model, when the backend is done."""
    assert outside.backend is not None
    with outside.store.read() as connection:
        name = project_key(projects.get(connection, key))
    end = time.monotonic() + PATIENCE
    while (state := outside.backend.state(name)).state != "idle" or state.model is None:
        if state.error or time.monotonic() > end:
            raise DemoError(f"the ML backend learned nothing: {state.error or state.state}")
        time.sleep(0.1)
    return state.model
