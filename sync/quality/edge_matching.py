"""One-to-one matching where few can be matched with each other: only those that can are listed, as edges."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

from .auction import auction
from .matching import match
from .records import BoolArray, FloatArray, IntArray

_MOST_CELLS = 1 << 20
"""A larger table is not laid out: its edges are matched as they are."""


def match_edges(row: IntArray, column: IntArray, weight: FloatArray) -> BoolArray:
    """Which edges are matched, so that no row and no column has two and the weights add up to as much as can be.

    Edge e joins ``row[e]`` and ``column[e]`` (numbers from 0, best without gaps) and has ``weight[e]`` > 0; no two
    edges join the same. All have the shape (edges,), also what it gives. Rows and columns that hang together by edges
    are matched apart from all others, so it takes memory for the edges, not for rows times columns. Several best
    matchings: always the same one. Only where more than a million rows times columns all hang together, and weights
    differ, is the sum an approximation (see ``auction``).

    >>> match_edges(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([0.5, 0.6, 0.5])).tolist()
    [True, False, True]
    """
    chosen: BoolArray = np.zeros(len(row), dtype=np.bool_)
    if len(row):
        chosen[:] = (np.bincount(row)[row] == 1) & (np.bincount(column)[column] == 1)
        rest = np.flatnonzero(~chosen)
        if len(rest):
            chosen[rest] = _components(_numbered(row[rest]), _numbered(column[rest]), weight[rest])
    return chosen


def _numbered(ids: IntArray) -> IntArray:
    """The same ids without gaps."""
    used = np.bincount(ids) > 0
    return (np.cumsum(used) - 1)[ids]


def _components(row: IntArray, column: IntArray, weight: FloatArray) -> BoolArray:
    """Match what hangs together, components of one size at once."""
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    nodes = rows + columns
    joined = sparse.coo_array((np.ones(len(row), dtype=np.int8), (row, rows + column)), shape=(nodes, nodes))
    count, component = connected_components(joined, directed=False)
    n, row_place = _within(component[:rows], count)
    m, column_place = _within(component[rows:], count)
    of_edge = component[row]
    chosen: BoolArray = np.zeros(len(row), dtype=np.bool_)
    size = n * (columns + 1) + m
    order = np.argsort(size[of_edge], kind="stable")
    cuts = np.flatnonzero(np.diff(size[of_edge][order])) + 1
    for edges in np.split(order, cuts):
        first = of_edge[edges[0]]
        shape = (int(n[first]), int(m[first]))
        chosen[edges] = _alike(of_edge[edges], row_place[row[edges]], column_place[column[edges]], weight[edges], shape)
    return chosen


def _within(component: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """How many nodes each component has, and the place of each node within its own."""
    size = np.bincount(component, minlength=count)
    order = np.argsort(component, kind="stable")
    place = np.empty(len(component), dtype=np.int64)
    place[order] = np.arange(len(component)) - np.repeat(np.cumsum(size) - size, size)
    return size, place


def _alike(
    component: IntArray, row: IntArray, column: IntArray, weight: FloatArray, shape: tuple[int, int]
) -> BoolArray:
    """Match the components of one shape: as tables, or by their edges where a table would be large."""
    n, m = shape
    table = _numbered(component)
    if n * m > _MOST_CELLS:
        return _large(table * n + row, table * m + column, weight)
    tables = int(table.max()) + 1
    chosen: BoolArray = np.zeros(len(row), dtype=np.bool_)
    order, per_block = np.argsort(table, kind="stable"), max(1, _MOST_CELLS // (n * m))
    cuts = np.searchsorted(table[order], np.arange(per_block, tables, per_block))
    for edges in np.split(order, cuts):
        at, first = table[edges], int(table[edges[0]])
        similarity = np.zeros((int(at[-1]) - first + 1, n, m))
        similarity[at - first, row[edges], column[edges]] = weight[edges]
        chosen[edges] = match(similarity)[at - first, row[edges]] == column[edges]
    return chosen


def _large(row: IntArray, column: IntArray, weight: FloatArray) -> BoolArray:
    """Without a table: exactly where all edges are worth the same (Hopcroft and Karp 1973), else by auction."""
    if weight.min() < weight.max():
        return auction(row, column, weight)
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    graph = sparse.csr_array((np.ones(len(row), dtype=np.int8), (row, column)), shape=shape)
    chosen: BoolArray = maximum_bipartite_matching(graph, perm_type="column")[row] == column
    return chosen
