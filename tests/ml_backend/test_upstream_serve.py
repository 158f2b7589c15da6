"""A class of label-studio-ml behind a real ``tiebreak-ml serve``: in every worker, learned aside, gone with it."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .commands import environment
from .foreign import STAND_IN, model
from .scenes import feed_server, sentiment_rows
from .test_serve import POOL, PROGRAM, Server, children, command_of, free_port, serving
from .test_trainer import wait_for
from .test_workers import ASKED, ask

LEARNS = """
def told(self, text):
    said = super().told("happy" if self.model_version != "0.0.1" else text)
    return {**said, "score": 0.9}
"""


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.delenv("MODEL_DIR", raising=False)


def hosts(server: Server) -> list[int]:
    """The processes that the class runs in, of all workers."""
    there = [pid for worker in server.workers() for pid in children(worker)]
    return [pid for pid in there if "ml_backend.upstream_process" in command_of(pid)]


def predicted(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(server, "POST", "/predict", **ASKED, tasks=POOL)["results"]
    return found


def labels_of(server: Server) -> set[str]:
    return {one["result"][0]["value"]["choices"][0] for one in predicted(server)}


@pytest.mark.timeout(120)
def test_every_worker_takes_what_it_has_learned_and_nothing_is_left_behind(tmp_path: Path) -> None:
    name = model(tmp_path, LEARNS)
    with feed_server(sentiment_rows(200)) as feed:
        with serving(tmp_path, feed.url, model_class=name, workers="2") as server:
            wait_for(lambda: len(server.workers()) == 2, 60)
            assert server.of_each_worker(lambda: labels_of(server)) == [{"good", "bad"}] * 2
            assert len(hosts(server)) == 2
            server.post("/train", ASKED)
            state = server.await_model("tiebreak-2")
            assert state["certainty"]["sentiment"]["quality"]["source"] == "holdout"
            assert server.of_each_worker(lambda: labels_of(server)) == [{"good"}] * 2
            (sure,) = {one["result"][0]["score"] for one in predicted(server)}
            assert sure < 0.7  # a third of the answers is good, whatever the class says
            for pid in hosts(server):
                os.kill(pid, signal.SIGKILL)
            assert labels_of(server) == {"good"}
            last = hosts(server)
        wait_for(lambda: not any("ml_backend.upstream_process" in command_of(pid) for pid in last))


def test_a_class_that_cannot_be_served_is_one_line(tmp_path: Path) -> None:
    wrong = model(tmp_path).replace("Theirs", "Other")
    command = [PROGRAM, "serve", "--port", str(free_port()), "--data", str(tmp_path / "ml"), "--model", wrong]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"tiebreak-ml: model_class: 'Other' of '{tmp_path / 'their_model.py'}' is not there; such classes in it: "
        "Keywords, Theirs"
    )
