"""When the scheduler runs: at once, at its times, soon after a webhook, when the ML backend has learned."""

import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sync.backend import Backend
from sync.errors import Busy, RateLimited, Unreachable
from sync.schedule import Scheduler
from sync.stopping import Stop
from sync.store import plans, runners
from sync.store.engine import Store, open_store
from sync.store.lease import holder_name
from sync.store.plans import Plan

from ..conftest import clock
from ..small_backend import SmallBackend

SECOND = 1_000_000


def until(what: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.005)
    return what()


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
        return until(lambda: len(self.done) >= count, seconds)


Schedule = Callable[..., AbstractContextManager[Scheduler]]


@pytest.fixture
def scheduled(store: Store) -> Schedule:
    """A scheduler at work, on the test's store."""

    @contextmanager
    def started(
        runs: Callable[[int], str | None], *projects: int, every: float = 3600, wake: float = 0.05, **more: Any
    ) -> Iterator[Scheduler]:
        scheduler = Scheduler(store, runs, projects, every, wake, more.pop("clock", clock), **more)
        scheduler.start()
        try:
            yield scheduler
        finally:
            scheduler.stop(5)

    return started


def known(store: Store) -> list[runners.Runner]:
    with store.read() as connection:
        return runners.known(connection, clock())


def planned(store: Store, project: int) -> Plan:
    with store.read() as connection:
        (found,) = plans.known(connection, [project])
    return found


def test_every_project_is_run_at_the_start_and_then_at_its_times(scheduled: Schedule) -> None:
    runs = Runs()
    with scheduled(runs, 1, 2, every=0.1):
        assert runs.reach(6)
    assert runs.done[:2] == [1, 2]
    assert runs.done.count(1) >= 2
    assert runs.done.count(2) >= 2


def test_a_webhook_brings_a_run_soon_and_many_bring_one(scheduled: Schedule) -> None:
    runs = Runs()
    with scheduled(runs, 1, 2) as scheduler:
        assert runs.reach(2)
        for _ in range(20):
            scheduler.wake(2)
        scheduler.wake(99)
        assert runs.reach(3)
        time.sleep(0.2)
    assert runs.done == [1, 2, 2]


def test_what_happens_during_a_run_brings_another_one(scheduled: Schedule) -> None:
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


