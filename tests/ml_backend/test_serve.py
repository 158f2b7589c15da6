"""``tiebreak-ml serve`` as a process, with a real feed beside it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from ml_backend import runner
from ml_backend.errors import ServeError
from ml_backend.settings import Settings

from .commands import environment
from .scenes import PROJECT, SECRET, SENTIMENT, bearer, feed_line, feed_server, sentiment_rows

# Long on a busy machine, and so among the first.
pytestmark = pytest.mark.timeout(300)

T = TypeVar("T")
PROGRAM = str(Path(sys.executable).with_name("tiebreak-ml"))
POOL = [
    {"id": 1000 + n, "data": dict(row.data), "holdout": n % 10 == 0, "blind": n % 6 == 0}
    for n, row in enumerate(sentiment_rows(30, seed=3))
]


class Server:
    """One running server."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, session: requests.Session) -> None:
        self.process = process
        self.url = url
        self._session = session

    def get(self, path: str, **params: str) -> Any:
        return self._checked(self._session.get(self.url + path, params=params, headers=bearer(), timeout=30)).json()

    def post(self, path: str, body: Mapping[str, Any]) -> requests.Response:
        return self._checked(self._session.post(self.url + path, json=body, headers=bearer(), timeout=120))

    def _checked(self, reply: requests.Response) -> requests.Response:
        assert reply.ok, reply.text
        return reply

    def await_model(self, version: str, project: str = PROJECT) -> Any:
        end = time.monotonic() + 120
        while (state := self.get("/versions", project=project))["model"] != version or state["state"] != "idle":
            assert state["error"] is None, state
            assert time.monotonic() < end, state
            time.sleep(0.05)
        return state

    def workers(self) -> list[int]:
        """The processes that answer."""
        return [pid for pid in children(self.process.pid) if "ml_backend.lessons.lesson" not in command_of(pid)]

    def lessons(self) -> list[int]:
        """The processes that learn, whoever has started them."""
        there = [pid for worker in self.workers() for pid in children(worker)]
        return [pid for pid in there if "ml_backend.lessons.lesson" in command_of(pid)]

    def of_each_worker(self, ask: Callable[[], T]) -> list[T]:
        """What each of them answers, the others being held still meanwhile."""
        found = []
        for one in self.workers():
            others = [pid for pid in self.workers() if pid != one]
            for pid in others:
                os.kill(pid, signal.SIGSTOP)
            try:
                found.append(ask())
            finally:
                for pid in others:
                    os.kill(pid, signal.SIGCONT)
        return found

    def predict(self) -> list[dict[str, Any]]:
        body = {"tasks": POOL, "project": PROJECT, "label_config": SENTIMENT, "params": {"context": None}}
        found: list[dict[str, Any]] = self.post("/predict", body).json()["results"]
        return found


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = [Path(f"/proc/{pid}/task/{thread.name}/children") for thread in Path(f"/proc/{pid}/task").iterdir()]
    return sorted(int(child) for place in found for child in place.read_text(encoding="ascii").split())


