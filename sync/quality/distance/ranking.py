"""Ranker: how far two orders of items are apart, with or without buckets.

An answer puts items in an order: bucket after bucket, each from its first place on. An item that it leaves out, or
leaves in the bucket "_" of a ranker with others, is tied with all such items for the last place, as in R. Fagin,
R. Kumar and D. Sivakumar, "Comparing Top k Lists", 2003. Only items that one of the two ranked are compared.
The end of a bucket is compared like an item, so that the bucket matters; the end of the last one only where something
is left out. Buckets have the order of the interface, else of their names. An item counts at its first place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from label_config.answers import Ranking

from ..records import BoolArray, FloatArray, IntArray
from .comparison import Comparison, typed
from .equality import codes, once_a_pair, unequal
from .sequences import NONE, sequences

UNPLACED = "_"
"""The bucket in which a ranker with buckets has the items that were not moved."""

Entry = tuple[bool, str]
"""The end of the bucket of that name (true), or an item (false)."""


def kendall(pairs: Comparison) -> FloatArray:
    """(1 - tau-b) / 2: the share of pairs of items that stand the other way round, where nothing is tied.

    A pair that one of the two ties counts for neither side. 1 where one of the two ranked nothing.
    Source: M. Kendall, "The Treatment of Ties in Ranking Problems", 1945.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> orders = [Ranking((("rank", items),)) for items in (("a", "b", "c"), ("b", "a", "c"), ("c", "b", "a"))]
    >>> kendall(every_pair(Control("c", "Ranker", ("t",)), orders)).round(2)[:3].tolist()
    [0.0, 0.33, 1.0]
    """
    return _compared(pairs, _tau_b)


def top_weighted(pairs: Comparison) -> FloatArray:
    """(1 - weighted tau) / 2, where a pair of items weighs 1/r + 1/s, their ranks: the first places matter most.

    The mean of the ranks by either answer, so that it is symmetric. Unlike rank-biased overlap (W. Webber et al. 2010)
    it reaches 1 for a short list turned round, and unlike AP correlation (E. Yilmaz et al. 2008) it knows ties.
    Source: S. Vigna, "A Weighted Correlation Index for Rankings with Ties", 2015.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> orders = [Ranking((("rank", items),)) for items in (("a", "b", "c"), ("b", "a", "c"), ("a", "c", "b"))]
    >>> top_weighted(every_pair(Control("c", "Ranker", ("t",)), orders)).round(2)[:3].tolist()
    [0.0, 0.41, 0.23]
    """
    return _compared(pairs, _weighted_tau)


def buckets(pairs: Comparison) -> FloatArray:
    """Share of the items that either placed which are not in the same bucket of both; no order counts.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> one, other = Ranking((("good", ("a", "b")), ("bad", ("c",)))), Ranking((("good", ("b", "c")), ("bad", ())))
    >>> buckets(every_pair(Control("c", "Ranker", ("t",)), [one, other])).round(2)[:2].tolist()
    [0.0, 0.67]
    """
    return _compared(pairs, _moved)


def nominal(pairs: Comparison) -> FloatArray:
    """0 for the same order in the same buckets, else 1."""
    return unequal(codes(_entries(pairs))[0], pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Pairs of orders over the entries of either: (pairs, entries) each.

    ``left`` and ``right`` are places, the larger the later. ``item`` is true for items, ``end`` for ends of buckets;
    where neither is true there is nothing.
    """

    left: IntArray
    right: IntArray
    item: BoolArray
    end: BoolArray

    def signs(self) -> tuple[FloatArray, FloatArray]:
        """(pairs, entries, entries) of either: 1 where the first comes before the second, -1 after it, 0 if tied.

        0 also where nothing is to compare: with an absent entry, and between two ends, which say nothing.
        """
        there = (self.item | self.end).astype(np.float32)
        end = self.end.astype(np.float32)
        counts = there[:, :, None] * there[:, None, :] - end[:, :, None] * end[:, None, :]
        left, right = (
            np.sign(order[:, None, :] - order[:, :, None]).astype(np.float32) * counts
            for order in (self.left, self.right)
        )
        return left, right


def _compared(pairs: Comparison, measure: Callable[[Aligned], FloatArray]) -> FloatArray:
    code, distinct = codes(_entries(pairs))
    rows, entries = sequences(distinct)
    end = np.array([is_end for is_end, _ in entries], dtype=bool)

    def between(left: IntArray, right: IntArray) -> FloatArray:
        found = np.ones(len(left))
        ranked = (rows.size[left] > 0) & (rows.size[right] > 0)
        for part in rows.blocks(left[ranked], right[ranked]):
            chosen = np.flatnonzero(ranked)[part]
            found[chosen] = measure(_aligned(rows.rows(left[chosen]), rows.rows(right[chosen]), end))
        return np.clip(found, 0.0, 1.0)

    return once_a_pair(code[pairs.left], code[pairs.right], len(distinct), between)


