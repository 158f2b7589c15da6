import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from ml_backend.calibration import expected_calibration_error
from ml_backend.certainty.reliability import as_json, error_of, from_json, joined, reliability, wilson
from ml_backend.records import FloatArray

Answers = list[tuple[float, bool]]
answers = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


def arrays(rows: Answers) -> tuple[FloatArray, FloatArray]:
    return np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])


@given(st.integers(1, 500), st.data())
def test_the_interval_is_wilsons(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    wanted = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right / n, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    seen = np.random.default_rng(0).binomial(60, 0.85, 4000)
    held = [low <= 0.85 <= high for low, high in (wilson(count / 60, 60) for count in seen)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_the_interval_of_nothing_is_undefined() -> None:
    with pytest.raises(ValueError, match="undefined without a single answer"):
        wilson(0.5, 0)


def test_the_diagram_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.random(500)
    right = (rng.random(500) < confidence**2).astype(float)
    accuracy, mean = calibration_curve(right, confidence, n_bins=10)
    diagram = reliability(confidence, right)
    assert [one.accuracy for one in diagram] == pytest.approx(accuracy, abs=1e-6)
    assert [one.confidence for one in diagram] == pytest.approx(mean, abs=1e-6)


@given(answers)
def test_the_diagram_holds_every_answer_and_gives_the_calibration_error(rows: Answers) -> None:
    confidence, right = arrays(rows)
    diagram = reliability(confidence, right)
    assert sum(one.n for one in diagram) == len(rows)
    assert error_of(diagram) == pytest.approx(expected_calibration_error(confidence, right), abs=2e-6)
    for one in diagram:
        assert one.low - 1e-6 <= one.confidence <= one.high + 1e-6


@given(answers, answers)
def test_diagrams_of_two_controls_join_to_that_of_all_answers(first: Answers, second: Answers) -> None:
    whole = reliability(*arrays(first + second))
    found = joined([reliability(*arrays(first)), reliability(*arrays(second))])
    assert [(one.low, one.high, one.n) for one in found] == [(one.low, one.high, one.n) for one in whole]
    assert [one.accuracy for one in found] == pytest.approx([one.accuracy for one in whole], abs=2e-6)
    assert [one.confidence for one in found] == pytest.approx([one.confidence for one in whole], abs=2e-6)


def test_the_diagram_survives_the_disk() -> None:
    diagram = reliability(np.array([0.2, 0.95, 0.96]), np.array([0.0, 1.0, 1.0]))
    assert from_json(as_json(diagram)) == diagram
    assert error_of(()) is None
