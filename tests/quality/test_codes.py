"""Answers as arrays of whole numbers: alpha in one pass is alpha by its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.quality.agreement import (
    NO_PAIRS,
    ONE_LABEL,
    alpha_of_codes,
    answers_of_codes,
    kappa_matrix,
    krippendorff_alpha,
    matrix,
)
from sync.quality.agreement.pairwise import pair_agreements
from sync.quality.records import Estimate

from .answers import ROWS, Row, ordered_pairs, single

CODES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 30)), max_size=60)


def brute_force(rows: list[tuple[int, int]]) -> float | None:
    units = [[code for one, code in rows if one == task] for task in range(9)]
    units = [unit for unit in units if len(unit) > 1]
    everything = [code for unit in units for code in unit]
    differ = [sum(a != b for a, b in ordered_pairs(unit)) / (len(unit) - 1) for unit in units]
    expected = sum(a != b for a, b in ordered_pairs(everything))
    return 1 - sum(differ) * (len(everything) - 1) / expected if expected else None


@given(CODES, st.sampled_from([1, 2, 31]))
def test_alpha_of_codes_is_its_definition(rows: list[tuple[int, int]], kinds: int) -> None:
    """With 31 kinds one number does not hold a task's counts; with 1 there is no alpha."""
    rows = [(task, code % kinds) for task, code in rows]
    task, code = ([row[place] for row in rows] for place in range(2))
    wanted = brute_force(rows)
    assert alpha_of_codes(task, code).value == pytest.approx(wanted, abs=1e-12)
    apart = 1.0 - np.eye(kinds)
    assert alpha_of_codes(task, code, distances=apart).value == pytest.approx(wanted, abs=1e-12)


def test_distances_and_intervals_are_those_of_the_objects() -> None:
    rng = np.random.default_rng(4)
    task, person = np.repeat(np.arange(300), 3), np.tile(np.arange(3), 300)
    code = np.where(rng.random(900) < 0.6, task % 4, rng.integers(4, size=900))
    coded = answers_of_codes(task, person, code, "abcd")
    wanted = krippendorff_alpha(coded, np.random.default_rng(1), bootstrap=50)
    assert alpha_of_codes(task, code, rng=np.random.default_rng(1), bootstrap=50) == wanted
    assert wanted.low is not None
    point = alpha_of_codes(task, code)
    assert point.value == pytest.approx(wanted.value, abs=1e-12)
    assert point.low is None
    assert "no resamples" in str(point.reason)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([], Estimate(None, reason=NO_PAIRS)),
        ([(0, 0), (1, 0)], Estimate(None, reason=NO_PAIRS)),
        ([(0, 0), (0, 0)], Estimate(None, n=1, reason=ONE_LABEL)),
    ],
)
def test_what_is_undefined_is_null(rows: list[tuple[int, int]], wanted: Estimate) -> None:
    task, code = ([row[place] for row in rows] for place in range(2))
    assert alpha_of_codes(task, code) == wanted


@pytest.mark.parametrize(
    ("task", "code", "why"),
    [
        ([0, 1], [0], "have 2, 1 rows"),
        ([0, -1], [0, 0], "counted from 0"),
        ([0.0, 1.0], [0, 0], "whole numbers"),
        ([[0], [1]], [0, 0], "one-dimensional"),
    ],
)
def test_other_arrays_are_refused(task: list[int], code: list[int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        alpha_of_codes(task, code)


@pytest.mark.parametrize(
    ("person", "code", "why"),
    [([0, 0], [0, 0], "two answers"), ([0, 1], [0, 2], "code 2 has no label"), ([0], [0, 0], "have 2, 1, 2 rows")],
)
def test_codes_that_are_no_answers_are_refused(person: list[int], code: list[int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        answers_of_codes([0, 0], person, code, "ab")
    with pytest.raises(ValueError, match="code 2 has no distance"):
        alpha_of_codes([0, 0], [0, 2], distances=np.zeros((2, 2)))


@given(ROWS)
def test_the_matrix_has_the_kappa_of_each_pair(rows: list[Row]) -> None:
    coded = single(rows)
    found = kappa_matrix(coded.task, coded.annotator, coded.answer)
    pairs = pair_agreements(coded, matrix(coded), np.random.default_rng(0), 0, 0.95)
    place = {annotator: number for number, annotator in enumerate(coded.annotators)}
    assert found.tasks.sum() == 2 * sum(pair.tasks for pair in pairs)
    for pair in pairs:
        at = place[pair.annotators[0]], place[pair.annotators[1]]
        assert found.tasks[at] == found.tasks[at[::-1]] == pair.tasks
        assert found.percent_agreement[at] == pytest.approx(pair.percent_agreement.value)
        assert found.defined[at] == (pair.cohen_kappa.value is not None)
        assert found.kappa[at] == found.kappa[at[::-1]] == pytest.approx(pair.cohen_kappa.value or 0.0, abs=1e-12)


def test_a_matrix_that_would_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="20000 annotators with 1 answers"):
        kappa_matrix([0], [19_999], [0])
