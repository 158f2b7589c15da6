"""One ML backend for eleven projects at once: suggestions of every kind, in their own interfaces, nothing mixed up."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from label_config.answers import Answer
from label_config.parse import parse
from label_config.results import read_answers, write_answers
from label_config.templates import template
from sync.backend import Backend
from sync.demo.embedded import free_port
from sync.demo.processes import Service
from sync.opening import Services
from sync.pipeline import run
from sync.round_scoring import project_key
from sync.settings import Settings
from sync.store import projects
from sync.store.engine import open_store
from sync.templates import create_project
from sync.web.app import create_app

from ..conftest import RunningLabelStudio, clock
from ..faults.stage import SECRET
from ..ml_backend.test_trainer import wait_for
from .ten_projects import EXACT, TASKS

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(600)]

LABELED, OPEN = 24, 4


@dataclass(frozen=True)
class Ten:
    """Template -> its project, and the open tasks of each with what is right there."""

    studio: RunningLabelStudio
    outside: Services
    projects: Mapping[str, int]
    open: Mapping[str, Mapping[int, Mapping[str, Answer]]]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Token {self.studio.person('admin').token}"}
        with requests.Session() as session:
            session.trust_env = False
            reply = session.request(method, f"{self.studio.url}/api/{path}", json=body, headers=headers, timeout=60)
        assert reply.ok, reply.text
        return reply.json()

    def state(self, name: str) -> Any:
        assert self.outside.backend is not None
        with self.outside.store.read() as connection:
            key = project_key(projects.source(connection, self.projects[name]))
        return self.outside.backend.state(key)


@pytest.fixture(scope="module")
def ten(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ten]:
    folder: Path = tmp_path_factory.mktemp("ten")
    settings = Settings(secret=SECRET, bootstrap=100, holdout_share=0, quiet_seconds=0)
    store = open_store(f"sqlite:///{folder / 'tiebreak.sqlite3'}")
    feed = make_server("127.0.0.1", 0, create_app(settings, store, lambda _: None), threaded=True)
    thread = threading.Thread(target=feed.serve_forever)
    thread.start()
    port = free_port()
    files = ["serve", "--port", str(port), "--data", str(folder / "models")]
    with Service("tiebreak-ml", files, port, "/health", folder / "ml.log") as model:
        model.start({"TIEBREAK_ML_SECRET": SECRET, "TIEBREAK_ML_SYNC_URL": f"http://127.0.0.1:{feed.port}"})
        model.ready()
        backend = Backend(model.url, SECRET)
        outside = Services(store, label_studio.as_("admin"), backend, settings, clock)
        found = Ten(label_studio, outside, *_made(label_studio, model.url))
        for project in found.projects.values():
            run(outside, project)
        wait_for(lambda: all(found.state(name).model for name in TASKS), seconds=400)
        for project in found.projects.values():
            assert run(outside, project).warnings == ()
        yield found
        backend.close()
    feed.shutdown()
    thread.join()
    store.close()


def _made(studio: RunningLabelStudio, url: str) -> tuple[dict[str, int], dict[str, dict[int, Mapping[str, Answer]]]]:
    admin, person = studio.as_("admin"), studio.person("annotator").id
    made: dict[str, int] = {}
    still_open: dict[str, dict[int, Mapping[str, Answer]]] = {}
    for name, task in TASKS.items():
        project = create_project(admin, f"Of ten: {name}", template(name), Settings())
        assert admin.connect_backend(project, url, "Tiebreak").state == "CO"
        config, bodies = parse(template(name)), []
        for place in range(LABELED):
            data, right = task(place)
            answer = write_answers(config, right, region_id="r")
            bodies.append(
                {
                    "data": data,
                    "annotations": [{"completed_by": person, "result": answer, "ground_truth": False}],
                }
            )
        admin.import_tasks(project, bodies)
        waiting = [task(LABELED + place) for place in range(OPEN)]
        ids = admin.import_tasks(project, [{"data": data} for data, _ in waiting])
        made[name] = project
        still_open[name] = {number: right for number, (_, right) in zip(ids, waiting, strict=True)}
    return made, still_open


@pytest.mark.parametrize("name", TASKS)
def test_each_project_has_suggestions_of_its_own_kind_under_one_version(ten: Ten, name: str) -> None:
    admin, project = ten.outside.gateway, ten.projects[name]
    stored = {one.task: one for one in admin.predictions(project=project)}
    assert sorted(stored) == sorted(ten.open[name])
    assert len(admin.predictions(project=project)) == OPEN
    version = admin.project(project).model_version
    assert {one.model_version for one in stored.values()} == {version} == {ten.state(name).round}
    assert sorted(one.score or 0 for one in stored.values()) == [place / OPEN for place in range(OPEN)]
    config = parse(template(name))
    for task, right in ten.open[name].items():
        said = read_answers(config, stored[task].result, admin.task(task).data)
        assert said.keys() == right.keys()
        if name in EXACT:
            assert said == right


@pytest.mark.parametrize("name", TASKS)
def test_what_is_suggested_can_be_submitted_and_read_back(ten: Ten, name: str) -> None:
    (task, *_) = ten.open[name]
    (stored,) = ten.outside.gateway.predictions(task=task)
    body = {"result": stored.result, "prediction": stored.id, "was_cancelled": False}
    number = ten.call("POST", f"tasks/{task}/annotations/", body)["id"]
    config, again = parse(template(name)), ten.outside.gateway.task(task)
    (annotation,) = [one for one in again.annotations if one.id == number]
    assert read_answers(config, annotation.result, again.data) == read_answers(config, stored.result, again.data)


def test_tasks_that_are_opened_at_the_same_time_get_predictions_of_their_own_projects(ten: Ten) -> None:
    """Label Studio asks the one backend for all of them at once."""
    admin = ten.outside.gateway
    new = {
        name: admin.import_tasks(ten.projects[name], [{"data": TASKS[name](100 + place)[0]} for place in range(2)])
        for name in TASKS
    }
    opened = [(name, task) for name, tasks in new.items() for task in tasks]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: ten.call("GET", f"tasks/{one[1]}/?project={ten.projects[one[0]]}"), opened))
    for (name, task), reply in zip(opened, found, strict=True):
        (prediction,) = reply["predictions"]
        assert prediction["model_version"] == admin.project(ten.projects[name]).model_version
        said = read_answers(parse(template(name)), prediction["result"], admin.task(task).data)
        wanted = TASKS[name](100 + new[name].index(task))[1]
        assert said.keys() == wanted.keys()
        if name in EXACT:
            assert said == wanted


@pytest.mark.parametrize("name", ["text-rating", "text-spans"])
def test_retrieving_three_times_gives_no_duplicates(ten: Ten, name: str) -> None:
    admin, project = ten.outside.gateway, ten.projects[name]
    before = len(admin.predictions(project=project))
    for _ in range(3):
        selected = {"selectedItems": {"all": True, "excluded": []}, "project": str(project)}
        ten.call("POST", f"dm/actions?id=retrieve_tasks_predictions&project={project}", selected)
    stored = admin.predictions(project=project)
    assert len(stored) == len({one.task for one in stored}) >= before
    assert {one.model_version for one in stored} == {admin.project(project).model_version}


@pytest.mark.browser
def test_a_suggestion_of_the_model_is_filled_in_and_taken_by_one_key(ten: Ten, chromium: Browser) -> None:
    """Other controls: tests/label_config/test_templates_in_browser.py."""
    name = "text-spans"
    person = ten.studio.person("annotator", 2)
    admin, project = ten.outside.gateway, ten.projects[name]
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{ten.studio.url}/user/login")
    page.fill("input[name=email]", person.email)
    page.fill("input[name=password]", person.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url, timeout=30_000)
    page.goto(f"{ten.studio.url}/projects/{project}/data?labeling=1")
    page.wait_for_selector(".verify-task", timeout=30_000)
    page.wait_for_selector("[data-testid=bottombar-submit-button]")
    known = {task.id: len(task.annotations) for task in admin.tasks_after(project, 0, 100)}
    page.keyboard.press("Control+Enter")
    wait_for(lambda: any(len(one.annotations) > known[one.id] for one in admin.tasks_after(project, 0, 100)))
    page.close()
    (taken,) = [one for one in admin.tasks_after(project, 0, 100) if len(one.annotations) > known[one.id]]
    version = admin.project(project).model_version
    (shown,) = [one for one in admin.predictions(task=taken.id) if one.model_version == version]
    config = parse(template(name))
    submitted = max(taken.annotations, key=lambda one: one.id)
    assert submitted.completed_by == person.id
    assert read_answers(config, submitted.result, taken.data) == read_answers(config, shown.result, taken.data)
