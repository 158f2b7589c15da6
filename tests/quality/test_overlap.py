"""Which tasks get another answer: within the budget, where the gain is, and worth more than fixed overlaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.quality.activelab import activelab
from sync.quality.consensus.posterior import Votes
from sync.quality.overlap import MOST, wanted_answers
from sync.quality.records import FloatArray

GAINS = st.dictionaries(st.integers(1, 50), st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), max_size=30)
ANSWERS = st.dictionaries(st.integers(1, 50), st.integers(0, MOST + 1), max_size=30)


@given(GAINS, ANSWERS, st.integers(0, 40))
def test_the_next_answers_go_where_they_gain_most(gain: dict[int, float], answers: dict[int, int], ahead: int) -> None:
    wanted = wanted_answers(gain, answers, ahead)
    assert wanted.keys() == gain.keys()
    had = {task: answers.get(task, 0) for task in gain}
    more = {task for task in gain if had[task] and wanted[task] == had[task] + 1}
    assert all(wanted[task] == max(1, had[task]) for task in gain if task not in more)
    assert len(more) <= ahead
    assert all(wanted[task] <= MOST for task in more)
    open_first = {task for task in gain if not had[task]}
    left = {task for task in gain if 0 < had[task] < MOST} - more
    assert all(gain[task] >= gain[other] for task in more for other in left)
    better = [task for task in left for other in more if gain[task] > gain[other]]
    assert not better
    assert all(wanted[task] == 1 for task in open_first)


def test_an_open_task_comes_before_an_answered_one_of_equal_gain() -> None:
    assert wanted_answers({1: 0.5, 2: 0.5}, {1: 1}, ahead=1) == {1: 1, 2: 1}
    assert wanted_answers({1: 0.5, 2: 0.5}, {1: 1}, ahead=2) == {1: 2, 2: 1}


def votes_of(table: dict[tuple[int, int], int], model: FloatArray, people: int) -> Votes:
    task, person = np.array(list(table), dtype=np.int64).reshape(-1, 2).T
    return Votes(task, person, np.array(list(table.values()), dtype=np.int64), len(model), people, 2, {}, model=model)


@pytest.mark.parametrize("seed", range(3))
def test_answers_that_are_placed_by_gain_leave_fewer_wrong_labels_than_a_fixed_overlap(seed: int) -> None:
    """300 tasks have one answer each, a fifth of them wrong; 150 more answers are given, to all alike or by gain.

    The model is right on four of five. What counts in the end is the vote, the model's where it is tied.
    """
    rng = np.random.default_rng(seed)
    count, people = 300, 5
    truth = rng.integers(2, size=count)
    sure = rng.uniform(0.55, 0.98, count)
    said = np.where(rng.random(count) < 0.8, truth, 1 - truth)
    model = np.stack([np.where(said == 0, sure, 1 - sure), np.where(said == 1, sure, 1 - sure)], axis=1)
    given_ = np.where(rng.random((count, people)) < 0.8, truth[:, None], 1 - truth[:, None])

    def wrong(extra: list[int]) -> float:
        table = {(task, 0): int(given_[task, 0]) for task in range(count)}
        table |= {(task, 1): int(given_[task, 1]) for task in extra}
        table |= {(task, 2): int(given_[task, 2]) for task in extra if given_[task, 0] != given_[task, 1]}
        ones = np.array([sum(table.get((task, by), 0) for by in range(3)) for task in range(count)])
        votes = np.array([sum((task, by) in table for by in range(3)) for task in range(count)])
        return float(np.mean((2 * ones > votes) != truth))

    gain = activelab(votes_of({(task, 0): int(given_[task, 0]) for task in range(count)}, model, people))
    asked = wanted_answers(dict(enumerate(gain.tolist())), dict.fromkeys(range(count), 1), ahead=150)
    by_gain = [task for task, wanted in asked.items() if wanted == 2]
    assert len(by_gain) == 150
    assert wrong(by_gain) < np.mean([wrong(rng.permutation(count)[:150].tolist()) for _ in range(20)]) - 0.01
