import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss

from ml_backend.calibration import (
    brier_score,
    expected_calibration_error,
    fit_label_temperatures,
    fit_temperature,
    negative_log_likelihood,
    positions,
    sigmoid_at,
    softmax_at,
)
from ml_backend.records import FloatArray, IntArray


def overconfident(temperature: float, rows: int = 4000, classes: int = 4, seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Logits whose softmax is right only after dividing by ``temperature``, and classes drawn from it."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0, 1.5, (rows, classes))
    shares = softmax_at(honest, 1.0)
    truth = np.array([rng.choice(classes, p=row) for row in shares])
    return honest * temperature, truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_spoiled_the_logits_is_found(temperature: float) -> None:
    logits, truth = overconfident(temperature)
    assert fit_temperature(logits, truth) == pytest.approx(temperature, rel=0.08)


def test_labels_that_are_not_0_to_k_1_calibrate_as_well() -> None:
    # scikit-learn 1.9's method="temperature" collapses on such labels: every probability becomes 1/k.
    logits, truth = overconfident(3.0)
    classes = [3, 7, 20, 4000]
    given_labels = [classes[place] for place in truth]
    temperature = fit_temperature(logits, positions(given_labels, classes))
    assert temperature == pytest.approx(3.0, rel=0.08)
    assert softmax_at(logits, temperature).max() > 0.9


def test_wrong_labels_do_not_make_the_model_doubt_where_we_know_how_many_there_are() -> None:
    logits, truth = overconfident(2.0)
    rng = np.random.default_rng(1)
    wrong = rng.random(len(truth)) < 0.2
    given = np.where(wrong, (truth + rng.integers(1, 4, len(truth))) % 4, truth)
    assert fit_temperature(logits, given, np.full(len(truth), 0.8)) == pytest.approx(2.0, rel=0.1)
    assert fit_temperature(logits, given) > 3


def test_a_label_that_is_no_better_than_chance_says_nothing() -> None:
    logits, truth = overconfident(2.0, classes=2)
    spoiled = np.vstack([logits, np.tile([9.0, 0], (500, 1))])
    trust = np.r_[np.ones(len(logits)), np.full(500, 0.5)]
    found = fit_temperature(spoiled, np.r_[truth, np.ones(500, dtype=np.int64)], trust)
    assert found == pytest.approx(fit_temperature(logits, truth), rel=1e-2)


@pytest.mark.parametrize("rows", [4, 40, 400])
@pytest.mark.parametrize("trust", [1.0, 0.9])
def test_a_few_answers_that_are_all_right_make_nobody_certain(rows: int, trust: float) -> None:
    logits = np.tile([4.0, 0.0, 0.0], (rows, 1))
    shares = softmax_at(logits, fit_temperature(logits, np.zeros(rows, dtype=np.int64), np.full(rows, trust)))
    assert shares[0, 0] == pytest.approx((rows + 1) / (rows + 2), abs=0.02 if trust < 1 else 1e-3)


def test_without_rows_or_with_one_class_the_temperature_changes_nothing() -> None:
    assert fit_temperature(np.empty((0, 3)), np.empty(0, dtype=np.int64)) == 1.0
    assert fit_temperature(np.zeros((5, 1)), np.zeros(5, dtype=np.int64)) == 1.0


def test_each_label_of_a_multiple_choice_has_its_own_temperature() -> None:
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 2, (6000, 2))
    chosen = (rng.random((6000, 2)) < sigmoid_at(honest, np.ones(2))).astype(float)
    known = np.ones((6000, 2), dtype=bool)
    assert fit_label_temperatures(honest * [4.0, 0.5], chosen, known) == pytest.approx([4.0, 0.5], rel=0.1)
    chosen[:3000, 0] = 1 - chosen[:3000, 0]
    known[:3000, 0] = False
    assert fit_label_temperatures(honest * [4.0, 0.5], chosen, known) == pytest.approx([4.0, 0.5], rel=0.15)
    assert fit_label_temperatures(honest, chosen, np.zeros((6000, 2), dtype=bool)).tolist() == [1.0, 1.0]


def test_scores_equal_scikit_learn() -> None:
    logits, truth = overconfident(1.0, rows=300)
    shares = softmax_at(logits, 1.0)
    assert negative_log_likelihood(shares, truth) == pytest.approx(log_loss(truth, shares))
    assert brier_score(shares, truth) == pytest.approx(brier_score_loss(truth, shares, scale_by_half=False))


def test_the_binary_brier_score_is_twice_that_of_the_positive_class() -> None:
    shares = np.array([[0.3, 0.7], [0.9, 0.1]])
    truth = np.array([1, 1])
    assert brier_score(shares, truth) == pytest.approx(2 * brier_score_loss(truth, shares[:, 1]))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_calibration_error_equals_a_count_by_hand(rows: list[tuple[float, bool]]) -> None:
    confidence = np.array([row[0] for row in rows])
    right = np.array([float(row[1]) for row in rows])
    total = 0.0
    for low in range(10):
        inside = [n for n, value in enumerate(confidence) if min(9, int(value * 10)) == low]
        if inside:
            gap = abs(np.mean([confidence[n] for n in inside]) - np.mean([right[n] for n in inside]))
            total += gap * len(inside) / len(rows)
    found = expected_calibration_error(confidence, right)
    assert found == pytest.approx(total)
    assert 0 <= found <= 1


@given(st.floats(0.05, 20), st.integers(2, 6), st.integers(0, 1000))
def test_scaling_never_changes_the_answer(temperature: float, classes: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 5, (20, classes))
    shares = softmax_at(logits, temperature)
    assert (shares.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert shares.sum(axis=1) == pytest.approx(1)


def test_what_cannot_be_computed_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no such class: c; there are: a, b"):
        positions(["a", "c"], ["a", "b"])
    with pytest.raises(ValueError, match=r"class positions must be 0\.\.1"):
        fit_temperature(np.zeros((2, 2)), np.array([3, 7]))
    with pytest.raises(ValueError, match="expected"):
        brier_score(np.zeros((2, 2)), np.array([0]))
    for score in (brier_score, negative_log_likelihood):
        with pytest.raises(ValueError, match="undefined without a single row"):
            score(np.empty((0, 2)), np.empty(0, dtype=np.int64))
    with pytest.raises(ValueError, match="undefined without a single row"):
        expected_calibration_error(np.empty(0), np.empty(0))
    with pytest.raises(ValueError, match="logits are"):
        fit_label_temperatures(np.zeros((2, 2)), np.zeros((2, 3)), np.ones((2, 2), dtype=bool))
