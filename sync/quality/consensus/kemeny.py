"""One order from many: the one with the fewest pairs that stand the other way round, and Borda's."""

import numpy as np
from scipy.sparse import csgraph

from ..records import FloatArray, IntArray

EXACT = 10
"""Up to so many items that beat each other in a circle the best order is found for certain."""
EVEN = 1e-9
"""Costs that differ by less are equal."""


def kemeny(before: FloatArray) -> tuple[list[int], bool]:
    """The order with the least total weight of pairs turned round, and whether another is as good (J. Kemeny 1959).

    ``before`` (items, items) is the weight of those who put one item before another. Items of which each is put
    before all of another group by more weight come before it (M. Truchon 1998), so only items that beat each other in
    a circle are searched: up to ``EXACT`` by dynamic programming over subsets, more by moving single items from
    Borda's order for as long as that helps, which may miss the best. Of equal orders the one that is nearest to the
    given order of the items is taken.

    >>> kemeny(np.array([[0, 2, 2], [1, 0, 3], [1, 0, 0]]))
    ([0, 1, 2], False)
    >>> kemeny(np.array([[0, 2, 1], [1, 0, 2], [2, 1, 0]]))  # each beats the next: Condorcet's circle
    ([0, 1, 2], True)
    """
    found: list[int] = []
    tie = False
    for group in _groups(before):
        part = before[np.ix_(group, group)]
        order, even = _exact(part) if len(group) <= EXACT else _moved(part, borda(part))
        found += [group[place] for place in order]
        tie |= even
    return found, tie


def _groups(before: FloatArray) -> list[list[int]]:
    """The items that cannot be set apart by majorities, group by group, the first group first."""
    against = before.T
    not_behind = before >= against - EVEN * (1 + against)
    _, label = csgraph.connected_components(not_behind, directed=True, connection="strong")
    wins = (before > against + EVEN * (1 + against)).sum(axis=1)
    members: dict[int, list[int]] = {}
    for item, group in enumerate(label.tolist()):
        members.setdefault(group, []).append(item)
    # Between two groups every item of one beats every item of the other, so that any item tells their order.
    return sorted(members.values(), key=lambda group: -int(wins[group].min()))


def _exact(before: FloatArray) -> tuple[list[int], bool]:
    """Dynamic programming over the subsets that come first: cost[S] = min over the last item of S."""
    n = len(before)
    bits = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    # to place an item last among S costs the weight of those who put it before the others of S
    last = bits @ before.T
    cost = np.full(1 << n, np.inf)
    ways = np.zeros(1 << n)
    cost[0], ways[0] = 0.0, 1.0
    for subset in range(1, 1 << n):
        items = np.flatnonzero(bits[subset])
        rest = subset ^ (1 << items)
        total = cost[rest] + last[rest, items]
        cost[subset] = total.min()
        ways[subset] = ways[rest[total <= cost[subset] + EVEN * (1 + cost[subset])]].sum()
    order: list[int] = []
    subset = (1 << n) - 1
    while subset:
        items = np.flatnonzero(bits[subset])
        rest = subset ^ (1 << items)
        good = items[cost[rest] + last[rest, items] <= cost[subset] + EVEN * (1 + cost[subset])]
        order.append(int(good[-1]))
        subset ^= 1 << order[-1]
    return order[::-1], bool(ways[-1] > 1)


def _moved(before: FloatArray, order: list[int]) -> tuple[list[int], bool]:
    """Single items moved to their best places until none helps; whether two neighbours could be exchanged."""
    margin = before - before.T
    improved = True
    while improved:
        improved = False
        for item in tuple(order):
            place = order.index(item)
            rest = order[:place] + order[place + 1 :]
            # gain of standing before rest[k:], for each k
            after = margin[item, rest]
            gains = np.concatenate([np.cumsum(after[::-1])[::-1], [0.0]]) - np.concatenate([[0.0], np.cumsum(after)])
            best = int(gains.argmax())
            if gains[best] > gains[place] + EVEN * (1 + abs(gains[place])):
                order, improved = [*rest[:best], item, *rest[best:]], True
    even = np.abs(margin[order[:-1], order[1:]]) <= EVEN
    return order, bool(even.any())


def borda(before: FloatArray) -> list[int]:
    """The order by the weight with which an item is put before the others, less that against it (J. de Borda 1781).

    Items with equal scores keep their given order.

    >>> borda(np.array([[0, 0, 1], [2, 0, 2], [1, 0, 0]]))
    [1, 0, 2]
    """
    score = borda_scores(before)
    return sorted(range(len(before)), key=lambda item: -float(score[item]))


def borda_scores(before: FloatArray) -> FloatArray:
    """Borda's scores, rounded so that the order in which answers are added up means nothing: (items,)."""
    found: FloatArray = np.round((before - before.T).sum(axis=1), 9)
    return found


def put_before(places: FloatArray, weight: FloatArray) -> FloatArray:
    """The weight of those who put one item before another: (annotators, items) places -> (items, items).

    Equal places put neither before the other.
    """
    earlier = places[:, :, None] < places[:, None, :]
    found: FloatArray = np.einsum("a,aij->ij", weight, earlier.astype(np.float64))
    return found


def ranks(order: list[int]) -> IntArray:
    """The place of each item in an order."""
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.arange(len(order))
    return found
