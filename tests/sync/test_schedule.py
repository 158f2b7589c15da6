"""When the scheduler runs: at once, at its times, soon after a webhook, when the ML backend has learned."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sync.backend import Backend
from sync.errors import Busy, Unreachable
from sync.schedule import Scheduler

from ..small_backend import SmallBackend


class Runs:
    """What was run, in order; ``act`` is what a run does."""

    def __init__(self, act: Callable[[int], str | None] = lambda _: None) -> None:
        self.done: list[int] = []
        self.most = 0
        self._now = 0
        self._act = act

    def __call__(self, project: int) -> str | None:
        self._now += 1
        self.most = max(self.most, self._now)
        self.done.append(project)
        try:
            return self._act(project)
        finally:
            self._now -= 1

    def reach(self, count: int, seconds: float = 5.0) -> bool:
        end = time.monotonic() + seconds
        while len(self.done) < count and time.monotonic() < end:
            time.sleep(0.005)
        return len(self.done) >= count


@contextmanager
def scheduled(
    runs: Runs, *projects: int, every: float = 3600, wake: float = 0.05, backend: Backend | None = None
) -> Iterator[Scheduler]:
    scheduler = Scheduler(runs, projects, every, wake, backend)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.stop(5)


def test_every_project_is_run_at_the_start_and_then_at_its_times() -> None:
    runs = Runs()
    with scheduled(runs, 1, 2, every=0.1):
        assert runs.reach(6)
    assert runs.done[:2] == [1, 2]
    assert runs.done.count(1) >= 2
    assert runs.done.count(2) >= 2


def test_a_webhook_brings_a_run_soon_and_many_bring_one() -> None:
    runs = Runs()
    with scheduled(runs, 1, 2) as scheduler:
        assert runs.reach(2)
        for _ in range(20):
            scheduler.wake(2)
        scheduler.wake(99)
        assert runs.reach(3)
        time.sleep(0.2)
    assert runs.done == [1, 2, 2]


def test_what_happens_during_a_run_brings_another_one() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def act(_: int) -> None:
        begun.set()
        go_on.wait(5)

    runs = Runs(act)
    with scheduled(runs, 1) as scheduler:
        assert begun.wait(5)
        scheduler.wake(1)
        go_on.set()
        assert runs.reach(2)
    assert runs.most == 1


def test_a_failure_is_told_and_tried_again_ever_later(caplog: pytest.LogCaptureFixture) -> None:
    times: list[float] = []

    def act(_: int) -> None:
        times.append(time.monotonic())
        raise Unreachable("nobody there")

    runs = Runs(act)
    with caplog.at_level(logging.ERROR), scheduled(runs, 1, every=0.1):
        assert runs.reach(4)
    assert "project 1: nobody there" in caplog.text
    assert "Traceback" not in caplog.text
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[0] < pauses[2]
    assert pauses[2] >= 0.4


def test_a_project_that_somebody_else_works_on_is_tried_again_soon() -> None:
    def act(_: int) -> None:
        if len(runs.done) < 3:
            raise Busy("another run is at work")

    runs = Runs(act)
    with scheduled(runs, 1):
        assert runs.reach(3)


def test_a_defect_in_one_run_ends_no_later_one(caplog: pytest.LogCaptureFixture) -> None:
    def act(project: int) -> None:
        if project == 1:
            raise ZeroDivisionError

    runs = Runs(act)
    with caplog.at_level(logging.ERROR), scheduled(runs, 1, 2, every=0.1):
        assert runs.reach(4)
    assert "project 1: the run failed" in caplog.text
    assert runs.done.count(2) >= 2


@pytest.mark.parametrize("wake", [0.05, 60])
def test_a_backend_that_has_learned_brings_a_run_however_long_webhooks_wait(wake: float) -> None:
    server = SmallBackend(lambda: 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    backend = Backend(server.url, "secret")
    # The first run finds it learning; it is idle when asked again.
    runs = Runs(lambda _: "1.5" if len(runs.done) == 1 else None)
    with scheduled(runs, 1, wake=wake, backend=backend):
        assert runs.reach(2)
        time.sleep(0.2)
    assert len(runs.done) == 2
    backend.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_stops_after_the_run_at_work() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def act(_: int) -> None:
        begun.set()
        go_on.wait(5)

    runs = Runs(act)
    with scheduled(runs, 1, every=0.01) as scheduler:
        assert begun.wait(5)
        threading.Timer(0.1, go_on.set).start()
        scheduler.stop(5)
        count = len(runs.done)
        time.sleep(0.1)
    assert len(runs.done) == count == 1