def _tau_b(orders: Aligned) -> FloatArray:
    left, right = orders.signs()
    agreeing = (left * right).sum(axis=(1, 2), dtype=np.float64)
    untied = np.abs(left).sum(axis=(1, 2), dtype=np.float64) * np.abs(right).sum(axis=(1, 2), dtype=np.float64)
    return _distance(agreeing, untied)


def _weighted_tau(orders: Aligned) -> FloatArray:
    left, right = orders.signs()
    sums = [part.sum(axis=2, dtype=np.float64) for part in (left * right, np.abs(left), np.abs(right))]
    found = []
    for first, then in ((orders.left, orders.right), (orders.right, orders.left)):
        weight = 1.0 / (_ranks(first, then, orders.item | orders.end) + 1.0)
        agreeing, one, other = ((weight * part).sum(axis=1) for part in sums)
        found.append(_distance(agreeing, one * other))
    mean: FloatArray = (found[0] + found[1]) / 2
    return mean


def _distance(agreeing: FloatArray, untied: FloatArray) -> FloatArray:
    """A correlation as a distance; where there is but one entry it is in the same place."""
    tau = np.divide(agreeing, np.sqrt(untied), out=np.ones_like(agreeing), where=untied > 0)
    found: FloatArray = (1.0 - tau) / 2
    return found


def _ranks(first: IntArray, then: IntArray, there: BoolArray) -> IntArray:
    """The ranks from 0 on, by one order and among its ties by the other; absent entries come last."""
    end = first.shape[1] * 2 + 2
    key = np.where(there, first * end + then, end * end)
    found: IntArray = key.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return found


def _moved(orders: Aligned) -> FloatArray:
    left, right = (
        ((order[:, None, :] < order[:, :, None]) & orders.end[:, None, :]).sum(axis=2)
        for order in (orders.left, orders.right)
    )
    found: FloatArray = ((left != right) & orders.item).sum(axis=1) / np.maximum(orders.item.sum(axis=1), 1)
    return found


def _aligned(left: IntArray, right: IntArray, end: BoolArray) -> Aligned:
    """Orders as codes of entries, (pairs, places) each -> their places over the entries of either."""
    last = left.shape[1] + right.shape[1]
    same = (left[:, :, None] == right[:, None, :]) & (left != NONE)[:, :, None]
    here, there = same.any(axis=2), same.any(axis=1)
    code = np.concatenate([left, np.where(there, NONE, right)], axis=1)
    place = np.broadcast_to(np.arange(left.shape[1]), left.shape)
    other = np.broadcast_to(np.arange(right.shape[1]), right.shape)
    one = np.concatenate([place, np.full(right.shape, last)], axis=1)
    two = np.concatenate([np.where(here, same.argmax(axis=2), last), other], axis=1)
    used = code != NONE
    width = int(used.sum(axis=1).max(initial=0))
    order = np.argsort(~used, axis=1, kind="stable")[:, :width]
    code, one, two, used = (np.take_along_axis(values, order, axis=1) for values in (code, one, two, used))
    is_end = used & end[code]
    item = used & ~end[code]
    return Aligned(one, two, item, _without_last(is_end, item, one, two, last))


def _without_last(end: BoolArray, item: BoolArray, left: IntArray, right: IntArray, last: int) -> BoolArray:
    """The ends of buckets that count: the last one does only where some item is left out."""
    complete = ~((item & ((left == last) | (right == last))).any(axis=1))
    latest = end & (left == np.where(end, left, -1).max(axis=1, initial=-1)[:, None])
    found: BoolArray = end & ~(latest & complete[:, None])
    return found


def _entries(pairs: Comparison) -> list[tuple[Entry, ...]]:
    """Each answer as the entries of its order, with the end of every bucket; without any where it ranks nothing."""
    answers = typed(pairs, Ranking)
    named = {name for answer in answers for name, _ in answer.buckets}
    names = list(dict.fromkeys([*pairs.control.labels, *sorted(named)]))
    real = [name for name in names if name != UNPLACED] or names
    return [tuple(_in_order(answer, real)) for answer in answers]


def _in_order(answer: Ranking, names: list[str]) -> Iterator[Entry]:
    placed = dict(answer.buckets)
    if not any(placed.get(name) for name in names):
        return
    seen: set[str] = set()
    for name in names:
        for item in placed.get(name, ()):
            if item not in seen:
                seen.add(item)
                yield False, item
        yield True, name
