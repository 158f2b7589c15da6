"""``tiebreak serve`` as a real process beside a real Label Studio: it starts, hears, runs, and stops when told."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from sync.demo.embedded import free_port
from sync.settings import Settings
from sync.store import projects
from sync.store.annotations import answers_of
from sync.store.engine import Store, open_store
from sync.webhooks import SECRET_HEADER, webhook

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import Scene, result, scene

pytestmark = pytest.mark.label_studio
PROGRAM = str(Path(sys.executable).with_name("tiebreak"))
SECRET = "a shared secret"


class Served:
    """A running ``tiebreak serve`` for one project; it looks by itself only once an hour."""

    def __init__(self, studio: RunningLabelStudio, folder: Path) -> None:
        self.made: Scene = scene(studio, [["good"], []])
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.store_url = f"sqlite:///{folder / 'tiebreak.sqlite3'}"
        self.log = folder / "log"
        given = {
            "LABEL_STUDIO_URL": studio.url,
            "LABEL_STUDIO_TOKEN": studio.person("admin").token,
            "STORE": self.store_url,
            "PROJECTS": str(self.made.project),
            "PUBLIC_URL": self.url,
            "BACKEND_URL": "http://127.0.0.1:9",
            "SECRET": SECRET,
            "SYNC_SECONDS": "3600",
            "WAKE_SECONDS": "0.1",
            "BOOTSTRAP": "100",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
        self.environment = kept | {f"TIEBREAK_{name}": value for name, value in given.items()}
        self.folder = folder
        with self.log.open("wb") as log:
            self.process = self.start(stdout=log, stderr=log)

    def start(self, **streams: object) -> "subprocess.Popen[bytes]":
        command = [PROGRAM, "serve", "--port", str(self.port)]
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, **streams)  # type: ignore[call-overload, no-any-return]

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=10)

    def answers(self, store: Store) -> int:
        with store.read() as connection:
            return len(answers_of(connection, projects.source(connection, self.made.project).key)[0])


def until(seconds: float, what: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if what():
                return True
        except (httpx.HTTPError, AssertionError):
            pass
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def served(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(label_studio, tmp_path_factory.mktemp("served"))
    try:
        ready = until(60, lambda: 'tiebreak_last_run_ok{name="project' in running.get("/metrics").text)
        assert ready, running.log.read_text()
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_an_annotation_wakes_it_through_the_webhook(served: Served, label_studio: RunningLabelStudio) -> None:
    assert served.get("/healthz").json() == {"status": "ok"}
    hook = webhook(Settings(public_url=served.url, secret=SECRET), served.made.project)
    assert hook is not None
    hook.ensure(label_studio.as_("admin"))
    store = open_store(served.store_url)
    assert served.answers(store) == 1
    label_studio.as_("annotator").create_annotation(served.made.tasks[1], result("bad"))
    heard = until(60, lambda: served.answers(store) == 2)
    store.close()
    assert heard, served.log.read_text()
    assert 'tiebreak_webhooks_total{accepted="true"} ' in served.get("/metrics").text


def test_an_ml_backend_that_is_down_is_a_warning_and_no_failure(served: Served) -> None:
    said = served.log.read_text()
    assert "WARNING sync.runner: project" in said
    assert "is `tiebreak-ml serve` running there?" in said
    assert "ERROR" not in said
    assert f'tiebreak_last_run_ok{{name="project:{served.made.project}:run"}} 1.0' in served.get("/metrics").text


def test_a_webhook_without_the_secret_is_refused(served: Served) -> None:
    reply = httpx.post(f"{served.url}/webhook", json={}, headers={SECRET_HEADER: "wrong"}, timeout=10)
    assert reply.status_code == 401


def test_a_port_that_is_taken_is_said_in_one_line(served: Served) -> None:
    second = served.start(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (1, b"")
    assert err.decode() == (
        f"tiebreak: port {served.port} of 127.0.0.1 cannot be used (Address already in use): "
        "choose another with --port\n"
    )


def test_every_line_of_a_runner_that_logs_json_is_json(served: Served, tmp_path: Path) -> None:
    kept = {**served.environment, "TIEBREAK_STORE": f"sqlite:///{tmp_path / 'own.sqlite3'}", "TIEBREAK_PROJECTS": ""}
    command = [PROGRAM, "runner", "--log-format", "json"]
    with subprocess.Popen(command, cwd=tmp_path, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        lines = [first, *process.stderr]
    assert process.returncode == 0
    said = [json.loads(line) for line in lines]
    assert said[0]["message"] == "looking after projects: none: set `projects`"
    assert said[0]["level"] == "info"


def test_it_stops_within_seconds_when_told_and_frees_its_port(served: Served) -> None:
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(timeout=20) == 0
    said = served.log.read_text()
    assert f"tiebreak: listening at {served.url} (projects: {served.made.project})" in said
    assert "Traceback" not in said
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", served.port))
