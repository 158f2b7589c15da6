"""Our numbers -> Label Studio's score: total, in order, and unharmed by what stores and carries it."""

import json
import sqlite3
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.ordering import TASKS, score_from_place, score_from_priority

PRIORITIES = st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)
KEYS = st.integers(0, TASKS - 1)
EXTREMES = [(0.0, 0), (0.0, 1), (0.0, TASKS - 1), (1.0, 0), (1.0, TASKS - 1), (0.5, 10_000_000), (0.5, 10_000_001)]


@given(PRIORITIES, KEYS, PRIORITIES, KEYS)
def test_scores_order_by_priority_then_task_and_are_never_equal(
    priority: float, task: int, other_priority: float, other_task: int
) -> None:
    left, right = score_from_priority(priority, task), score_from_priority(other_priority, other_task)
    assert 0 <= left < 1
    assert (left < right) == ((-priority, task) < (-other_priority, other_task))
    assert (left == right) == ((priority, task) == (other_priority, other_task))


@given(st.floats(0, 1), st.floats(0, 1), KEYS)
def test_a_higher_priority_never_gets_a_higher_score(one: float, other: float, task: int) -> None:
    low, high = sorted((one, other))
    assert score_from_priority(high, task) <= score_from_priority(low, task)
    assert abs(score_from_priority(one, task) - (1 - one)) <= 2e-6


@pytest.mark.parametrize("task", [0, 1, 9_999_999, 10_000_000, TASKS - 2])
@pytest.mark.parametrize("priority", [0.0, 1e-6, 0.5, 0.999999, 1.0])
def test_neighbouring_tasks_are_told_apart_with_room_to_spare_for_a_double(priority: float, task: int) -> None:
    step = Fraction(score_from_priority(priority, task + 1)) - Fraction(score_from_priority(priority, task))
    assert 4 * Fraction(2) ** -53 < step < Fraction(1, 10**13)


def test_the_last_task_of_a_priority_comes_before_the_first_of_the_next() -> None:
    assert score_from_priority(0.5, TASKS - 1) < score_from_priority(0.499999, 0)


@pytest.mark.parametrize("column", ["REAL", "double precision"])
def test_scores_survive_json_and_a_float_column(column: str) -> None:
    """Label Studio receives JSON and keeps the score in a float column: 8 bytes on SQLite and PostgreSQL."""
    sent = [score_from_priority(priority, task) for priority, task in EXTREMES]
    received = json.loads(json.dumps(sent))
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE prediction (score {column})")
        database.executemany("INSERT INTO prediction VALUES (?)", [(score,) for score in received])
        served = [score for (score,) in database.execute("SELECT score FROM prediction ORDER BY score")]
    database.close()
    assert served == sorted(sent)
    assert len(set(served)) == len(EXTREMES)


@given(st.integers(1, 10**9).flatmap(lambda tasks: st.tuples(st.integers(0, tasks - 1), st.just(tasks))))
def test_places_are_scores_in_their_order(place_of: tuple[int, int]) -> None:
    place, tasks = place_of
    assert 0 <= score_from_place(place, tasks) < 1
    assert place + 1 == tasks or score_from_place(place, tasks) < score_from_place(place + 1, tasks)


@pytest.mark.parametrize("priority", [-1e-9, 1.0000001, float("nan"), float("inf")])
def test_a_priority_outside_its_range_is_refused(priority: float) -> None:
    with pytest.raises(ValueError, match="priority must be in"):
        score_from_priority(priority, 1)


@pytest.mark.parametrize("task", [-1, TASKS])
def test_a_task_that_could_not_be_told_apart_is_refused(task: int) -> None:
    with pytest.raises(ValueError, match="task must be in"):
        score_from_priority(0.5, task)


@pytest.mark.parametrize(("place", "tasks"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_the_queue_is_refused(place: int, tasks: int) -> None:
    with pytest.raises(ValueError, match="place must be in"):
        score_from_place(place, tasks)
