"""Optimal one-to-one matching, beside every permutation and beside scipy."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from sync.quality.matching import match
from sync.quality.records import FloatArray, IntArray

SIMILARITIES = st.sampled_from([0.0, 0.0, 0.1, 0.25, 0.5, 0.6, 1.0])
SIZES = st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 4))
TABLES = SIZES.flatmap(lambda shape: arrays(np.float64, shape, elements=SIMILARITIES))


def total(similarity: FloatArray, matched: IntArray) -> list[float]:
    """The matched similarities of each pair added up; refuses what is no matching."""
    found = []
    for table, columns in zip(similarity, matched.tolist(), strict=True):
        used = [(row, column) for row, column in enumerate(columns) if column >= 0]
        assert len({column for _, column in used}) == len(used), "no column twice"
        assert all(table[place] > 0 for place in used), "nothing is matched with what it has nothing in common with"
        found.append(sum(float(table[place]) for place in used))
    return found


def best(table: FloatArray) -> float:
    """The most that any permutation gives."""
    n, m = table.shape
    short, long = (table, m) if n <= m else (table.T, n)
    return max(
        sum(float(short[row, column]) for row, column in enumerate(columns))
        for columns in itertools.permutations(range(long), len(short))
    )


@given(TABLES)
def test_no_permutation_gives_more(similarity: FloatArray) -> None:
    found = match(similarity)
    assert found.shape == similarity.shape[:2]
    assert total(similarity, found) == pytest.approx([best(table) for table in similarity])


@pytest.mark.parametrize(
    ("n", "m"), [(1, 30), (2, 40), (5, 5), (5, 9), (9, 4), (8, 8), (8, 9), (12, 12), (30, 20), (60, 3)]
)
def test_as_much_as_scipy_finds(n: int, m: int) -> None:
    similarity = np.random.default_rng(n * 100 + m).random((40, n, m))
    similarity[similarity < 0.4] = 0.0
    theirs = [table[linear_sum_assignment(table, maximize=True)].sum() for table in similarity]
    assert total(similarity, match(similarity)) == pytest.approx(theirs)


def test_two_halves_beat_the_best_one() -> None:
    greedy_would_take_the_middle = np.array([[[0.5, 0.0], [0.6, 0.5]]])
    assert match(greedy_would_take_the_middle).tolist() == [[0, 1]]


def test_a_pair_is_matched_the_same_whatever_stands_beside_it() -> None:
    ties = np.ones((3, 4, 5))
    assert np.array_equal(match(ties)[1], match(ties[1:2])[0])
    many = np.random.default_rng(0).integers(0, 3, (50_000, 3, 3)).astype(np.float64)
    assert np.array_equal(match(many)[-7:], match(many[-7:]))


@pytest.mark.parametrize("shape", [(0, 3, 3), (4, 0, 3), (4, 3, 0), (2, 0, 0)])
def test_where_there_is_nothing_nothing_is_matched(shape: tuple[int, int, int]) -> None:
    found = match(np.zeros(shape))
    assert found.shape == shape[:2]
    assert np.all(found == -1)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.1])
def test_what_is_no_similarity_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite numbers of 0 or more"):
        match(np.array([[[wrong, 0.0]]]))


def test_a_single_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(pairs, n, m\), not \(2, 2\)"):
        match(np.ones((2, 2)))
