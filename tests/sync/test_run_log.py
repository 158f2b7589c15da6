"""The log of runs: what each step did, runs without news together, and never more than is kept."""

from dataclasses import replace

import pytest

from sync.done import in_words
from sync.stopwatch import Stopwatch
from sync.store.engine import Store
from sync.store.run_log import KEPT, Line, Ran, Step, lines, note, runs, tell

QUIET = Ran(10, 20, ok=True, said="", steps=(Step("pull", 0.5, failed=False, said=""),))
PULLED = replace(QUIET, steps=(Step("pull", 1.5, failed=False, said="3 new tasks"),))


def logged(store: Store, *some: Ran, project: int = 7) -> list[Ran]:
    with store.begin() as connection:
        for one in some:
            note(connection, project, one)
        return runs(connection, project)


def test_runs_are_kept_whole_the_newest_first(any_store: Store) -> None:
    failed = Ran(30, 40, ok=False, said="no answer “ä”\nin 60 s", steps=(Step("pull", 0.1, failed=True, said=""),))
    assert logged(any_store, PULLED, failed) == [failed, PULLED]
    assert logged(any_store, project=8) == []


def test_runs_without_news_in_a_row_are_one(any_store: Store) -> None:
    later = [replace(QUIET, began=at, ended=at + 5) for at in (30, 50, 70)]
    found = logged(any_store, QUIET, *later[:2], PULLED, later[2])
    assert found == [later[2], PULLED, Ran(10, 55, ok=True, said="", steps=QUIET.steps, times=3)]


def test_the_log_does_not_grow(any_store: Store) -> None:
    some = [replace(PULLED, ended=at) for at in range(3 * KEPT)]
    assert [one.ended for one in logged(any_store, *some)] == list(range(3 * KEPT))[: -KEPT - 1 : -1]


def test_of_each_step_of_a_round_the_last_line_is_kept_and_another_version_begins_anew(any_store: Store) -> None:
    with any_store.begin() as connection:
        for at, step in enumerate(("scoring", "scoring", "writing", "scoring")):
            tell(connection, 7, "v1", Line(at, step, f"{step} {at}"))
        assert [one.said for one in lines(connection, 7, "v1")] == ["scoring 1", "writing 2", "scoring 3"]
        assert lines(connection, 7, "v2") == []
        tell(connection, 7, "v2", Line(9, "scoring", "new"))
        assert [one.said for one in lines(connection, 7, "v2")] == ["new"]
        assert lines(connection, 7, "v1") == []
        for at in range(2 * KEPT):
            tell(connection, 7, "v2", Line(at, f"step {at}", "x"))
        assert len(lines(connection, 7, "v2")) == KEPT


def test_a_measured_step_says_what_it_did_and_which_one_failed() -> None:
    timed = Stopwatch()

    def settle(done: object) -> object:
        return done

    def _served() -> None:
        raise ZeroDivisionError

    timed(settle)((None, (None, True)))
    with pytest.raises(ZeroDivisionError):
        timed(_served)()
    assert [(one.name, one.failed, one.said) for one in timed.steps] == [("settle", False, ""), ("served", True, "")]
    assert in_words(object()) == ""
