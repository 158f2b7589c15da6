"""Several processes of one server: what one does all show, and whichever of them dies is made good."""

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from .commands import run
from .scenes import PROJECT, SECRET, SENTIMENT, FeedServer, bearer, feed_line, feed_server, sentiment_rows
from .test_serve import POOL, Server, command_of, serving
from .test_trainer import wait_for

# Long on a busy machine, and so among the first.
pytestmark = pytest.mark.timeout(300)

ASKED = {"project": PROJECT, "label_config": SENTIMENT}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def feed() -> Iterator[FeedServer]:
    with feed_server(sentiment_rows(60)) as found:
        yield found


@pytest.fixture(scope="module")
def server(place: Path, feed: FeedServer) -> Iterator[Server]:
    """Three processes and a version."""
    with serving(place, feed.url, workers="3", wait_seconds="0.3") as found:
        found.post("/train", ASKED)
        found.await_model("tiebreak-1")
        yield found


def ask(server: Server, method: str, path: str, **body: Any) -> Any:
    """Over a connection of its own, so that any process may take it."""
    with requests.Session() as session:
        session.trust_env = False
        options: dict[str, Any] = {"json": body} if method == "POST" else {"params": body}
        reply = session.request(method, server.url + path, headers=bearer(), timeout=30, **options)
    assert reply.ok, reply.text
    return reply.json()


def soon(condition: Callable[[], bool]) -> None:
    """It happens; machines that run tests may be busy."""
    wait_for(condition, 90)


def news(feed: FeedServer, count: int = 30) -> None:
    """There is more to learn."""
    last = max(row["updated_at"] for row in feed.rows)
    rows = sentiment_rows(count, seed=last, first=last + 1)
    feed.rows += [feed_line(row, updated_at=last + place) for place, row in enumerate(rows, 1)]


def standing(server: Server) -> Any:
    return ask(server, "GET", "/versions", project=PROJECT)


def step(server: Server) -> str | None:
    """What the lesson at work does."""
    found: str | None = ask(server, "GET", "/job_status", project=PROJECT)["step"]
    return found


def versions_shown(server: Server) -> list[str]:
    shown: list[str] = server.of_each_worker(lambda: ask(server, "POST", "/setup", **ASKED)["model_version"])
    assert len(shown) == 3
    return shown


def test_a_version_a_roll_back_and_a_round_are_there_for_all_at_once(
    server: Server, feed: FeedServer, place: Path
) -> None:
    def all_show(version: str) -> None:
        soon(lambda: ask(server, "POST", "/setup", **ASKED)["model_version"] == version)
        assert versions_shown(server) == [version] * 3  # nothing is kept in memory that could be old

    before = standing(server)["model"]
    news(feed)
    server.post("/train", ASKED)
    after = f"tiebreak-{int(before.removeprefix('tiebreak-')) + 1}"
    server.await_model(after)
    all_show(after)
    assert run("rollback", PROJECT, "--data", str(place / "ml")).returncode == 0
    all_show(before)
    shown = f"{before}.1"
    server.post("/score", {**ASKED, "tasks": POOL, "round": shown})
    server.post("/round", {"project": PROJECT, "version": shown})
    all_show(shown)
    told = server.of_each_worker(lambda: ask(server, "POST", "/predict", **ASKED, tasks=POOL)["results"])
    assert told[0] == told[1] == told[2]


def test_every_process_takes_events_says_the_same_and_answers_quickly_while_one_learns(
    server: Server, feed: FeedServer
) -> None:
    news(feed, 400)
    before = len(feed.asked)
    event = {"action": "ANNOTATION_CREATED", "project": {"id": 4}, "task": {"id": 1}}
    server.of_each_worker(lambda: ask(server, "POST", "/webhook", **event))
    soon(lambda: standing(server)["state"] == "training")
    assert set(server.of_each_worker(lambda: standing(server)["state"])) == {"training"}
    status = server.of_each_worker(lambda: ask(server, "GET", "/job_status", project=PROJECT))
    assert {one["job_status"] for one in status} == {"started"}
    assert len({one["started_at"] for one in status}) == 1
    took = []
    while standing(server)["state"] == "training":
        since = time.monotonic()
        ask(server, "POST", "/webhook", **event)
        took.append(time.monotonic() - since)
        time.sleep(0.02)
    assert len(took) > 3
    assert statistics.median(took) < 0.5  # who waited for the lesson would wait for seconds
    soon(lambda: standing(server)["state"] == "idle")
    assert 0 < len(feed.asked) - before < (3 + len(took)) / 2  # events merge: test_trainer.py says how