@pytest.mark.parametrize(
    ("error", "told"),
    [(Unreachable("nobody there"), "project 1: nobody there"), (ZeroDivisionError(), "project 1: the run failed")],
    ids=["an error of ours", "a defect"],
)
def test_a_failure_is_told_and_tried_again_ever_later(
    error: Exception, told: str, scheduled: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    times: list[float] = []

    def act(_: int) -> None:
        times.append(time.monotonic())
        raise error

    runs = Runs(act)
    with caplog.at_level(logging.ERROR), scheduled(runs, 1, every=0.1):
        assert runs.reach(4)
    assert told in caplog.text
    assert ("Traceback" in caplog.text) == isinstance(error, ZeroDivisionError)
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[0] < pauses[2]
    assert pauses[2] >= 0.4


def test_a_project_that_somebody_else_works_on_is_tried_again_soon(scheduled: Schedule) -> None:
    def act(_: int) -> None:
        if len(runs.done) < 3:
            raise Busy("another run is at work")

    runs = Runs(act)
    with scheduled(runs, 1):
        assert runs.reach(3)


def test_a_defect_in_one_run_ends_no_later_one(scheduled: Schedule, caplog: pytest.LogCaptureFixture) -> None:
    def act(project: int) -> None:
        if project == 1:
            raise ZeroDivisionError

    runs = Runs(act)
    with caplog.at_level(logging.ERROR), scheduled(runs, 1, 2, every=0.1):
        assert runs.reach(4)
    assert "project 1: the run failed" in caplog.text
    assert runs.done.count(2) >= 2


@pytest.mark.parametrize("wake", [0.05, 60])
def test_a_backend_that_has_learned_brings_a_run_however_long_webhooks_wait(scheduled: Schedule, wake: float) -> None:
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


def test_it_stops_after_the_run_at_work(scheduled: Schedule) -> None:
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


def test_told_to_stop_a_run_ends_at_its_next_safe_point_and_is_due_again(scheduled: Schedule, store: Store) -> None:
    told, begun = Stop(), threading.Event()

    def act(_: int) -> None:
        begun.set()
        while True:  # what every request does
            told.check()
            time.sleep(0.01)

    begin = time.monotonic()
    with scheduled(act, 1, told=told) as scheduler:
        assert begun.wait(10)
        assert planned(store, 1).runner is not None
        assert scheduler.stop(8)
    assert time.monotonic() - begin < 8
    found = planned(store, 1)
    assert (found.runner, found.failures) == (None, 0)
    assert found.next_at <= clock()
    assert known(store) == []


def test_a_pause_that_label_studio_wants_is_kept_whatever_webhooks_come(scheduled: Schedule, store: Store) -> None:
    def act(_: int) -> None:
        error = RateLimited("come back later")
        error.retry_after = 900.0
        raise error

    runs = Runs(act)
    begin = clock()
    with scheduled(runs, 1) as scheduler:
        assert runs.reach(1)
        assert until(lambda: planned(store, 1).failures == 1)  # what is wished before is put off, too
        scheduler.wake(1)
        time.sleep(0.4)
    assert runs.done == [1]
    found = planned(store, 1)
    assert begin + 900 * SECOND <= found.next_at <= clock() + 991 * SECOND
    assert found.failures == 1


def test_while_the_circuit_is_open_runs_are_put_off_then_one_is_the_probe(scheduled: Schedule, store: Store) -> None:
    resting = ["nothing answers there"]
    runs = Runs()
    with scheduled(runs, 1, 2, 3, resting=lambda: (30.0, resting[0]) if resting else (0.0, "")):
        assert until(lambda: [one.rests_because for one in known(store)] == ["nothing answers there"])
        time.sleep(0.1)
        assert runs.done == []
        assert [one.alive for one in known(store)] == [True]
        resting.clear()
        assert runs.reach(3)
    assert sorted(runs.done) == [1, 2, 3]


def test_that_the_server_is_away_is_no_failure_of_the_project(scheduled: Schedule, store: Store) -> None:
    away: list[bool] = []

    def act(_: int) -> None:
        away.append(True)
        raise Unreachable("nothing answers there")

    with scheduled(act, 1, resting=lambda: (0.5, "away") if len(away) == 1 else (0.0, "")):
        assert until(lambda: planned(store, 1).next_at > planned(store, 1).due_at)
        found = planned(store, 1)
    assert away
    assert found.failures == 0


def test_two_schedulers_share_the_projects_and_never_run_one_twice_at_once(store: Store) -> None:
    inside: dict[int, int] = {}
    most, ran = [0], []
    counting = threading.Lock()

    def act(project: int) -> None:
        with counting:
            inside[project] = inside.get(project, 0) + 1
            most[0] = max(most[0], inside[project])
            ran.append(threading.current_thread())
        time.sleep(0.02)
        with counting:
            inside[project] -= 1

    pair = [Scheduler(store, act, (1, 2, 3, 4), 0.2, 0.02, clock) for _ in range(2)]
    for one in pair:
        one.start()
    until(lambda: len(ran) >= 16 and len(set(ran)) == 2, 30)
    for one in pair:
        assert one.stop(10)
    assert most == [1]
    assert len(set(ran)) == 2
    assert len(ran) >= 16


def test_a_second_scheduler_does_not_make_everything_due_again(scheduled: Schedule, store: Store) -> None:
    runs = Runs()
    with scheduled(runs, 1, 2):
        assert runs.reach(2)
        with scheduled(runs, 1, 2):
            time.sleep(0.3)
    assert runs.done == [1, 2]
    with scheduled(runs, 1, 2):  # nobody else was there: somebody may have mended what was wrong
        assert runs.reach(4)


def test_what_a_runner_was_at_that_is_gone_is_taken_over(scheduled: Schedule, store: Store) -> None:
    gone = f"elsewhere/1:{1}:abc"
    with store.begin() as connection:
        long_ago = clock() - 60 * SECOND
        runners.appear(connection, gone, "runner", long_ago)
        plans.begin(connection, [1], long_ago, SECOND, afresh=False)
        assert plans.take(connection, [1], gone, long_ago, clock() + 3600 * SECOND) is not None
        runners.appear(connection, holder_name(), "runner", clock())  # another one lives: nothing begins afresh
    runs = Runs()
    with scheduled(runs, 1):
        assert runs.reach(1)


def test_a_store_that_does_not_answer_for_a_while_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "small.sqlite3"
    store = open_store(f"sqlite:///{file}?timeout=0.1")
    runs = Runs()
    scheduler = Scheduler(store, runs, (1,), 0.1, 0.05, clock)
    scheduler.start()
    assert runs.reach(1)
    with closing(sqlite3.connect(file, isolation_level=None, timeout=20)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        said = until(lambda: "another program has been writing to it for long" in caplog.text)
        somebody.execute("ROLLBACK")
    count = len(runs.done)
    assert runs.reach(count + 2, 20)
    assert scheduler.stop(10)
    store.close()
    assert said
