"""One-to-one matching of maximal total similarity: of many small tables at once, and of any number of edges."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .records import BoolArray, FloatArray, IntArray

_MOST_STEPS = 120
"""How long a dynamic programme may be: 5 x 5 takes 80 steps; beyond, tables one by one are done sooner (measured)."""
_BLOCK = 1 << 18
"""How many numbers a block of tables may take: what is worked on stays in memory that is near."""


def match(similarity: FloatArray) -> IntArray:
    """Who is matched with whom, so that the similarities of the matched add up to as much as can be.

    ``similarity`` has shape (pairs, n, m): of each of n on the left to each of m on the right, 0 or more. Gives the
    column of each row, shape (pairs, n), or -1; no column twice, and never one of similarity 0. Of several best
    matchings it gives the same one every time. Raises ValueError for another shape, negative numbers, and NaN.

    Tables in which every row prefers another column are done; the others go through a dynamic programme over the
    subsets of their shorter side (Bellman 1962; Held and Karp 1962), all of them in step. Large ones take the shortest
    augmenting paths of Crouse (2016), one by one.

    >>> match(np.array([[[0.9, 0.8], [0.8, 0.1]], [[0.9, 0.2], [0.0, 0.0]]])).tolist()
    [[1, 0], [0, -1]]
    """
    if similarity.ndim != 3:
        raise ValueError(f"similarities have the shape (pairs, n, m), not {similarity.shape}")
    if not np.all((similarity >= 0) & (similarity < np.inf)):
        raise ValueError("similarities are finite numbers of 0 or more")
    pairs, n, m = similarity.shape
    if n > m:
        return _turned(match(similarity.transpose(0, 2, 1)), n)
    matched = np.full((pairs, n), -1, dtype=np.int64)
    if n:
        per_block = max(1, _BLOCK // (m << min(n, 8)))
        for start in range(0, pairs, per_block):
            matched[start : start + per_block] = _block(similarity[start : start + per_block])
    return matched


def largest_sum(tables: FloatArray) -> FloatArray:
    """What the best one-to-one matching of each table adds up to, without saying which it is: shape (pairs,).

    Here the tables lie the other way round, ``tables`` has the shape (n, m, pairs): that is how they are made fastest.

    >>> largest_sum(np.array([[[0.9], [0.8]], [[0.8], [0.1]]])).tolist()
    [1.6]
    """
    n, m, pairs = tables.shape
    if n > m:
        return largest_sum(tables.transpose(1, 0, 2))
    if not _small(n, m):
        similarity = np.ascontiguousarray(tables.transpose(2, 0, 1))
        matched = match(similarity)
        taken: FloatArray = np.where(matched >= 0, _taken(similarity, matched), 0.0)
        total: FloatArray = taken.sum(axis=1)
        return total
    total = np.zeros(pairs)
    steps, per_block = _steps(n, m), max(1, _BLOCK // (m << n))
    for start in range(0, pairs, per_block):
        part = tables[:, :, start : start + per_block]
        best = np.full((1 << n, part.shape[2]), -np.inf)
        best[0] = 0.0
        for column, rows, row in steps:
            np.maximum(best[rows], best[rows ^ 1 << row] + part[row, column], out=best[rows])
        total[start : start + per_block] = best[-1]
    return total


def _small(n: int, m: int) -> bool:
    """Whether tables of n <= m are for the dynamic programme."""
    return n <= 5 and m <= _MOST_STEPS // 2 and len(_steps(n, m)) <= _MOST_STEPS


def _turned(matched: IntArray, columns: int) -> IntArray:
    """The same matching from the other side."""
    turned = np.full((len(matched), columns), -1, dtype=np.int64)
    pair, row = np.nonzero(matched >= 0)
    turned[pair, matched[pair, row]] = row
    return turned


def _block(similarity: FloatArray) -> IntArray:
    """The same of a few tables that are at least as wide as high."""
    _, n, m = similarity.shape
    matched: IntArray = similarity.argmax(axis=2)
    matched[_taken(similarity, matched) <= 0] = -1
    rest = np.flatnonzero(_collide(matched))
    if len(rest):
        found = (_programme if _small(n, m) else _one_by_one)(similarity[rest])
        matched[rest] = np.where(_taken(similarity[rest], found) > 0, found, -1)
    return matched


def _taken(similarity: FloatArray, matched: IntArray) -> FloatArray:
    """(pairs, n): the similarity of each row to its column."""
    taken: FloatArray = np.take_along_axis(similarity, matched[:, :, None], axis=2)[:, :, 0]
    return taken


def _collide(matched: IntArray) -> BoolArray:
    """(pairs,): true where two rows have one column."""
    ordered = np.sort(matched, axis=1)
    twice: BoolArray = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    collide: BoolArray = np.any(twice, axis=1)
    return collide


@cache
def _steps(n: int, m: int) -> list[tuple[int, int, int]]:
    """The programme's steps (column, set of rows, the one of them that takes the column), larger sets first.

    Nothing is lost by matching every row, so sets that are too small to be completed by the columns left are left out.
    """
    sets = sorted(range(1, 1 << n), key=lambda rows: (-rows.bit_count(), rows))
    return [
        (column, rows, row)
        for column in range(m)
        for rows in sets
        if column + 1 - (m - n) <= rows.bit_count() <= column + 1
        for row in range(n)
        if rows >> row & 1
    ]


def _programme(similarity: FloatArray) -> IntArray:
    """The dynamic programme: ``best[rows]`` is the most that the columns so far give to that set of rows."""
    pairs, n, m = similarity.shape
    table = np.ascontiguousarray(similarity.transpose(1, 2, 0))
    best = np.full((1 << n, pairs), -np.inf)
    best[0] = 0.0
    took = np.full((m, 1 << n, pairs), -1, dtype=np.int8)
    for column, rows, row in _steps(n, m):
        total = best[rows ^ 1 << row] + table[row, column]
        better = total > best[rows]
        np.copyto(best[rows], total, where=better)
        np.copyto(took[column, rows], np.int8(row), where=better)
    return _read_back(took, n)


def _read_back(took: NDArray[np.int8], n: int) -> IntArray:
    """The matching that ends with every row taken."""
    _, _, pairs = took.shape
    every = np.arange(pairs)
    rows = np.full(pairs, (1 << n) - 1)
    matched = np.full((pairs, n), -1, dtype=np.int64)
    for column in range(len(took) - 1, -1, -1):
        row = took[column, rows, every].astype(np.int64)
        taken = np.flatnonzero(row >= 0)
        matched[taken, row[taken]] = column
        rows[taken] &= ~(1 << row[taken])
    return matched


def _one_by_one(similarity: FloatArray) -> IntArray:
    from scipy.optimize import linear_sum_assignment  # half a second that most runs need not wait for

    return np.array([linear_sum_assignment(table, maximize=True)[1] for table in similarity], dtype=np.int64)
