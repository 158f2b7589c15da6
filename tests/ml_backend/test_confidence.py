import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ml_backend.calibration import expected_calibration_error
from ml_backend.certainty.confidence import MAPS, Line, Outcomes, Same, Steps, choose, fit_line, fit_steps, restored
from ml_backend.certainty.confidence import with_confidence as raised
from ml_backend.records import FloatArray

from ..thorough import up_to


def seen(count: int, shape: str, *, seed: int = 0, trust: float = 1.0, chance: float = 0.1) -> Outcomes:
    """Answers whose confidence c is right as it is, or too high: right with probability c / 2 or with steps."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.2, 1.0, count)
    truth = {"right": confidence, "halved": confidence / 2, "steps": np.where(confidence > 0.6, 0.95, 0.05)}[shape]
    right = rng.random(count) < truth
    clean = rng.random(count) < trust
    matches = np.where(clean, right, ~right & (rng.random(count) < chance)).astype(float)
    return Outcomes(confidence, matches, np.full(count, trust), chance)


FOLDS = np.arange(4000) % 10


@pytest.mark.parametrize(("shape", "kind"), [("right", "temperature"), ("steps", "isotonic")])
def test_the_map_that_is_needed_is_chosen(shape: str, kind: str) -> None:
    found = choose(seen(4000, shape), FOLDS)
    assert found.chosen.kind == kind
    assert list(found.losses) == list(MAPS)
    new = seen(4000, shape, seed=1)
    assert expected_calibration_error(found.chosen(new.confidence), new.matches) < 0.03


def test_halved_confidences_are_learned_and_beat_the_temperature() -> None:
    found = choose(seen(4000, "halved"), FOLDS)
    new = seen(4000, "halved", seed=1)
    assert found.chosen.kind != "temperature"
    assert found.chosen(np.array([0.4, 0.9])) == pytest.approx([0.2, 0.45], abs=0.05)
    assert expected_calibration_error(found.chosen(new.confidence), new.matches) < 0.05
    assert expected_calibration_error(new.confidence, new.matches) > 0.25


def test_few_answers_keep_the_temperature() -> None:
    assert choose(seen(49, "steps"), FOLDS[:49]).chosen == Same()
    assert choose(seen(200, "steps"), np.zeros(200, dtype=np.int64)).losses == {}


def test_a_few_errors_keep_the_temperature() -> None:
    outcomes = seen(2000, "steps")
    rows = np.r_[np.flatnonzero(outcomes.matches > 0)[:300], np.flatnonzero(outcomes.matches == 0)[:14]]
    assert choose(outcomes.at(rows), rows % 10).losses == {}
    more = np.r_[rows, np.flatnonzero(outcomes.matches == 0)[14:15]]
    assert choose(outcomes.at(more), more % 10).chosen.kind != "temperature"


def test_chance_alone_hardly_ever_changes_the_map() -> None:
    kinds = [choose(seen(200, "right", seed=seed), FOLDS[:200]).chosen.kind for seed in range(10)]
    assert kinds.count("temperature") >= 9


def test_the_line_is_nearly_that_of_a_logistic_regression_without_a_prior() -> None:
    outcomes = seen(800, "halved")
    odds = np.log(outcomes.confidence / (1 - outcomes.confidence))
    plain = LogisticRegression(C=np.inf, tol=1e-10).fit(odds[:, None], outcomes.matches)
    line = fit_line(outcomes)
    assert line.slope == pytest.approx(plain.coef_[0, 0], rel=0.05)
    assert line.shift == pytest.approx(plain.intercept_[0], rel=0.05)


def test_a_line_without_answers_that_speak_changes_nothing() -> None:
    nothing = Outcomes(np.empty(0), np.empty(0), np.empty(0), 0.1)
    assert fit_line(nothing) == Line(1.0, 0.0)
    assert fit_line(nothing)(np.array([0.3])) == pytest.approx([0.3])


def test_the_steps_are_those_of_scikit_learn() -> None:
    outcomes = seen(500, "steps")
    edge = 1 / 502
    wanted = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
    wanted.fit(outcomes.confidence, outcomes.matches)
    at = np.arange(101) / 100
    assert fit_steps(outcomes)(at) == pytest.approx(wanted.predict(at))


@pytest.mark.parametrize("name", ["logistic", "isotonic"])
def test_doubtful_labels_are_seen_through(name: str) -> None:
    doubtful = seen(20_000, "halved", trust=0.7)
    mapped = MAPS[name][0](doubtful)(np.array([0.5, 0.9]))
    assert mapped == pytest.approx([0.25, 0.45], abs=0.06)
    assert (
        MAPS[name][0](Outcomes(doubtful.confidence, doubtful.matches, np.ones(20_000), 0.1))(np.array([0.9]))
        < mapped[1] - 0.06
    )


def test_labels_that_tell_nothing_leave_the_confidence_alone() -> None:
    none = Outcomes(np.arange(12, 72) / 72, np.zeros(60), np.full(60, 0.1), 0.12)
    assert fit_steps(none) == Same()


@settings(max_examples=up_to(30))
@given(st.sampled_from(list(MAPS)), st.integers(0, 50), st.sampled_from(["right", "halved", "steps"]))
def test_every_map_rises_stays_in_the_unit_interval_and_survives_the_disk(name: str, seed: int, shape: str) -> None:
    mapped = MAPS[name][0](seen(80, shape, seed=seed))
    at = np.arange(41) / 40
    heights = mapped(at)
    assert (np.diff(heights) >= -1e-12).all()
    assert ((heights >= 0) & (heights <= 1)).all()
    again = restored(mapped.kind, json.loads(json.dumps(mapped.saved())))
    assert again == mapped


@given(st.integers(1, 6), st.integers(0, 1000), st.floats(0, 1))
def test_probabilities_with_another_confidence_keep_their_sum_and_their_order(k: int, seed: int, wanted: float) -> None:
    shares: FloatArray = np.random.default_rng(seed).dirichlet(np.full(k, 0.3), 7)
    found = raised(shares, np.full(7, wanted))
    assert found.sum(axis=1) == pytest.approx(1)
    assert found.max(axis=1) == pytest.approx(np.full(7, max(wanted, 1 / k) if k > 1 else 1.0))
    for before, after in zip(shares, found, strict=True):
        order = np.argsort(before, kind="stable")
        assert (np.diff(after[order]) >= -1e-12).all()


def test_probabilities_of_nothing_are_nothing() -> None:
    assert raised(np.empty((0, 3)), np.empty(0)).shape == (0, 3)
    assert raised(np.full((1, 3), 1 / 3), np.array([0.2])) == pytest.approx(np.full((1, 3), 1 / 3))


def test_steps_outside_what_was_seen_stay_level() -> None:
    assert Steps((0.4, 0.8), (0.3, 0.9))(np.array([0.0, 0.6, 1.0])) == pytest.approx([0.3, 0.6, 0.9])