def command_of(pid: int) -> str:
    """How a process was started; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except OSError:
        return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, feed: str, program: Sequence[str] = (PROGRAM,), **given: str) -> Iterator[Server]:
    port = free_port()
    command = [*program, "serve", "--host", "127.0.0.1", "--port", str(port), "--data", str(folder / "ml")]
    with (folder / "log").open("ab") as log, requests.Session() as session:
        session.trust_env = False
        variables = {"secret": SECRET, "sync_url": feed, "wait_seconds": "0.1", **given}
        settings = {f"TIEBREAK_ML_{name.upper()}": value for name, value in variables.items()}
        process = subprocess.Popen(command, env=environment(**settings), stdout=log, stderr=log, start_new_session=True)
        try:
            _await_health(process, f"http://127.0.0.1:{port}", session, folder / "log")
            yield Server(process, f"http://127.0.0.1:{port}", session)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _await_health(process: "subprocess.Popen[bytes]", url: str, session: requests.Session, log: Path) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            if session.get(f"{url}/health", headers=bearer(), timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))


def test_train_score_round_and_a_restart_that_changes_nothing(tmp_path: Path) -> None:
    with feed_server(sentiment_rows(60)) as feed:
        with serving(tmp_path, feed.url) as server:
            server.post("/train", {"project": PROJECT, "label_config": SENTIMENT})
            state = server.await_model("tiebreak-1")
            assert (state["cursor"], state["trained_labels"]) == (60, 54)
            body = {"project": PROJECT, "label_config": SENTIMENT, "tasks": POOL, "round": "tiebreak-1.1"}
            lines = [json.loads(line) for line in server.post("/score", body).iter_lines()]
            server.post("/round", {"project": PROJECT, "version": "tiebreak-1.1"})
            told = server.predict()
            setup = server.post("/setup", {"project": PROJECT, "schema": SENTIMENT}).json()
            assert setup == {"model_version": "tiebreak-1.1"}
            assert {one["model_version"] for one in told} == {"tiebreak-1.1"}
            assert [one["score"] for one in told] == [line["place"] / len(POOL) for line in lines]
            os.killpg(server.process.pid, signal.SIGKILL)
        feed.rows += [feed_line(row, updated_at=100 + row.task) for row in sentiment_rows(30, seed=8, first=500)]
        with serving(tmp_path, feed.url) as server:
            assert server.predict() == told
            # It looked for news by itself, and what it learned is not shown before the next round.
            state = server.await_model("tiebreak-2")
            assert state["round"] == "tiebreak-1.1"
            assert server.predict() == told


def test_a_roll_back_reaches_a_running_server(tmp_path: Path) -> None:
    with feed_server(sentiment_rows(60)) as feed, serving(tmp_path, feed.url) as server:
        server.post("/train", {"project": PROJECT, "label_config": SENTIMENT})
        server.await_model("tiebreak-1")
        first = server.predict()
        feed.rows += [feed_line(row, updated_at=100 + row.task) for row in sentiment_rows(30, seed=8, first=500)]
        server.post("/train", {"project": PROJECT, "label_config": SENTIMENT})
        server.await_model("tiebreak-2")
        assert server.predict() != first
        done = run("rollback", PROJECT, "--data", str(tmp_path / "ml"))
        assert (done.returncode, done.stdout) == (0, f"project {PROJECT}: tiebreak-1 is live\n")
        assert server.await_model("tiebreak-1")["versions"] == ["tiebreak-1", "tiebreak-2"]
        assert server.predict() == first


def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, *arguments],
        env=environment(COLUMNS="300", **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_what_cannot_start_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for host, number, data, told in (
            ("127.0.0.1", port, "ml", f"port {port} of 127.0.0.1 cannot be used"),
            ("198.51.100.1", 9090, "ml", "of 198.51.100.1 cannot be used"),
            ("127.0.0.1", free_port(), "file", "choose another with --data"),
            ("127.0.0.1", 99_999, "ml", "port 99999 does not exist: choose one from 1 to 65535 with --port"),
            ("127.0.0.1", -1, "ml", "port -1 does not exist"),
        ):
            with pytest.raises(ServeError, match=told):
                runner.serve(Settings(data=tmp_path / data), host, number)
        done = run("serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"tiebreak-ml: port {port} of 127.0.0.1 cannot be used")
    assert "Traceback" not in done.stderr
    assert "http://" not in done.stderr  # no address before it is sure that somebody answers there


def test_neither_help_nor_the_start_of_the_server_loads_what_only_learning_needs() -> None:
    script = """
import sys, ml_backend.cli
print([name for name in ("torch", "sklearn", "scipy", "numpy", "flask") if name in sys.modules])
import ml_backend.runner
print([name for name in ("torch", "sklearn") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"
