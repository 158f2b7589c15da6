"""A real Label Studio with a real ``tiebreak-ml serve`` connected: what it asks, and what it keeps of the answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from label_config.answers import chosen
from label_config.parse import parse
from label_config.results import read_answers
from label_config.templates import template
from ml_backend.encoders import pixels
from ml_backend.errors import MediaError
from ml_backend.media import Media, of_project
from ml_backend.settings import Settings
from sync.demo.accounts import Account
from sync.labelstudio.client import LabelStudio

from ..conftest import RunningLabelStudio
from .scenes import SENTIMENT, FeedServer, feed_server, sentence, sentiment_rows
from .test_encoders import encoded, picture
from .test_serve import Server, serving
from .test_trainer import wait_for

pytestmark = pytest.mark.label_studio

CONFIG = parse(SENTIMENT)
LABELS = ["good", "bad", "unsure"]


@dataclass(frozen=True)
class Connected:
    """A project with unlabeled tasks and a connected backend that has learned."""

    admin: LabelStudio
    token: str
    project: int
    key: str
    tasks: list[int]
    wanted: list[str]
    backend: int
    server: Server
    feed: FeedServer

    def call(self, method: str, path: str, body: Any = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            reply = session.request(
                method,
                f"{self.admin.url}/api/{path}",
                json=body,
                headers={"Authorization": f"Token {self.token}"},
                timeout=60,
            )
        assert reply.ok, reply.text
        return reply.json() if reply.content else None


@pytest.fixture(scope="module")
def connected(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    admin = label_studio.as_("admin")
    project = admin.create_project("Connected", SENTIMENT, maximum_annotations=1, show_collab_predictions=True)
    rng = np.random.default_rng(5)
    wanted = [str(label) for label in rng.choice(LABELS, 30)]
    tasks = admin.import_tasks(project.id, [{"data": {"text": sentence([label], rng)}} for label in wanted])
    key = f"{project.id}.{project.created_at // 1_000_000}"
    folder: Path = tmp_path_factory.mktemp("ml")
    with feed_server(sentiment_rows(60, first=10**6)) as feed, serving(folder, feed.url) as server:
        backend = admin.connect_backend(project.id, server.url, "Tiebreak")
        assert (backend.state, backend.model_version) == ("CO", "tiebreak-0")
        server.post("/train", {"project": key, "label_config": SENTIMENT})
        server.await_model("tiebreak-1", key)
        token = label_studio.person("admin").token
        yield Connected(admin, token, project.id, key, tasks, wanted, backend.id, server, feed)


def test_retrieve_predictions_stores_one_valid_prediction_a_task(connected: Connected) -> None:
    connected.call(
        "POST",
        f"dm/actions?id=retrieve_tasks_predictions&project={connected.project}",
        {"selectedItems": {"all": True, "excluded": []}, "project": str(connected.project)},
    )
    stored = {one.task: one for one in connected.admin.predictions(project=connected.project)}
    assert sorted(stored) == connected.tasks
    assert {one.model_version for one in stored.values()} == {"tiebreak-1"}
    assert all(one.score is not None and 0 <= one.score <= 1 for one in stored.values())
    told = [chosen(read_answers(CONFIG, stored[task].result)["sentiment"])[0] for task in connected.tasks]
    assert np.mean([one == label for one, label in zip(told, connected.wanted, strict=True)]) > 0.9
    result: Any = stored[connected.tasks[0]].result
    (region,) = result
    assert 0 < region["score"] <= 1
    assert set(region["meta"]["tiebreak"]) == {
        "least_confidence",
        "margin",
        "entropy",
        "disagreement",
        "novelty",
        "fused",
        "set_size",
    }


def test_opening_a_task_fetches_its_prediction(connected: Connected) -> None:
    (task,) = connected.admin.import_tasks(connected.project, [{"data": {"text": "lovely wonderful happy day"}}])
    opened = connected.call("GET", f"tasks/{task}/?project={connected.project}")
    (prediction,) = opened["predictions"]
    assert chosen(read_answers(CONFIG, prediction["result"])["sentiment"]) == ("good",)
    assert prediction["model_version"] == "tiebreak-1"


def test_an_interactive_request_is_answered(connected: Connected) -> None:
    # Without the address this request is a 500 of Label Studio's.
    changed = {"is_interactive": True, "url": connected.server.url, "project": connected.project}
    connected.call("PATCH", f"ml/{connected.backend}", changed)
    body = {"task": connected.tasks[0], "context": {"result": []}}
    answer = connected.call("POST", f"ml/{connected.backend}/interactive-annotating", body)
    assert chosen(read_answers(CONFIG, answer["data"]["result"])["sentiment"]) == (connected.wanted[0],)


def test_an_uploaded_image_is_fetched_with_either_kind_of_token(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    project = admin.create_project("Uploaded", template("digits"))
    content = encoded(picture(0))
    with requests.Session() as session:
        session.trust_env = False

        def post(path: str, person: Account, **body: Any) -> requests.Response:
            headers = {"Authorization": f"Token {person.token}"}
            reply = session.post(f"{label_studio.url}/api/{path}", headers=headers, timeout=60, **body)
            assert reply.ok, reply.text
            return reply

        post(f"projects/{project.id}/import", label_studio.person("admin"), files={"file": ("bar.png", content)})
        personal = post("token/", label_studio.person("annotator")).json()["token"]
    (task,) = admin.tasks_after(project.id, 0, 10)
    assert task.data["image"].startswith("/data/upload/")
    for token in (label_studio.person("admin").token, personal):
        settings = Settings(label_studio_url=label_studio.url, label_studio_token=token)
        assert Media(settings).fetch(task.data["image"]) == content
    with pytest.raises(MediaError, match=r"HTTP 401"):
        pixels.read(task.data["image"], Media(Settings(label_studio_url=label_studio.url)).fetch)
    # Label Studio knows who asks, and no storage of that name: a file of one would come.
    for given, told in (({"label_studio_token": personal}, "HTTP 404"), ({}, "HTTP 401")):
        media = Media(Settings(label_studio_url=label_studio.url, **given))
        with pytest.raises(MediaError, match=told):
            of_project(media.fetch, f"{project.id}.1")("s3://nowhere/bar.png")


def test_label_studio_lists_the_versions(connected: Connected) -> None:
    assert "tiebreak-1" in connected.call("GET", f"ml/{connected.backend}/versions")["versions"]


def test_the_train_button_and_an_annotation_wake_the_trainer(connected: Connected) -> None:
    asked = len(connected.feed.asked)
    connected.call("POST", f"ml/{connected.backend}/train", {})
    wait_for(lambda: len(connected.feed.asked) == asked + 1)
    connected.admin.create_annotation(connected.tasks[1], [], lead_time=1.0)
    wait_for(lambda: len(connected.feed.asked) == asked + 2)


def test_a_round_reaches_setup(connected: Connected) -> None:
    pool = [{"id": task, "data": {"text": "a"}} for task in connected.tasks]
    body = {"project": connected.key, "label_config": SENTIMENT, "tasks": pool, "round": "tiebreak-1.1"}
    connected.server.post("/score", body)
    connected.server.post("/round", {"project": connected.key, "version": "tiebreak-1.1"})
    (backend,) = connected.admin.backends(connected.project)
    assert (backend.state, backend.model_version) == ("CO", "tiebreak-1.1")
