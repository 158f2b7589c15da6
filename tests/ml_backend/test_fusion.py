import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from ml_backend.certainty.confidence import Outcomes
from ml_backend.certainty.fusion import LEARNABLE, Fusion, fit_fusion, from_json
from ml_backend.records import FloatArray
from ml_backend.uncertainty import LEAST_CONFIDENCE

from ..thorough import up_to

Signals = dict[str, FloatArray]


def seen(count: int, *, seed: int, told: float = 0.0, of: str = "novelty") -> tuple[Signals, Outcomes]:
    """Errors that are as frequent as the confidence says, but for what the signal ``of`` tells beside it."""
    rng = np.random.default_rng(seed)
    doubt = rng.beta(1, 3, count)
    signals = {LEAST_CONFIDENCE: doubt, **{name: rng.random(count) for name in LEARNABLE}}
    wrong = rng.random(count) < expit(np.log(doubt / (1 - doubt)) + told * (signals[of] - 0.5))
    return signals, Outcomes(1 - doubt, (~wrong).astype(float), np.ones(count), 1.0)


def area(fusion: Fusion, signals: Signals, outcomes: Outcomes) -> float:
    return float(roc_auc_score(outcomes.matches == 0, fusion(signals)))


def test_without_answers_it_is_the_confidence() -> None:
    signals, _ = seen(50, seed=0)
    none = Outcomes(np.empty(0), np.empty(0), np.empty(0), 1.0)
    fusion = fit_fusion({name: values[:0] for name, values in signals.items()}, none)
    assert fusion == Fusion()
    assert fusion(signals) == pytest.approx(np.clip(signals[LEAST_CONFIDENCE], 1e-4, 1 - 1e-4))


def test_what_a_signal_tells_beside_the_confidence_is_learned() -> None:
    fusion = fit_fusion(*seen(5000, seed=1, told=2.0))
    assert fusion.weights["novelty"] == pytest.approx(2.0, abs=0.35)
    assert fusion.weights["margin"] < 0.3
    assert fusion.slope == pytest.approx(1.0, abs=0.1)
    new = seen(5000, seed=2, told=2.0)
    assert area(fusion, *new) > area(Fusion(), *new) + 0.02


def test_the_predicted_share_of_errors_is_that_of_new_answers() -> None:
    fusion = fit_fusion(*seen(2000, seed=1, told=2.0))
    signals, outcomes = seen(5000, seed=2, told=2.0)
    said, wrong = fusion(signals), 1 - outcomes.matches
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.0)):
        inside = (said >= low) & (said < high)
        assert said[inside].mean() == pytest.approx(wrong[inside].mean(), abs=0.06)


@pytest.mark.parametrize("seed", range(8))
def test_few_answers_cost_next_to_nothing_where_the_confidence_says_it_all(seed: int) -> None:
    fusion = fit_fusion(*seen(30, seed=seed))
    new = seen(5000, seed=100 + seed)
    assert area(fusion, *new) > area(Fusion(), *new) - 0.02


def test_a_signal_that_points_the_wrong_way_gets_no_weight() -> None:
    fusion = fit_fusion(*seen(5000, seed=3, told=-3.0, of="entropy"))
    assert fusion.weights["entropy"] == pytest.approx(0.0, abs=1e-6)


def test_a_doubtful_label_is_not_an_error() -> None:
    signals, outcomes = seen(4000, seed=4)
    doubtful = np.random.default_rng(5).random(4000) < 0.3
    flipped = np.where(doubtful, 1 - outcomes.matches, outcomes.matches)
    fair = fit_fusion(signals, Outcomes(outcomes.confidence, flipped, np.full(4000, 0.7), 1.0))
    harsh = fit_fusion(signals, Outcomes(outcomes.confidence, flipped, np.ones(4000), 1.0))
    assert fair(signals).mean() == pytest.approx(1 - outcomes.matches.mean(), abs=0.03)
    assert harsh(signals).mean() > fair(signals).mean() + 0.1


@settings(max_examples=up_to(30))
@given(st.integers(0, 200), st.floats(-3, 3), st.sampled_from(LEARNABLE))
def test_no_signal_that_rises_makes_an_error_less_likely(seed: int, told: float, of: str) -> None:
    fusion = fit_fusion(*seen(60, seed=seed, told=told, of=of))
    low = {name: np.array([0.3]) for name in (LEAST_CONFIDENCE, *LEARNABLE)}
    for name in low:
        assert fusion({**low, name: np.array([0.8])})[0] >= fusion(low)[0] - 1e-12
    assert 0 <= fusion(low)[0] <= 1


def test_it_survives_the_disk() -> None:
    fusion = fit_fusion(*seen(300, seed=1, told=2.0))
    again = from_json(json.loads(json.dumps(fusion.as_json())))
    signals, _ = seen(50, seed=2)
    assert again(signals) == pytest.approx(fusion(signals), abs=1e-5)
    assert again.answers == 300
