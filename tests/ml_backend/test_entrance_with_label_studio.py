"""A real Label Studio that sends name and password, and a secret address for its events."""

from pathlib import Path
from typing import Any

import pytest
import requests

from ..conftest import RunningLabelStudio
from .scenes import SENTIMENT, feed_server, sentiment_rows
from .test_serve import Server, serving
from .test_trainer import wait_for

pytestmark = pytest.mark.label_studio


def call(studio: RunningLabelStudio, method: str, path: str, body: Any = None) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Token {studio.person('admin').token}"}
        return session.request(method, f"{studio.url}/api/{path}", json=body, headers=headers, timeout=60)


def connect(studio: RunningLabelStudio, project: int, server: Server, password: str) -> requests.Response:
    body = {
        "project": project,
        "url": server.url,
        "title": "Guarded",
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": "studio",
        "basic_auth_pass": password,
    }
    return call(studio, "POST", "ml", body)


def test_it_connects_asks_and_tells_with_the_right_password_alone(
    label_studio: RunningLabelStudio, tmp_path: Path
) -> None:
    admin = label_studio.as_("admin")
    project = admin.create_project("Guarded", SENTIMENT, maximum_annotations=1)
    (task,) = admin.import_tasks(project.id, [{"data": {"text": "lovely wonderful happy day"}}])
    key = f"{project.id}.{project.created_at // 1_000_000}"
    guarded = {"user": "studio", "password": "right-password", "webhook_secret": "only-we-know"}
    with feed_server(sentiment_rows(60)) as feed, serving(tmp_path, feed.url, **guarded) as server:
        server.post("/train", {"project": key, "label_config": SENTIMENT})
        server.await_model("tiebreak-1", key)
        assert connect(label_studio, project.id, server, "wrong").status_code == 400
        connected = connect(label_studio, project.id, server, "right-password")
        assert connected.status_code == 201, connected.text
        (backend,) = admin.backends(project.id)
        assert (backend.state, backend.model_version) == ("CO", "tiebreak-1")
        opened = call(label_studio, "GET", f"tasks/{task}/?project={project.id}").json()
        assert [one["model_version"] for one in opened["predictions"]] == ["tiebreak-1"]
        asked = len(feed.asked)
        hooks = call(label_studio, "GET", f"webhooks/?project={project.id}").json()
        (hook,) = [one for one in hooks if one["url"].endswith("/webhook")]
        changed = call(label_studio, "PATCH", f"webhooks/{hook['id']}/", {"url": f"{server.url}/webhook/only-we-know"})
        assert changed.ok, changed.text
        admin.create_annotation(task, [], lead_time=1.0)
        wait_for(lambda: len(feed.asked) == asked + 1)
        pressed = call(label_studio, "POST", f"ml/{backend.id}/train", {})
        assert pressed.ok, pressed.text
        wait_for(lambda: len(feed.asked) == asked + 2)
