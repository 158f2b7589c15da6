"""Matching along edges, beside whole tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from sync.quality.auction import auction
from sync.quality.edge_matching import match_edges
from sync.quality.records import FloatArray, IntArray

from ..thorough import up_to
from .test_matching import SIMILARITIES

TABLES = arrays(np.float64, (7, 6), elements=SIMILARITIES)


def edges(table: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    row, column = np.nonzero(table)
    return row, column, table[row, column]


def best(table: FloatArray) -> float:
    return float(table[linear_sum_assignment(table, maximize=True)].sum())


@given(TABLES)
def test_as_much_as_the_whole_table_gives(table: FloatArray) -> None:
    row, column, weight = edges(table)
    chosen = match_edges(row, column, weight)
    assert len(set(row[chosen])) == len(set(column[chosen])) == chosen.sum()
    assert weight[chosen].sum() == pytest.approx(best(table))


def check_auction(table: FloatArray) -> None:
    row, column, weight = edges(table)
    chosen = auction(row, column, weight)
    assert len(set(row[chosen])) == len(set(column[chosen])) == chosen.sum()
    assert weight[chosen].sum() == pytest.approx(best(table), abs=len(table) * 1e-4)


@settings(max_examples=up_to(25))
@given(TABLES)
def test_an_auction_of_few_prices_gives_nearly_as_much(table: FloatArray) -> None:
    check_auction(table + 0.01)


def test_an_auction_of_all_prices_gives_nearly_as_much() -> None:
    rng = np.random.default_rng(1)
    for _ in range(5):
        check_auction(rng.random((60, 50)) + 0.01)


def chain(n: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Row r is joined with columns r and r + 1, all of them in one component; and the best is known."""
    row = np.repeat(np.arange(n), 2)
    return row, row + np.tile([0, 1], n), np.tile([0.5, 0.6], n)


def test_what_hangs_together_by_thousands_takes_no_table() -> None:
    row, column, weight = chain(50_000)
    assert weight[match_edges(row, column, weight)].sum() == pytest.approx(0.6 * 50_000, rel=1e-4)
    assert match_edges(row, column, np.ones(len(row))).sum() == 50_000


def test_no_edges_no_matches() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert match_edges(nothing, nothing, np.zeros(0)).tolist() == []
