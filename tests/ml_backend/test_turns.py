"""An event of Label Studio is answered at once, whatever else the process is doing: no step of it takes all turns."""

import gc
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from ml_backend.files import read_json, write_json

from .scenes import PROJECT, SENTIMENT, feed_server, sentiment_rows
from .stage import Here
from .test_serve import Server, serving

QUICK = 0.05
"""Seconds, as promised."""
TURNS = 12
"""Steps of a request between which its thread waits for its turn."""
EVENT = {"action": "ANNOTATION_CREATED", "project": {"id": 4}, "task": {"id": 1}}
LATENESS = """
import sys, threading, time
worst = 0.0
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not ended.is_set():
    before = time.monotonic()
    time.sleep(0.001)
    worst = max(worst, time.monotonic() - before - 0.001)
print(worst)
"""


def body(count: int, **more: Any) -> bytes:
    """Many tasks, each with a text of its own."""
    data = [row.data for row in sentiment_rows(500, seed=3)]
    tasks = [{"id": 10_000 + n, "data": {"text": f"{data[n % 500]['text']} {n}"}} for n in range(count)]
    return json.dumps({"project": PROJECT, "label_config": SENTIMENT, "tasks": tasks, **more}).encode()


@contextmanager
def held() -> Iterator[list[float]]:
    """How long other threads of this process let a thread wait that wants to go on, in seconds of the process's own
    time: what other processes take from it does not count.
    """
    found: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            before, used = time.perf_counter(), time.process_time()
            time.sleep(0.002)
            found.append(min(time.perf_counter() - before - 0.002, time.process_time() - used))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def waited(*processes: int) -> float:
    """Seconds that the threads of processes have waited for a processor."""
    threads = [one for pid in processes for one in Path(f"/proc/{pid}/task").iterdir()]
    found = 0.0
    for one in threads:
        with suppress(OSError):  # it has ended
            found += int((one / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    return found


@contextmanager
def lateness() -> Iterator[list[float]]:
    """How late a process that only sleeps was at most, in seconds, once it is over: how busy the machine is."""
    found: list[float] = []
    command = [sys.executable, "-c", LATENESS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bare:
        yield found
        found.append(float(bare.communicate()[0]))


def test_no_step_of_a_very_large_request_takes_all_turns(empty: Here) -> None:
    content = body(60_000)
    gc.collect()
    gc.disable()  # a whole process of tests is gone through otherwise; the server's own is not: see runner.share_turns
    try:
        with held() as waited:
            reply = empty.client.post("/predict", data=content)
    finally:
        gc.enable()
    assert reply.status_code == 200
    assert max(waited) < QUICK
    results = json.loads(reply.data)["results"]
    assert len(results) == 60_000
    assert reply.content_length == len(reply.data)


def test_a_file_of_a_very_large_round_is_written_and_read_in_short_steps(tmp_path: Path) -> None:
    value = {"version": "tiebreak-1.1", "places": [[n, n] for n in range(400_000)], "none": [], "few": [1, 2]}
    gc.disable()
    try:
        with held() as waited:
            write_json(tmp_path / "round.json", value)
            found = read_json(tmp_path / "round.json")
    finally:
        gc.enable()
    assert found == value
    assert max(waited) < QUICK
    assert (tmp_path / "round.json").read_text(encoding="utf-8") == json.dumps(value) + "\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One process, that has learned."""
    with feed_server(sentiment_rows(60)) as feed:
        folder = tmp_path_factory.mktemp("turns")
        with serving(folder, feed.url, workers="1", wait_seconds="3600") as found:
            found.post("/train", {"project": PROJECT, "label_config": SENTIMENT})
            found.await_model("tiebreak-1")
            yield found


def test_events_are_answered_at_once_during_a_large_request(server: Server) -> None:
    content, told = body(10_000), list[int]()

    def ask() -> None:
        with requests.Session() as session:
            session.trust_env = False
            told.append(len(session.post(f"{server.url}/predict", data=content, timeout=100).json()["results"]))

    seconds = []
    asking = threading.Thread(target=ask)
    with lateness() as late:
        asking.start()
        while asking.is_alive():
            with requests.Session() as session:
                session.trust_env = False
                start, before = time.monotonic(), waited(*server.workers(), os.getpid())
                assert session.post(f"{server.url}/webhook", json=EVENT, timeout=30).ok
                # What threads wait for a processor is this machine's, and not ours.
                machine = waited(*server.workers(), os.getpid()) - before
                seconds.append(time.monotonic() - start - machine)
        asking.join()
    assert told == [10_000]
    assert len(seconds) > 10
    assert max(seconds) < QUICK + TURNS * late[0], sorted(seconds)[-5:]
    assert statistics.median(seconds) < QUICK + late[0]
