"""Slices that stay hard come earlier, within bounds; batches go with the speed and the accuracy of the annotators."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from ml_backend.acquisition import Pool, order_pool
from ml_backend.acquisition.pace import LEAST, MOST, answers_per_hour, batch_size, information
from ml_backend.acquisition.slices import MOST as MOST_BOOST
from ml_backend.acquisition.slices import boosts, hard_slices, in_words

COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6)


@given(COUNTS)
def test_boosts_are_bounded_and_counts_are_the_labeled_tasks(counts: list[tuple[int, int]]) -> None:
    slice_of = np.repeat(np.arange(len(counts)), [right + wrong for right, wrong in counts])
    wrong = np.concatenate([np.arange(right + bad) >= right for right, bad in counts])
    found = hard_slices(slice_of, wrong, len(counts))
    assert [(one.answers - one.wrong, one.wrong) for one in found] == counts
    assert all(1 <= one.boost <= 1 + MOST_BOOST for one in found)
    rate = sum(bad for _, bad in counts) / max(1, len(wrong))
    assert all(one.boost == 1 for one in found if one.wrong <= rate * one.answers)
    assert all(bool(in_words(one, found)) == (one.boost > 1) for one in found)


def test_chance_makes_hardly_any_slice_hard_and_a_hard_one_is_found() -> None:
    """20 slices that err alike, 400 times: the bound has a doubt of a tenth. Then one errs three times as often."""
    rng = np.random.default_rng(0)
    slice_of = np.repeat(np.arange(20), 50)
    alike = [one.boost for _ in range(400) for one in hard_slices(slice_of, rng.random(1000) < 0.2, 20)]
    assert np.mean(np.array(alike) > 1) < 0.11
    assert np.mean(alike) < 1.02
    hard = [hard_slices(slice_of, rng.random(1000) < np.where(slice_of == 3, 0.6, 0.2), 20)[3].boost for _ in range(50)]
    assert np.mean(hard) > 1.4


def test_a_hard_slice_gets_more_of_the_order_but_not_all_of_it() -> None:
    """Ten slices alike but for the boost of one: its share of the first tasks rises, within bounds."""
    rng = np.random.default_rng(1)
    slice_of = rng.integers(10, size=4000)
    slices = hard_slices(np.repeat(np.arange(10), 60), np.repeat(np.arange(10), 60) == 4, 10)
    pool = Pool(rng.random(4000), boosts=boosts(slices, slice_of))
    places = order_pool(pool, np.zeros(4000, dtype=bool), np.random.default_rng(0), "diverse")
    share = np.mean(slice_of[places < 400] == 4)
    assert 0.3 < share < 0.95
    assert np.mean(slice_of[places < 2000] == 4) < 0.2
    assert (pool.worth >= 0).all()
    assert (pool.worth <= 1).all()
    easy = slice_of != 4
    assert (np.argsort(places[easy]) == np.argsort(-pool.utilities[easy], kind="stable")).all()


def test_boosts_stay_with_their_tasks() -> None:
    pool = Pool(np.array([0.2, 0.4, 0.4]), boosts=np.array([1.0, 1.0, 1.5]))
    assert pool.where(np.array([2, 1])).worth.tolist() == pytest.approx([0.4, 0.4 / 1.5])
    assert order_pool(pool, np.zeros(3, dtype=bool), np.random.default_rng(0), "diverse").tolist() == [2, 1, 0]
    assert Pool(np.array([0.2])).where(np.array([0])).worth.tolist() == [0.2]


@given(st.floats(0, 1e6), st.floats(0, 1e5), st.floats(1, 5), st.floats(0, 1), st.integers(1, 50))
def test_a_batch_is_bounded_and_grows_with_speed_and_with_doubt(
    rate: float, seconds: float, each: float, accuracy: float, labels: int
) -> None:
    found = batch_size(rate, seconds, answers_per_task=each, accuracy=accuracy, labels=labels)
    assert LEAST <= found <= MOST
    assert found <= batch_size(rate * 2, seconds, answers_per_task=each, accuracy=accuracy, labels=labels)
    assert found >= batch_size(rate, seconds, answers_per_task=each + 1, accuracy=accuracy, labels=labels)
    assert found >= batch_size(rate, seconds, answers_per_task=each, accuracy=1.0, labels=labels)


def test_while_a_model_is_made_people_answer_no_more_than_the_batch() -> None:
    """People answer at random moments, 1,200 an hour; the next order comes after 300 seconds."""
    rng = np.random.default_rng(2)
    times = np.cumsum(rng.exponential(3.0, 4000))
    rate = answers_per_hour(times.tolist())
    assert rate == pytest.approx(1200, rel=0.1)
    answered = np.histogram(times, bins=np.arange(0, times[-1] - 300, 300))[0]
    assert batch_size(rate, 300) == pytest.approx(answered.mean(), rel=0.1)


@given(st.floats(0.01, 1), st.integers(2, 30))
def test_information_is_what_scipys_entropies_say(accuracy: float, labels: int) -> None:
    found = information(accuracy, labels)
    spread = [accuracy, *[(1 - accuracy) / (labels - 1)] * (labels - 1)]
    wanted = 1 - entropy(spread) / np.log(labels) if accuracy > 1 / labels else 0.0
    assert found == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("times", [[], [5.0], [7.0, 7.0], [0.0, 90_000.0]])
def test_a_speed_that_nobody_can_tell_is_0(times: list[float]) -> None:
    assert answers_per_hour(times) == 0.0
    assert batch_size(0.0, 60) == LEAST
