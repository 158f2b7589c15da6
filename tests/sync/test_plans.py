"""When projects are run next, on both kinds of store: each run is taken once, hints only make it earlier."""

import os
import subprocess
import sys
import threading

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.store import plans, runners
from sync.store.engine import Store
from sync.store.lease import holder_name
from sync.store.plans import Plan
from sync.store.runners import GONE_SECONDS

from ..thorough import up_to

SECOND = 1_000_000


def all_plans(store: Store) -> list[Plan]:
    with store.read() as connection:
        return plans.known(connection)


def test_new_projects_are_due_at_once_and_whoever_waits_longest_is_first(any_store: Store) -> None:
    with any_store.begin() as connection:
        plans.begin(connection, [2, 1], 10, 60, afresh=False)
        plans.begin(connection, [3], 5, 60, afresh=False)
        taken = [plans.take(connection, [1, 2, 3], "a", 20, 80) for _ in range(4)]
    assert [one and one.project for one in taken] == [3, 1, 2, None]
    assert {(one.runner, one.began_at, one.due_at) for one in all_plans(any_store)} == {("a", 20, 80)}


def test_of_processes_that_begin_at_once_each_begins(any_store: Store) -> None:
    """Of two that see no plan yet the second one inserts none, and fails at nothing."""
    together, problems = threading.Barrier(4), list[Exception]()

    def begin() -> None:
        try:
            together.wait(30)
            with any_store.begin() as connection:
                plans.begin(connection, list(range(200)), 10, 60, afresh=False)
        except Exception as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not problems
    assert [one.project for one in all_plans(any_store)] == list(range(200))


def test_what_is_not_looked_after_here_is_not_taken(any_store: Store) -> None:
    with any_store.begin() as connection:
        plans.begin(connection, [1, 2], 10, 60, afresh=False)
        assert not plans.is_due(connection, [3], 20)
        assert plans.take(connection, [3], "a", 20, 80) is None
        assert plans.take(connection, [], "a", 20, 80) is None


def test_a_hint_during_a_run_brings_another_one_and_none_makes_it_later(any_store: Store) -> None:
    with any_store.begin() as connection:
        plans.begin(connection, [1], 0, 60, afresh=False)
        plans.take(connection, [1], "a", 0, 60)
        plans.wish(connection, 1, 20)
        plans.wish(connection, 1, 90)
        plans.wish(connection, 99, 90)
        plans.give_back(connection, 1, "a")
    (found,) = all_plans(any_store)
    assert (found.next_at, found.runner) == (20, None)


def test_who_lost_a_project_changes_nothing_of_it(any_store: Store) -> None:
    with any_store.begin() as connection:
        plans.begin(connection, [1], 0, 60, afresh=False)
        plans.take(connection, [1], "a", 0, 60)
        plans.take_over(connection, 30)
        plans.take(connection, [1], "b", 30, 90)
        before = plans.known(connection)
        plans.give_back(connection, 1, "a", due_at=5, not_before=7, failures=3)
        assert plans.known(connection) == before


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=5), st.integers(0, 1000), st.integers(0, 1000))
@settings(max_examples=up_to(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_next_run_is_the_earliest_hint_but_not_before_the_pause(
    store: Store, hints: list[int], due: int, pause: int
) -> None:
    with store.begin() as connection:
        plans.begin(connection, [1], 0, 60, afresh=True)
        plans.take(connection, [1], "a", 0, 60)
        plans.give_back(connection, 1, "a", due_at=due, not_before=pause)
        for hint in hints:
            plans.wish(connection, 1, hint)
        expected = max(pause, min([due, *hints]))
        assert plans.known(connection)[0].next_at == expected
        assert not plans.is_due(connection, [1], expected - 1)
        assert plans.is_due(connection, [1], expected)


def test_of_many_at_once_each_project_is_taken_by_one(any_store: Store) -> None:
    with any_store.begin() as connection:
        plans.begin(connection, list(range(1, 21)), 0, 60, afresh=False)
    taken: list[int] = []

    def work(name: str) -> None:
        while True:
            with any_store.begin() as connection:
                found = plans.take(connection, list(range(1, 21)), name, 1, 100)
            if found is None:
                return
            taken.append(found.project)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 21))


def test_a_runner_is_gone_when_its_process_is_or_when_it_was_not_seen(any_store: Store) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = holder_name().rsplit(":", 2)[0]
    names = {"me": f"{here}:{os.getpid()}:a", "dead": f"{here}:{ended.pid}:a", "far": "far/1:1:a"}
    with any_store.begin() as connection:
        assert runners.appear(connection, names["far"], "runner", 0)
        assert not runners.appear(connection, names["dead"], "runner", SECOND)
        assert not runners.appear(connection, names["me"], "runner", SECOND)
        plans.begin(connection, [1, 2, 3], 0, 60, afresh=False)
        for project, name in enumerate(names.values(), 1):
            assert plans.take(connection, [project], name, SECOND, 90 * SECOND) is not None
        alive = {one.name: (one.alive, one.at) for one in runners.known(connection, 20 * SECOND)}
        assert alive == {names["me"]: (True, 1), names["dead"]: (False, 2), names["far"]: (True, 3)}
        assert runners.is_one_here(connection, 20 * SECOND)
        later = (GONE_SECONDS + 1) * SECOND
        runners.seen(connection, next(one for one in runners.known(connection, later) if one.name == names["me"]))
        assert not runners.is_one_here(connection, later)
        assert plans.take_over(connection, 20 * SECOND) == [2]
        assert plans.known(connection, [2])[0].next_at == 20 * SECOND


def test_who_serves_on_this_machine_is_no_runner(any_store: Store) -> None:
    here = holder_name().rsplit(":", 2)[0]
    with any_store.begin() as connection:
        runners.appear(connection, f"{here}:{os.getpid()}:a", "serve", SECOND)
        runners.appear(connection, "far/1:1:a", "runner", SECOND)
        assert not runners.is_one_here(connection, 2 * SECOND)
        runners.appear(connection, f"{here}:{os.getpid()}:b", "runner", SECOND)
        assert runners.is_one_here(connection, 2 * SECOND)
