import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.certainty.conformal import (
    intervals,
    label_sets,
    label_thresholds,
    least_answers,
    part_threshold,
    quantile,
    single_sets,
    single_threshold,
)
from ml_backend.records import FloatArray, IntArray


@given(st.lists(st.floats(0, 1), min_size=0, max_size=60), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_the_quantile_is_the_score_of_that_rank(scores: list[float], coverage: float) -> None:
    rank = math.ceil(round((len(scores) + 1) * coverage, 9))
    wanted = sorted(scores)[rank - 1] if rank <= len(scores) else math.inf
    assert quantile(np.array(scores), coverage) == wanted
    assert math.isinf(wanted) == (len(scores) < least_answers(coverage))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40), st.sampled_from([0.5, 0.9]))
def test_with_weights_it_is_the_least_score_that_enough_weight_lies_below(
    rows: list[tuple[float, float]], coverage: float
) -> None:
    found = quantile(np.array([row[0] for row in rows]), coverage, np.array([row[1] for row in rows]))
    total = sum(row[1] for row in rows) + 1
    reached = [one for one, _ in rows if sum(w for score, w in rows if score <= one) / total >= coverage - 1e-9]
    assert found == min(reached, default=math.inf)


def test_a_coverage_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r"coverage: 1 is not between 0 and 1"):
        quantile(np.ones(3), 1)


def model(count: int, seed: int, classes: int = 5, sharpness: float = 2.0) -> tuple[FloatArray, IntArray]:
    """Probabilities that are too sure of themselves by ``sharpness``, and the truth."""
    rng = np.random.default_rng(seed)
    honest = rng.dirichlet(np.full(classes, 0.5), count)
    truth = np.array([rng.choice(classes, p=row) for row in honest])
    sharp = np.maximum(honest, 1e-9) ** sharpness
    return sharp / sharp.sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("count", [20, 100])
def test_sets_hold_the_truth_as_often_as_promised_whatever_the_model(coverage: float, count: int) -> None:
    held = []
    for seed in range(200):
        known, given_labels = model(count, seed)
        new, truth = model(40, 10_000 + seed)
        sets = single_sets(new, single_threshold(known, given_labels, coverage))
        held.append(sets[np.arange(40), truth].mean())
    assert np.mean(held) >= coverage - 3 * np.std(held) / np.sqrt(200)
    if count == 100 and coverage > 0.8:
        assert np.mean(held) < coverage + 0.03  # no larger than they have to be


def test_where_answers_are_too_few_every_label_stands_in_the_set() -> None:
    shares, given_labels = model(8, 0)
    threshold = single_threshold(shares, given_labels, 0.9)
    assert math.isinf(threshold)
    assert single_sets(shares, threshold).all()


def test_doubtful_answers_count_less() -> None:
    shares = np.tile([0.9, 0.1], (40, 1))
    given_labels = np.r_[np.zeros(30, dtype=np.int64), np.ones(10, dtype=np.int64)]
    assert single_threshold(shares, given_labels, 0.8) == pytest.approx(0.9)
    weights = np.r_[np.ones(30), np.full(10, 0.01)]
    assert single_threshold(shares, given_labels, 0.8, weights) == pytest.approx(0.1)


def test_of_the_answers_with_a_label_as_many_sets_hold_it_as_promised_for_each_label() -> None:
    held: list[FloatArray] = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shares = rng.beta(0.5, 0.5, (700, 3)) * [1.0, 0.6, 0.2]
        chosen = (rng.random((700, 3)) < shares).astype(float)
        sets = label_sets(shares[200:], label_thresholds(shares[:200] ** 2, chosen[:200], 0.9))
        spoiled = label_sets(shares[200:] ** 2, label_thresholds(shares[:200] ** 2, chosen[:200], 0.9))
        assert (sets | ~spoiled).all()
        held.append((spoiled * chosen[200:]).sum(axis=0) / chosen[200:].sum(axis=0))
    error = 3 * np.std(held, axis=0) / np.sqrt(200)
    assert (np.mean(held, axis=0) >= 0.9 - error).all()


def test_a_label_that_was_chosen_too_rarely_is_never_ruled_out() -> None:
    chosen = np.zeros((50, 2))
    chosen[:8, 0] = 1
    chosen[:20, 1] = 1
    thresholds = label_thresholds(np.full((50, 2), 0.7), chosen, 0.9)
    assert math.isinf(thresholds[0])
    assert thresholds[1] == pytest.approx(0.3)
    assert label_sets(np.array([[0.0, 0.0]]), thresholds).tolist() == [[True, False]]


parts_of_answers = st.lists(
    st.tuples(st.lists(st.one_of(st.floats(0, 1), st.just(math.inf)), max_size=4), st.floats(0.01, 1)), max_size=40
)


@given(parts_of_answers, st.sampled_from([0.5, 0.8, 0.9]))
def test_of_parts_the_threshold_is_the_least_one_whose_missed_share_is_controlled(
    rows: list[tuple[list[float], float]], coverage: float
) -> None:
    found = part_threshold([np.array(own) for own, _ in rows], coverage, np.array([weight for _, weight in rows]))
    told = [(own, weight) for own, weight in rows if own]

    def risk(threshold: float) -> float:  # Angelopoulos et al. 2024, equation 4, each answer counting its weight
        missed = sum(weight * sum(one > threshold for one in own) / len(own) for own, weight in told)
        return (missed + 1) / (sum(weight for _, weight in told) + 1)

    enough = [one for own, _ in told for one in own if risk(one) <= 1 - coverage + 1e-9]
    assert found == min(enough, default=math.inf)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
@pytest.mark.parametrize("count", [20, 100])
def test_of_the_parts_of_new_answers_the_promised_share_is_in_the_set(coverage: float, count: int) -> None:
    def drawn(rng: np.random.Generator, answers: int) -> list[FloatArray]:
        # Parts of one answer are alike, and there may be none, as spans in a text.
        return [rng.beta(1 + 3 * rng.random(), 2, rng.integers(0, 5)) for _ in range(answers)]

    held = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        threshold = part_threshold(drawn(rng, count), coverage)
        held.append(np.mean([(own <= threshold).mean() for own in drawn(rng, 100) if len(own)]))
    error = np.std(held) / np.sqrt(len(held))
    assert np.mean(held) >= coverage - 3 * error
    assert np.mean(held) < coverage + (0.03 if count == 100 else 0.09)  # no larger than it has to be


def test_intervals_hold_the_number_as_often_as_promised() -> None:
    held = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        errors = rng.standard_t(3, 90)
        (low, high), *_ = intervals(np.array([2.0]), quantile(np.abs(errors[:50]), 0.9))
        held.append(np.mean((errors[50:] + 2 >= low) & (errors[50:] + 2 <= high)))
    assert np.mean(held) >= 0.9 - 3 * np.std(held) / np.sqrt(300)
    assert np.mean(held) < 0.94


def test_an_interval_stays_inside_what_may_be_answered() -> None:
    assert intervals(np.array([1.2, 4.9]), 0.5, 1.0, 5.0) == [(1.0, 1.7), (4.4, 5.0)]
    assert intervals(np.array([1.0]), math.inf) == [(-math.inf, math.inf)]
