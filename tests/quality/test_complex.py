"""Sigma and KS: by hand, against scipy, invariances, undefined cases, samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from label_config.answers import Number
from label_config.model import Control, Family
from sync.quality.agreement.case import Case
from sync.quality.agreement.coefficients import coefficients
from sync.quality.agreement.complex import MOST_TASKS, ONE_TASK, TIES, Distances, distances, ks, sigma
from sync.quality.agreement.undefined import NO_PAIRS
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.records import CodedAnswers, FloatArray, IntArray

from ..thorough import up_to

DISTANCE = st.integers(0, 10).map(lambda tenths: tenths / 10)


def found(observed: list[float], expected: list[float]) -> Distances:
    """Every observed distance from a task of its own, every expected one from two of them."""
    tasks = max(2, len(observed))
    each = np.arange(len(expected))
    return Distances(
        observed=np.array(observed, float),
        task=np.arange(len(observed)),
        share=np.ones(len(observed)),
        expected=np.array(expected, float),
        left=each % tasks,
        right=(each + 1) % tasks,
        tasks=tasks,
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@given(st.lists(DISTANCE, min_size=1, max_size=20), st.lists(DISTANCE, min_size=1, max_size=20))
def test_ks_is_the_one_sided_statistic_of_scipy(observed: list[float], expected: list[float]) -> None:
    value = ks(found(observed, expected), rng(), bootstrap=0).value
    assert value == pytest.approx(ks_2samp(observed, expected, alternative="greater").statistic, abs=1e-12)


@given(st.lists(DISTANCE, min_size=1, max_size=20), st.lists(DISTANCE, min_size=1, max_size=60))
def test_sigma_counts_what_few_expected_distances_reach(observed: list[float], expected: list[float]) -> None:
    rare = [sum(other <= one for other in expected) / len(expected) < 0.05 for one in observed]
    possible = expected.count(0.0) / len(expected) < 0.05
    value = sigma(found(observed, expected), rng(), bootstrap=0).value
    assert value == (pytest.approx(sum(rare) / len(rare)) if possible else None)


def test_sigma_is_that_of_the_authors_program_without_smoothing() -> None:
    """1 - mean(observed >= 5 % quantile of expected), on many distances without ties."""
    draw = np.random.default_rng(1)
    observed, expected = draw.beta(1, 4, size=5000), draw.beta(4, 2, size=5000)
    theirs = 1 - float(np.mean(observed >= np.quantile(expected, 0.05)))
    assert sigma(found(observed.tolist(), expected.tolist()), rng(), bootstrap=0).value == pytest.approx(
        theirs, abs=1e-3
    )


@settings(max_examples=up_to(40))
@given(st.lists(DISTANCE, min_size=1, max_size=20), st.lists(DISTANCE, min_size=1, max_size=40))
def test_the_scale_of_distances_means_nothing(observed: list[float], expected: list[float]) -> None:
    for measure in (sigma, ks):
        halved = found([one / 2 for one in observed], [one / 2 for one in expected])
        assert measure(halved, rng(), 0).value == measure(found(observed, expected), rng(), 0).value


CONTROL = Control("c", "Number", ("t",), family=Family.NUMBER)


def numbers(rows: list[tuple[int, int, float]]) -> CodedAnswers:
    return encode(CONTROL, [(task, person, Number(value)) for task, person, value in rows])


def measured(coded: CodedAnswers, seed: int = 0) -> Distances:
    values = np.array([answer.value for answer in coded.answers if isinstance(answer, Number)])

    def between(left: IntArray, right: IntArray) -> FloatArray:
        return np.asarray(np.abs(values[left] - values[right]), dtype=np.float64)

    return distances(coded, between, np.random.default_rng(seed))


def test_within_tasks_is_observed_and_across_tasks_expected() -> None:
    """Task 1 has 0, 0.1, 0.3; task 2 has 0.6, 1; task 3 was answered once."""
    coded = numbers([(1, 1, 0), (1, 2, 0.1), (1, 3, 0.3), (2, 1, 0.6), (2, 2, 1), (3, 1, 0.5)])
    apart = measured(coded)
    assert sorted(apart.observed.round(9).tolist()) == [0.1, 0.2, 0.3, 0.4]
    assert sorted(apart.expected.round(9).tolist()) == [0.3, 0.5, 0.6, 0.7, 0.9, 1.0]
    assert (apart.tasks, apart.left_out) == (2, 0)
    assert sigma(apart, rng()).value == pytest.approx(2 / 4)
    assert ks(apart, rng()).value == pytest.approx(1 - 1 / 6)


@settings(max_examples=up_to(25))
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), DISTANCE), max_size=24, unique_by=lambda row: row[:2]),
    st.permutations(range(6)),
)
def test_order_and_names_mean_nothing_and_all_is_in_range(rows: list[tuple[int, int, float]], names: list[int]) -> None:
    renamed = numbers([(names[task], 9 - person, value) for task, person, value in reversed(rows)])
    for measure in (sigma, ks):
        one, other = (measure(measured(coded), rng(), bootstrap=0) for coded in (numbers(rows), renamed))
        assert one.value == (None if other.value is None else pytest.approx(other.value))
        assert one.reason == other.reason
        assert one.value is None or 0 <= one.value <= 1


def test_who_answer_alike_agree_and_who_answer_by_chance_do_not() -> None:
    draw = np.random.default_rng(2)
    alike = numbers([(task, person, float(task)) for task in range(30) for person in range(2)])
    assert (sigma(measured(alike), rng()).value, ks(measured(alike), rng()).value) == (1.0, 1.0)
    chance = measured(numbers([(task, person, draw.random()) for task in range(400) for person in range(3)]))
    found_sigma, found_ks = sigma(chance, rng(), 300), ks(chance, rng(), 300)
    assert found_sigma.value == pytest.approx(0.05, abs=0.03)
    assert found_ks.value == pytest.approx(0, abs=0.06)
    assert found_sigma.low is not None
    assert found_sigma.high is not None
    assert found_sigma.low < 0.05 < found_sigma.high


def test_the_interval_holds_the_truth_and_is_the_same_for_the_same_seed() -> None:
    draw = np.random.default_rng(3)
    truth = draw.random(300)
    coded = numbers([(task, person, truth[task] + draw.normal(0, 0.1)) for task in range(300) for person in range(2)])
    for measure in (sigma, ks):
        one = measure(measured(coded), rng(), 300)
        assert one.low is not None
        assert one.value is not None
        assert one.high is not None
        assert one.low < one.value < one.high < one.low + 0.25
        assert one == measure(measured(coded), rng(), 300)


@pytest.mark.parametrize(
    ("rows", "of_sigma", "of_ks"),
    [
        ([], NO_PAIRS, NO_PAIRS),
        ([(1, 1, 0.0), (2, 2, 1.0)], NO_PAIRS, NO_PAIRS),
        ([(1, 1, 0.0), (1, 2, 1.0)], ONE_TASK, ONE_TASK),
    ],
)
def test_what_is_undefined_is_null_with_its_reason(
    rows: list[tuple[int, int, float]], of_sigma: str, of_ks: str
) -> None:
    apart = measured(numbers(rows))
    assert (sigma(apart, rng()).value, sigma(apart, rng()).reason) == (None, of_sigma)
    assert (ks(apart, rng()).value, ks(apart, rng()).reason) == (None, of_ks)


def test_where_all_answers_are_equal_no_distance_is_significant() -> None:
    equal = measured(numbers([(task, person, 1.0) for task in range(3) for person in range(2)]))
    assert sigma(equal, rng()).reason == TIES
    assert ks(equal, rng()).value == 0.0


def test_of_many_tasks_some_are_drawn_and_large_tasks_count_all_their_pairs() -> None:
    many = numbers([(task, person, float(task % 7)) for task in range(MOST_TASKS + 5) for person in range(2)])
    apart = measured(many)
    assert (apart.tasks, apart.left_out, len(apart.observed)) == (MOST_TASKS, 5, MOST_TASKS)
    assert (
        ks(apart, rng(), 0).reason
        == f"no interval: no resamples were asked for; from {MOST_TASKS} of {MOST_TASKS + 5} tasks, drawn at random"
    )
    large = numbers([(1, person, float(person)) for person in range(300)] + [(2, 1, 0.0), (2, 2, 0.0)])
    share = measured(large).share
    assert share.sum() == pytest.approx(300 * 299 / 2 + 1)


def test_they_are_coefficients_over_the_distance_of_the_control() -> None:
    """The scale of the control's own distance, from the lowest to the highest number, changes neither."""
    coded = numbers([(task, person, float(task**2 + person)) for task in range(12) for person in range(2)])
    case = Case(ControlEvidence(CONTROL, coded), Method(distance="absolute", bootstrap=0), rng())
    named = coefficients(case, ("sigma", "ks"), rng())
    apart = measured(coded)
    assert named["sigma"].value == pytest.approx(sigma(apart, rng(), 0).value)
    assert named["ks"].value == pytest.approx(ks(apart, rng(), 0).value)
