"""Each finding of the doctor, provoked on a real Label Studio, and mended where it can be."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sync.backend import Backend
from sync.doctor import Diagnosis, examine, mend
from sync.labelstudio.client import LabelStudio
from sync.opening import Services
from sync.pipeline import run
from sync.push import QUEUE_VERSION
from sync.settings import Settings
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import Store, claim, open_store
from sync.webhooks import SECRET_HEADER

from ..conftest import RunningLabelStudio, clock
from ..end_to_end.scenes import XML, review_projects, scene
from ..small_backend import SmallBackend
from .misbehaving import always, serving

pytestmark = pytest.mark.label_studio
PAIR = ["good", "bad"]
SECRET = "a shared secret"


class Patient:
    """A Label Studio under examination, with the settings given."""

    def __init__(self, studio: RunningLabelStudio, store: Store) -> None:
        self.studio, self.store = studio, store
        self.gateway = studio.as_("admin")

    def services(self, backend: Backend | None = None, **given: Any) -> Services:
        settings = Settings(**{"label_studio_token": "x", "secret": SECRET, **given})
        return Services(self.store, self.gateway, backend, settings, clock)

    def findings(self, backend: Backend | None = None, **given: Any) -> list[Diagnosis]:
        return list(examine(self.services(backend, **given)))

    def bad(self, backend: Backend | None = None, **given: Any) -> dict[str, Diagnosis]:
        """What is wrong, by the check."""
        return {one.check: one for one in self.findings(backend, **given) if not one.ok}

    def mended(self, backend: Backend | None = None, **given: Any) -> dict[str, Diagnosis]:
        """What is still wrong after mending."""
        outside = self.services(backend, **given)
        assert [failure for _, failure in mend(outside, list(examine(outside))) if failure] == []
        return self.bad(backend, **given)


@pytest.fixture
def patient(label_studio: RunningLabelStudio, store: Store) -> Patient:
    return Patient(label_studio, store)


@pytest.fixture(scope="module")
def pushed(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, int]:
    """The Label Studio ids of a project and of its one review project."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('pushed') / 'tiebreak.sqlite3'}")
    made = scene(label_studio, [PAIR, PAIR])
    run(Services(store, label_studio.as_("admin"), None, Settings(bootstrap=100), clock), made.project)
    store.close()
    (home,) = review_projects(label_studio.as_("admin"), made.project)
    return made.project, home.id