def test_a_process_that_learns_can_be_killed_and_it_learns_again_by_itself(server: Server, feed: FeedServer) -> None:
    before = standing(server)
    workers = server.workers()
    news(feed)
    server.post("/train", ASKED)
    soon(lambda: step(server) == "learning")
    os.kill(server.lessons()[0], signal.SIGKILL)
    soon(lambda: standing(server)["state"] == "waiting" and standing(server)["error"] is not None)
    after = standing(server)
    assert (after["model"], after["versions"]) == (before["model"], before["versions"])
    assert "died (signal 9, SIGKILL)" in after["error"]
    assert ask(server, "GET", "/job_status", project=PROJECT)["job_status"] == "queued"
    assert server.workers() == workers
    soon(lambda: standing(server)["model"] != before["model"] and standing(server)["state"] == "idle")
    assert standing(server)["error"] is None


def test_when_the_process_that_gives_the_lessons_dies_another_goes_on(server: Server, feed: FeedServer) -> None:
    before = standing(server)["versions"][-1]
    news(feed)
    server.post("/train", ASKED)
    soon(lambda: step(server) == "learning")
    (lesson,) = server.lessons()
    holder = next(pid for pid in server.workers() if str(pid) == parent(lesson))
    os.kill(holder, signal.SIGKILL)
    soon(lambda: "ml_backend.lessons.lesson" not in command_of(lesson))  # nobody is left to learn for
    soon(lambda: standing(server)["versions"][-1] != before and standing(server)["state"] == "idle")
    assert int(standing(server)["versions"][-1].removeprefix("tiebreak-")) == int(before.removeprefix("tiebreak-")) + 1
    soon(lambda: len(server.workers()) == 3 and holder not in server.workers())


def parent(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]


def test_counts_are_those_of_all_processes(server: Server) -> None:
    def given() -> list[float]:
        with requests.Session() as session:
            session.trust_env = False
            text = session.get(f"{server.url}/metrics", timeout=30).text
        wanted = 'tiebreak_ml_predictions_total{answer="given"}'
        return [float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(wanted)]

    (before, *_) = [*given(), 0.0]
    task = {"id": 1, "data": {"text": "lovely great wonderful"}}
    server.of_each_worker(lambda: ask(server, "POST", "/predict", **ASKED, tasks=[task]))
    assert server.of_each_worker(given) == [[before + 3]] * 3


def test_learning_that_takes_too_long_is_ended(tmp_path: Path, feed: FeedServer) -> None:
    with serving(tmp_path, feed.url, workers="1", lesson_seconds="0.01") as server:
        server.post("/train", ASKED)
        soon(lambda: standing(server)["error"] is not None)
        assert "took longer than lesson_seconds (0.01)" in standing(server)["error"]
        assert standing(server)["model"] is None
        assert SECRET not in (tmp_path / "log").read_text(encoding="utf-8")


def most_memory(pid: int) -> int:
    """The most bytes that a process has held so far."""
    (line,) = [one for one in Path(f"/proc/{pid}/status").read_text("ascii").splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_a_hundred_thousand_tasks_in_one_request_are_answered_in_time_and_in_little_memory(
    tmp_path: Path, feed: FeedServer
) -> None:
    with serving(tmp_path, feed.url, workers="1", predict_seconds="2") as server:
        server.post("/train", ASKED)
        server.await_model("tiebreak-1")
        (worker,) = server.workers()
        text = "lovely wave great harbour " * 5
        tasks = [{"id": number, "data": {"text": f"{text}{number}"}} for number in range(100_000)]
        server.post("/predict", {**ASKED, "tasks": tasks[:4_000]})
        before, since = most_memory(worker), time.monotonic()
        results = server.post("/predict", {**ASKED, "tasks": tasks}).json()["results"]
        assert time.monotonic() - since < 90  # two seconds of thinking; the rest is the way there and back
        assert len(results) == 100_000
        given = [bool(one["result"]) for one in results]
        assert given == sorted(given, reverse=True)
        assert 0 < sum(given) < 100_000
        assert most_memory(worker) - before < 300_000_000
        assert server.workers() == [worker]
