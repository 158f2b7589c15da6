"""Who works on what: one holder at a time, prolonged while it works, taken over when it is gone."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import cast

import pytest

from sync import opening
from sync.errors import Busy
from sync.opening import Services
from sync.stopping import Stop
from sync.store.engine import Store
from sync.store.lease import beat, has_failed, holder_name, last_beat, lease

from ..conftest import clock

SECOND = 1_000_000


Held = AbstractContextManager[Callable[[], None]]


@dataclass(frozen=True)
class Outside:
    """As much of the outside world as a lease needs."""

    store: Store
    clock: Callable[[], int]
    told: Stop


def held(store: Store, seconds: float = 60.0, now: Callable[[], int] = clock, holder: str | None = None) -> Held:
    return lease(store, "project 1", holder or holder_name(), now, seconds)


@pytest.fixture
def somebody() -> Iterator[ExitStack]:
    """Whoever holds a lease beside the one under test, until the test is over."""
    with ExitStack() as stack:
        yield stack


def test_a_second_one_is_told_who_is_at_work(any_store: Store) -> None:
    said = rf"project 1: another run is at work \(process {os.getpid()} on "
    with held(any_store), pytest.raises(Busy, match=said), held(any_store):
        pass
    with held(any_store) as still_ours:
        still_ours()


def test_it_is_given_back_also_after_a_failure(any_store: Store) -> None:
    with pytest.raises(ZeroDivisionError), held(any_store):
        raise ZeroDivisionError
    with held(any_store):
        pass


def test_a_process_of_this_machine_that_is_gone_holds_nothing(any_store: Store, somebody: ExitStack) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    machine, _, run = holder_name().rsplit(":", 2)
    somebody.enter_context(held(any_store, holder=f"{machine}:{gone.pid}:{run}"))
    with held(any_store) as still_ours:
        still_ours()


def test_a_process_of_this_machine_that_lives_is_respected(any_store: Store, somebody: ExitStack) -> None:
    machine, _, run = holder_name().rsplit(":", 2)
    somebody.enter_context(held(any_store, holder=f"{machine}:{os.getppid()}:{run}"))
    with pytest.raises(Busy, match=rf"process {os.getppid()} on "), held(any_store):
        pass


def test_another_machine_is_waited_for_until_its_time_is_over(any_store: Store, somebody: ExitStack) -> None:
    now = clock()
    somebody.enter_context(held(any_store, holder="elsewhere/1:1:abc", now=lambda: now))
    said = r"process 1 on elsewhere\): let it finish. If it is gone, its hold ends at "
    with pytest.raises(Busy, match=said), held(any_store, now=lambda: now + 59 * SECOND):
        pass
    with held(any_store, now=lambda: now + 61 * SECOND) as still_ours:
        still_ours()


def test_it_is_prolonged_while_the_work_lasts(any_store: Store) -> None:
    with held(any_store, seconds=0.4) as still_ours:
        time.sleep(1.0)
        still_ours()
        with pytest.raises(Busy), held(any_store, seconds=0.4):
            pass


def test_who_lost_it_is_told_and_gives_back_nothing(any_store: Store, somebody: ExitStack) -> None:
    with held(any_store, seconds=0.4) as still_ours:
        somebody.enter_context(held(any_store, now=lambda: clock() + 3600 * SECOND))
        time.sleep(0.3)
        with pytest.raises(Busy, match="another run took over; this one stops"):
            still_ours()
    with pytest.raises(Busy), held(any_store):
        pass


def test_of_many_at_once_exactly_one_holds_it_at_any_time(any_store: Store) -> None:
    inside, most, done, busy = [0], [0], [0], [0]
    counting = threading.Lock()

    def work() -> None:
        for _ in range(6):
            try:
                with held(any_store):
                    with counting:
                        inside[0] += 1
                        most[0] = max(most[0], inside[0])
                    time.sleep(0.002)
                    with counting:
                        inside[0] -= 1
                        done[0] += 1
            except Busy:
                with counting:
                    busy[0] += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1
    assert done[0] + busy[0] == 24
    assert done[0] >= 1


def test_what_was_done_last_and_how(any_store: Store) -> None:
    with any_store.begin() as connection:
        assert (last_beat(connection, "a"), has_failed(connection, "a")) == (None, False)
        beat(connection, "a", 5, False, "no")
        assert (last_beat(connection, "a"), has_failed(connection, "a")) == (5, True)
        beat(connection, "a", 7, True, "")
        assert (last_beat(connection, "a"), has_failed(connection, "a")) == (7, False)


def test_a_command_waits_for_the_run_at_work_and_says_so_once(
    any_store: Store, monkeypatch: pytest.MonkeyPatch, somebody: ExitStack
) -> None:
    monkeypatch.setattr(opening, "QUIET_SECONDS", 0.3)
    outside = cast("Services", Outside(any_store, clock, Stop()))
    other = somebody.enter_context(ExitStack())
    other.enter_context(held(any_store))
    said: list[str] = []

    def heard(text: str) -> None:
        said.append(text)
        leaves.start()

    leaves = threading.Timer(0.6, other.close)
    with opening.alone(outside, 1, waits=heard) as go_on:
        go_on()
    leaves.join()
    (line,) = said
    assert line.startswith(f"project 1: waiting for the run of process {os.getpid()} on ")
    assert line.endswith(", for 30 s at most")


def test_who_does_not_want_to_wait_is_refused_at_once_and_who_does_in_the_end(
    any_store: Store, somebody: ExitStack
) -> None:
    outside = cast("Services", Outside(any_store, clock, Stop()))
    somebody.enter_context(held(any_store))
    said: list[str] = []
    for waits, at_least in ((None, 0.0), (said.append, 0.5)):
        began = time.monotonic()
        with pytest.raises(Busy, match="another run is at work"), opening.alone(outside, 1, waits=waits, seconds=0.5):
            pass
        assert time.monotonic() - began >= at_least
    assert said == []