@pytest.fixture
def small() -> Iterator[SmallBackend]:
    server = SmallBackend(lambda: 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_sound_project_has_no_findings(patient: Patient) -> None:
    made = scene(patient.studio, [PAIR])
    found = patient.findings(projects=(made.project,))
    assert all(one.ok for one in found)
    assert found[0].message.startswith("Label Studio 1.23.2 answers at http://127.0.0.1:")
    assert [one.check for one in found[:3]] == ["reachable", "token", "store"]
    assert found[1].message == "a legacy token of admin@example.com"


def test_a_wrong_token_ends_the_examination(patient: Patient) -> None:
    patient.gateway = LabelStudio.connect(patient.studio.url, "0" * 40)
    (finding,) = patient.bad(projects=(1,)).values()
    patient.gateway.close()
    assert finding.check == "token"
    assert "Invalid token" in finding.message
    assert finding.remedy.startswith("copy the token from Label Studio")


def test_a_server_that_does_not_answer_ends_it_too(patient: Patient) -> None:
    with serving(always(500, b"{}")) as server:
        patient.gateway = LabelStudio.connect(server.url, "0" * 40, timeout=0.1)
        (finding,) = patient.bad(projects=(1,)).values()
        patient.gateway.close()
    assert (finding.check, finding.remedy) == ("reachable", "start Label Studio, or set label_studio_url")


def test_projects_that_cannot_be_looked_after_are_named(patient: Patient) -> None:
    assert patient.bad()["projects"].remedy == "in the settings: projects = [ID, ...]"
    strange = scene(patient.studio, [], xml=XML.replace('value="bad"', 'value="bad" alias=" "'))
    found = patient.bad(projects=(999_999, strange.project))
    assert "not found" in found["project 999999"].message
    assert (
        "<Choices name='mood'>: a <Choice> has an empty alias" in found[f"project {strange.project}: interface"].message
    )


def test_a_review_project_of_ours_is_no_source(patient: Patient, pushed: tuple[int, int]) -> None:
    source, home = pushed
    finding = patient.bad(projects=(home,))[f"project {home}"]
    assert finding.remedy == f"in the settings: name its source, project {source}, instead"


def test_the_order_of_reviews_is_put_right(patient: Patient, pushed: tuple[int, int]) -> None:
    source, home = pushed
    assert patient.bad(projects=(source,)) == {}
    patient.gateway.update_project(home, sampling="Uniform sampling", maximum_annotations=2, model_version="")
    finding = patient.bad(projects=(source,))[f"project {source}: review order".replace(str(source), str(home))]
    assert "sampling is 'Uniform sampling'; 2 annotations a task; model version is ''" in finding.message
    assert patient.mended(projects=(source,)) == {}
    assert patient.gateway.project(home).model_version.startswith(QUEUE_VERSION)


def test_a_second_review_project_of_a_band_goes_where_it_is_empty(patient: Patient, pushed: tuple[int, int]) -> None:
    source, home = pushed
    first = patient.gateway.project(home)
    second = patient.gateway.create_project(first.title, first.label_config, description=first.description)
    patient.gateway.update_project(second.id, sampling="Uncertainty sampling")
    finding = patient.bad(projects=(source,))["review projects"]
    assert finding.message == f"project {second.id} is a second {first.title!r} beside project {home}, and empty"
    assert patient.mended(projects=(source,)) == {}
    assert [one.id for one in review_projects(patient.gateway, source)] == [home]


def test_annotators_a_task_move_from_the_project_to_its_tasks(patient: Patient) -> None:
    made = scene(patient.studio, [[], []])
    patient.gateway.update_project(made.project, maximum_annotations=3)
    finding = patient.bad(projects=(made.project,))[f"project {made.project}: overlap"]
    assert finding.message.startswith("3 annotations a task by project: started tasks are served at random")
    assert patient.mended(projects=(made.project,)) == {}
    assert patient.gateway.project(made.project).maximum_annotations == 1
    assert [patient.gateway.task(task).overlap for task in made.tasks] == [3, 3]


def test_annotators_a_task_are_left_to_the_run_where_it_decides_them(patient: Patient) -> None:
    made = scene(patient.studio, [[], []])
    given: dict[str, Any] = {"projects": (made.project,), "overlap": "by gain"}
    assert patient.bad(**given) == {}
    patient.gateway.update_project(made.project, maximum_annotations=3)
    finding = patient.bad(**given)[f"project {made.project}: overlap"]
    assert finding.remedy == f"tiebreak run {made.project}"
    assert set(patient.mended(**given)) == {f"project {made.project}: overlap"}
    run(Services(patient.store, patient.gateway, None, Settings(bootstrap=100, overlap="by gain"), clock), made.project)
    assert patient.bad(**given) == {}
    assert [patient.gateway.task(task).overlap for task in made.tasks] == [1, 1]


def test_webhooks_are_made_switched_on_and_given_our_secret(patient: Patient) -> None:
    made = scene(patient.studio, [])
    check = f"project {made.project}: webhook"
    with serving(always(200, b"{}")) as receiver:
        given: dict[str, Any] = {"projects": (made.project,), "public_url": receiver.url}
        assert patient.bad(**given)[check].message.startswith(f"none sends events to {receiver.url}/webhook: ")
        assert patient.mended(**given) == {}
        (hook,) = patient.gateway.webhooks(made.project)
        for wrong in ({"is_active": False}, {"headers": {SECRET_HEADER: "old"}}):
            patient.gateway.update_webhook(hook.id, **wrong)
            assert "is switched off or has another secret" in patient.bad(**given)[check].message
            assert patient.mended(**given) == {}
        patient.gateway.create_webhook(hook.url, project=made.project, headers=hook.headers, actions=hook.actions)
        assert f"2 send each event to {receiver.url}/webhook" in patient.bad(**given)[check].message
        assert patient.mended(**given) == {}
        assert len(patient.gateway.webhooks(made.project)) == 1
    assert patient.bad(**given)["webhook receiver"].remedy == "tiebreak serve"


def test_a_missing_secret_is_said_where_it_is_needed(patient: Patient) -> None:
    assert "secret" in patient.bad(secret="", public_url="http://127.0.0.1:9")
    assert "secret" not in patient.bad(secret="")


def test_the_store_of_another_server_is_said(patient: Patient) -> None:
    claim(patient.store, "http://one.example", 1)
    finding = patient.bad()["store"]
    assert finding.message.endswith("belongs to the Label Studio at http://one.example")
    assert finding.remedy.endswith(f"tiebreak moved {patient.studio.url}")


def test_the_ml_backend_is_connected_and_one_version_is_everywhere(patient: Patient, small: SmallBackend) -> None:
    made = scene(patient.studio, [[], []])
    name = f"project {made.project}"
    given: dict[str, Any] = {"projects": (made.project,), "backend_url": small.url}
    backend = Backend(small.url, SECRET)
    found = patient.bad(backend, **given)
    assert set(found) == {f"{name}: backend", f"{name}: sampling", f"{name}: model version"}
    assert "is not connected" in found[f"{name}: backend"].message
    assert found[f"{name}: model version"].remedy == f"tiebreak refresh {made.project}"
    assert set(patient.mended(backend, **given)) == {f"{name}: model version"}
    run(Services(patient.store, patient.gateway, backend, Settings(bootstrap=100), clock), made.project)
    assert patient.bad(backend, **given) == {}
    patient.gateway.update_project(made.project, model_version="Tiebreak")
    finding = patient.bad(backend, **given)[f"{name}: model version"]
    assert finding.message.startswith("the project says 'Tiebreak', stored predictions say tiebreak-0.1, the backend ")
    assert patient.mended(backend, **given) == {}
    backend.close()


def test_an_ml_backend_that_asks_for_a_password_is_given_it(patient: Patient, small: SmallBackend) -> None:
    made = scene(patient.studio, [])
    check = f"project {made.project}: backend"
    backend = Backend(small.url, SECRET)
    given: dict[str, Any] = {"projects": (made.project,), "backend_url": small.url}
    login = {"backend_user": "studio", "backend_password": "open"}
    assert check not in patient.mended(backend, **given)
    small.login = ("studio", "open")
    found = patient.bad(backend, **given, **login)[check]
    assert found.message == f"the ML backend {small.url} is connected, but not as 'studio' (backend_user)"
    assert check not in patient.mended(backend, **given, **login)
    small.login = ("studio", "another")
    assert "Label Studio does not reach" in patient.bad(backend, **given, **login)[check].message
    assert check not in patient.mended(backend, **given, **{**login, "backend_password": "another"})
    backend.close()


def test_an_ml_backend_that_is_down_is_said(patient: Patient) -> None:
    made = scene(patient.studio, [])
    backend = Backend("http://127.0.0.1:9", SECRET)
    found = patient.bad(backend, projects=(made.project,), backend_url=backend.url)
    backend.close()
    assert "is `tiebreak-ml serve` running there?" in found["backend"].message


def test_what_cannot_be_mended_is_told_and_the_rest_goes_on(patient: Patient) -> None:
    first, second = scene(patient.studio, [[]]), scene(patient.studio, [[]])
    for made in (first, second):
        patient.gateway.update_project(made.project, maximum_annotations=2)
    outside = patient.services(projects=(first.project, second.project))
    found = list(examine(outside))
    patient.gateway.delete_project(first.project)
    told = [(one.check, bool(failure)) for one, failure in mend(outside, found)]
    assert told == [(f"project {first.project}: overlap", True), (f"project {second.project}: overlap", False)]
    with patient.store.read() as connection:
        (event,) = entries(connection, Wanted(action="mended"))
    assert (event.actor, event.subject) == ("command line", {"check": f"project {second.project}: overlap"})
    assert event.why["found"].startswith("2 annotations a task by project")
