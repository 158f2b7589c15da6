"""Matching of very many that all hang together, close to the best: they bid for each other."""

import numpy as np

from .records import BoolArray, FloatArray, IntArray

_STEP = 1e-4
"""What a bid goes beyond the one before, as a part of the largest weight."""
_PATIENCE = 100
"""After so many rounds bids go up by half as much again: nobody haggles for ever over what is all the same."""


def auction(row: IntArray, column: IntArray, weight: FloatArray) -> BoolArray:
    """Which edges are matched, one to one, so that the weights add up to nearly as much as can be.

    Edge e joins ``row[e]`` and ``column[e]`` and has ``weight[e]`` > 0, shape (edges,) as what it gives. In each round
    every row that is alone bids for the column that leaves it most, as much more as that is better than its second
    choice, or stays alone where nothing is left (Bertsekas 1988). A row loses at most one step, so that the sum is at
    most rows times step below the best: 0.0001 of the largest weight a row, more only after 100 rounds.

    >>> auction(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([0.5, 0.6, 0.5])).tolist()
    [True, False, True]
    """
    order = np.lexsort((column, row))
    row, column, weight = row[order], column[order], weight[order]
    first = np.searchsorted(row, np.arange(int(row.max()) + 2))
    price, owner = np.zeros(int(column.max()) + 1), np.full(int(column.max()) + 1, -1)
    bought = np.full(len(first) - 1, -1)
    alone: IntArray = np.arange(len(bought))
    step, rounds = _STEP * float(weight.max()), 0
    while len(alone):
        alone, edge, offer = _bids(alone, first, column, weight, price, step)
        best = np.lexsort((-alone, offer, column[edge]))
        won = best[np.flatnonzero(np.diff(column[edge][best], append=-1))]
        sold = column[edge[won]]
        outbid = owner[sold][owner[sold] >= 0]
        bought[outbid] = -1
        price[sold], owner[sold], bought[alone[won]] = offer[won], alone[won], edge[won]
        alone = np.sort(np.concatenate([np.delete(alone, won), outbid]))
        rounds += 1
        step *= 1.5 if rounds % _PATIENCE == 0 else 1.0
    chosen: BoolArray = np.zeros(len(row), dtype=np.bool_)
    chosen[order[bought[bought >= 0]]] = True
    return chosen


def _bids(
    alone: IntArray, first: IntArray, column: IntArray, weight: FloatArray, price: FloatArray, step: float
) -> tuple[IntArray, IntArray, FloatArray]:
    """Who bids, for which edge, and what price."""
    size = first[alone + 1] - first[alone]
    start = np.cumsum(size) - size
    edge = np.arange(int(size.sum())) + np.repeat(first[alone] - start, size)
    left = weight[edge] - price[column[edge]]
    most = np.maximum.reduceat(left, start)
    bidder = np.repeat(np.arange(len(alone)), size)
    liked = np.flatnonzero(left == most[bidder])
    best = liked[np.flatnonzero(np.diff(bidder[liked], prepend=-1))]
    left[best] = 0.0
    second = np.maximum(np.maximum.reduceat(left, start), 0.0)
    bids = most > 0
    return alone[bids], edge[best[bids]], (price[column[edge[best]]] + most - second + step)[bids]
