"""Labels saved on one's own project: the estimate and its interval against projects whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from ml_backend.records import BoolArray, FloatArray, IntArray
from ml_backend.worth.proof import FEWEST, Judge, Proof, accuracy_at, inverted, labels_for, power_law, proof

from ..thorough import up_to

# Long on a busy machine, and so among the first.
pytestmark = pytest.mark.timeout(300)

START = 10_000
"""Rows from here on are chosen ones, those before are of the random share."""


def project(efficiency: float, seed: int, luck: float = 0.01) -> Judge:
    """Models err at the rate 1.2 / sqrt(labels), a chosen label counting for ``efficiency`` random ones.

    Each task has its own difficulty, and each draw of random labels its luck.
    """
    difficulty = np.random.default_rng(seed).random(2 * START)

    def judge(taught: IntArray, asked: IntArray) -> FloatArray:
        labels = np.where(taught >= START, efficiency, 1.0).sum()
        lucky = 0.0 if taught[0] >= START else np.random.default_rng([seed, *taught[:3].tolist()]).normal(0, luck)
        return np.asarray(difficulty[asked] < 1 - 1.2 * labels**-0.5 + lucky, dtype=np.float64)

    return judge


def proven(efficiency: float, seed: int, random: int = 200, chosen: int = 600) -> Proof:
    rows = np.random.default_rng(seed).permutation(START)[:random]
    judge = project(efficiency, seed)
    return proof(START + np.arange(chosen), rows, np.zeros(random), judge, np.random.default_rng(seed))


@pytest.mark.parametrize("efficiency", [1.0, 2.5])
def test_the_interval_covers_what_was_saved_in_19_of_20_projects_or_so(efficiency: float) -> None:
    """100 random labels teach what 100 / efficiency chosen ones do; nothing is saved where choosing is chance."""
    truth = 100 - 100 / efficiency
    found = [proven(efficiency, seed).saved for seed in range(20)]
    covered = [
        one is not None and (one.low is None or one.low <= truth) and (one.high is None or truth <= one.high)
        for one in found
    ]
    assert sum(covered) >= 17
    values = [one.value for one in found if one is not None and one.value is not None]
    assert np.median(values) == pytest.approx(truth, abs=15)


def test_what_is_saved_is_said_with_its_interval() -> None:
    found = proven(4.0, 3, random=400, chosen=300)
    assert found.needed is not None and found.saved is not None and found.extrapolated is not None
    assert (found.at_random, found.random, found.chosen) == (200, 400, 300)
    assert found.saved.value == pytest.approx(200 - (found.needed.value or 0), abs=0.1)
    assert found.saved.low is not None and found.saved.low > 0
    assert "labels saved (" in found.words
    assert "which is proven. By a power law of the random ones, not measured: all 300 chosen labels" in found.words
    low, high = found.extrapolated.low, found.extrapolated.high
    assert low is not None and low <= 1200 <= (high or np.inf)
    assert found.random_curve is not None and found.chosen_curve is not None
    assert found.random_curve.labels[-1] == 200
    assert found.chosen_curve.labels == tuple(sorted(found.chosen_curve.labels))


def test_the_intervals_of_the_curves_cover_what_models_of_so_many_labels_are_right_on() -> None:
    """Models of n random labels, or of n / 2.5 chosen ones, err at 1.2 / sqrt(n); the luck of draws is small."""
    covered: dict[str, list[bool]] = {"random": [], "chosen": []}
    for seed in range(20):
        found = proven(2.5, seed)
        for name, curve, worth in (("random", found.random_curve, 1.0), ("chosen", found.chosen_curve, 2.5)):
            assert curve is not None
            for labels, value, low, high in zip(curve.labels, curve.accuracy, curve.low, curve.high, strict=True):
                assert 0 <= low <= value + 0.02 and value - 0.02 <= high <= 1
                covered[name].append(low <= 1 - 1.2 * (worth * labels) ** -0.5 <= high)
    assert all(len(one) > 100 and np.mean(one) > 0.9 for one in covered.values())


def test_a_lucky_beginning_is_no_proof_of_choosing() -> None:
    """Forty projects whose tasks were chosen by chance, each with the luck of random draws: 1 in 40 by the interval."""
    said = 0
    for seed in range(40):
        judge = project(1.0, seed, luck=0.15)
        rows = np.random.default_rng(seed).permutation(START)
        saved = proof(rows[200:500], rows[:200], np.zeros(200), judge, np.random.default_rng(seed)).saved
        said += saved is not None and saved.low is not None and saved.low > 0
    assert said <= 3  # 8 where the chosen tasks are granted no luck


def test_where_choosing_does_harm_nothing_is_proven() -> None:
    found = proven(0.05, 1)
    assert found.needed is not None and found.needed.value is None
    assert found.words == f"600 chosen labels do not reach the accuracy of 100 random ones, {found.level:.0%}"
    assert "not proven yet" in proven(1.0, 1).words


@pytest.mark.parametrize(
    ("random", "chosen", "reason"),
    [
        (14, 500, f"the random share has 14 answers; {FEWEST} are needed"),
        (0, 0, f"the random share has 0 answers; {FEWEST} are needed"),
        (80, 12, f"12 answers are to chosen tasks; {FEWEST} are needed"),
    ],
)
def test_too_few_answers_prove_nothing_and_the_reason_says_how_many_are_needed(
    random: int, chosen: int, reason: str
) -> None:
    found = proven(2.0, 0, random, chosen)
    assert (found.words, found.saved, found.random, found.chosen) == (reason, None, random, chosen)
    assert found.as_json()["saved"] is None


@pytest.mark.parametrize("gain", [None, 0.0, 0.1])
def test_models_that_know_no_more_than_the_most_frequent_answer_prove_nothing(gain: float | None) -> None:
    """80 % have the most frequent answer; models are right on the same, as many, or 90 %.

    Of twenty projects where it is chance; else of five, of which each tells.
    """
    spoken, projects = 0, 20 if gain == 0 else 5
    for seed in range(projects):
        rng = np.random.default_rng(seed)
        usual, own = rng.random(2 * START) < 0.8, rng.random(2 * START)

        def judge(_: IntArray, asked: IntArray, usual: BoolArray = usual, own: FloatArray = own) -> FloatArray:
            if gain is None:
                return usual[asked].astype(np.float64)
            differs = own[asked] < (0.5 if gain else 0.2)  # of these the model is right, or a coin tells
            coin = np.random.default_rng(len(asked)).random(len(asked)) < 0.8
            return np.where(differs, 1.0 if gain else coin, usual[asked]) + 0.0

        rows = rng.permutation(START)[:400]
        found = proof(START + np.arange(100), rows, usual[rows].astype(np.float64), judge, rng)
        assert found.majority == pytest.approx(usual[rows].mean(), abs=1e-4)
        if found.saved is None:
            assert f"is not clearly above the {found.majority:.0%} of giving every task" in found.words
            assert found.random_curve is not None and found.chosen_curve is not None
        spoken += found.saved is not None
    assert spoken == projects if gain else spoken <= (2 if gain == 0 else 0)


def test_equal_projects_have_equal_proofs() -> None:
    assert proven(2.0, 5) == proven(2.0, 5)


def test_models_are_never_tested_on_what_taught_them() -> None:
    def judge(taught: IntArray, asked: IntArray) -> FloatArray:
        assert not set(taught.tolist()) & set(asked.tolist())
        return project(2.0, 0)(taught, asked)

    proof(START + np.arange(50), np.arange(45), np.zeros(45), judge, np.random.default_rng(0))


@given(st.floats(0.05, 3), st.floats(-1, -0.05), st.integers(100, 10_000))
def test_a_power_law_is_found_again(start: float, slope: float, tasks: int) -> None:
    labels = np.array([10, 20, 50, 100])
    accuracy = 1 + 0.5 / tasks - np.exp(start - 3 + slope * np.log(labels))
    law = power_law(labels, accuracy, tasks)
    assert law == pytest.approx((start - 3, slope), abs=1e-6)
    assert inverted(law, accuracy_at(law, 300, tasks), tasks) == pytest.approx(300, rel=1e-6) or accuracy_at(
        law, 300, tasks
    ) in (0, 1)


def test_a_curve_that_falls_is_taken_as_flat() -> None:
    law = power_law(np.array([10, 100]), np.array([0.8, 0.7]), 1000)
    assert law[1] < 0
    assert accuracy_at(law, 10, 1000) == pytest.approx(0.755, abs=0.01)
    assert inverted(law, 0.9, 1000) == np.inf


@settings(max_examples=up_to(50))
@given(st.lists(st.floats(0, 1), min_size=2, max_size=10), st.floats(0, 1))
def test_labels_for_a_level_are_where_the_rising_curve_has_it(heights: list[float], level: float) -> None:
    labels = np.unique(np.geomspace(10, 500, len(heights)).round().astype(np.int64))
    rising = IsotonicRegression().fit_transform(np.log(labels), heights[: len(labels)])
    found = labels_for(level, labels, rising)
    if found == np.inf:
        assert rising[-1] < level
    elif rising[0] >= level:
        assert found == labels[0]
    else:
        assert np.interp(np.log(found), np.log(labels), rising) == pytest.approx(level, abs=1e-6)
