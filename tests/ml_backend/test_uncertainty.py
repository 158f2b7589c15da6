from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from ml_backend.records import FloatArray
from ml_backend.settings import Settings
from ml_backend.uncertainty import SIGNALS, disagreement, entropy, least_confidence, margin, novelty, utility

Signal = Callable[..., FloatArray]


def shares(seed: int, *shape: int) -> FloatArray:
    drawn = np.random.default_rng(seed).dirichlet(np.full(shape[-1], 0.4), shape[:-1])
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))


@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 5), st.booleans())
def test_every_signal_is_in_the_unit_interval(seed: int, classes: int, members: int, multiple: bool) -> None:
    rows = shares(seed, 9, classes)
    each = shares(seed, members, 9, classes)
    for signal in (least_confidence, margin, entropy):
        values = signal(rows, multiple=multiple)
        assert values.shape == (9,)
        assert ((values >= 0) & (values <= 1)).all()
    apart = disagreement(each, multiple=multiple)
    assert ((apart >= 0) & (apart <= 1)).all()


@pytest.mark.parametrize("signal", [margin, entropy, least_confidence])
def test_less_sure_is_higher(signal: Signal) -> None:
    sure, torn = np.array([[0.98, 0.01, 0.01]]), np.array([[0.34, 0.33, 0.33]])
    assert signal(sure)[0] < 0.2 < 0.6 < signal(torn)[0]
    chosen, doubtful = np.array([[0.99, 0.01]]), np.array([[0.99, 0.5]])
    assert signal(chosen, multiple=True)[0] < signal(doubtful, multiple=True)[0]


def test_one_class_alone_leaves_no_doubt() -> None:
    alone = np.ones((3, 1))
    assert margin(alone).tolist() == entropy(alone).tolist() == [0, 0, 0]


def test_two_members_disagree_by_their_jensen_shannon_divergence() -> None:
    first, second = shares(1, 20, 4), shares(2, 20, 4)
    wanted = jensenshannon(first, second, base=2, axis=1) ** 2
    assert disagreement(np.stack([first, second])) == pytest.approx(wanted)


def test_one_member_agrees_with_itself_and_three_against_each_other_are_at_the_bound() -> None:
    assert disagreement(shares(3, 1, 5, 4)).tolist() == [0] * 5
    assert disagreement(np.eye(3)[:, None, :]) == pytest.approx([1.0])


def test_disagreement_about_one_label_counts_for_multiple_choice() -> None:
    agree_on_first = np.array([[[0.9, 1.0]], [[0.9, 0.0]]])
    assert disagreement(agree_on_first, multiple=True) == pytest.approx([1.0])


def test_novelty_is_a_quantile_of_the_known_distances() -> None:
    known = np.array([0.4, 0.1, 0.3, 0.2])
    assert novelty(np.array([0.0, 0.1, 0.35, 5.0]), known).tolist() == [0.0, 0.0, 0.75, 1.0]
    assert novelty(np.array([0.0]), np.empty(0)).tolist() == [1.0]


@pytest.mark.parametrize("kind", SIGNALS)
def test_every_utility_rises_with_its_signals(kind: str) -> None:
    low = {name: np.array([0.1]) for name in SIGNALS}
    high = {name: np.array([0.8]) for name in SIGNALS}
    assert 0 <= utility(low, kind)[0] < utility(high, kind)[0] <= 1


def test_every_signal_may_be_what_a_task_is_worth_and_nothing_else() -> None:
    assert set(get_args(Settings.model_fields["utility"].annotation)) == set(SIGNALS)


def test_a_model_without_a_signal_goes_by_the_margin() -> None:
    assert utility({"margin": np.array([0.3]), "entropy": np.array([0.9])}, "fused").tolist() == [0.3]


def test_the_least_confidence_is_the_probability_of_another_answer() -> None:
    rows = shares(5, 30, 4)
    assert least_confidence(rows) == pytest.approx(1 - rows.max(axis=1))
    labels = np.array([[0.9, 0.2, 0.5]])
    assert least_confidence(labels, multiple=True) == pytest.approx([1 - 0.9 * 0.8 * 0.5])
    assert least_confidence(np.ones((2, 1))).tolist() == [0, 0]


def test_an_unknown_utility_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there are: least_confidence, margin, entropy, disagreement, novelty, fused"):
        utility({}, "vibes")
