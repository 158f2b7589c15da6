"""Orders of items by their scores: the first is drawn in proportion to exp(score), then the next of the rest. Pure.

Plackett 1975, Luce 1959. ``scores`` are (l, m): of the items of l lists in their order, the first place first, minus
infinity behind the end of a shorter list. Learned by gradient descent on linear scores (ListMLE; Xia et al. 2008).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..records import Features, FloatArray, IntArray

STEPS = 100
"""Of L-BFGS, at most."""

FULL = 0.5
"""A column that this share of the rows has is kept as a dense one."""

COLDEST, HOTTEST = 0.05, 100.0


def log_probability(scores: FloatArray) -> FloatArray:
    """The logarithm of the probability of each order, (l,); 0 for a list of one item, or of none.

    >>> np.exp(log_probability(np.log([[2.0, 1.0, 1.0]]))).round(6).tolist()  # 2/4 x 1/2
    [0.25]
    """
    there = np.isfinite(scores)
    return np.asarray(np.where(there, scores - _rest(scores), 0.0).sum(axis=1), dtype=np.float64)


def _rest(scores: FloatArray) -> FloatArray:
    """The logarithm of the sum of exp(score) over what is not yet placed, 0 behind the end, (l, m)."""
    found = np.logaddexp.accumulate(scores[:, ::-1], axis=1)[:, ::-1]
    return np.where(np.isfinite(scores), found, 0.0)


def padded(values: FloatArray, lists: IntArray) -> FloatArray:
    """The values (n,) of the rows that ``lists`` (l, m) name, -1 being none."""
    return np.where(lists >= 0, values[lists], -np.inf)


def side_by_side(lists: Sequence[Sequence[int]]) -> IntArray:
    """Lists of unlike length as one table, -1 behind the end of each.

    >>> side_by_side([[3, 1], [2]]).tolist()
    [[3, 1], [2, -1]]
    """
    found = np.full((len(lists), max(map(len, lists), default=0)), -1, dtype=np.int64)
    for row, own in zip(found, lists, strict=True):
        row[: len(own)] = own
    return found


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows (n, d) whose ``full`` columns, those that most rows have, are dense: sparse products cost far more there."""

    full: IntArray
    dense: NDArray[np.float32]
    others: IntArray
    rest: Features
    turned: Features

    def times(self, point: FloatArray) -> FloatArray:
        """The rows times the weight of each column, (n,)."""
        dense = self.dense @ point[self.full].astype(np.float32)
        return np.asarray(self.rest @ point[self.others] + dense, dtype=np.float64)

    def back(self, slope: FloatArray) -> FloatArray:
        """The columns times what each row has, (d,)."""
        found = np.empty(len(self.full) + len(self.others))
        found[self.full] = slope.astype(np.float32) @ self.dense
        found[self.others] = self.turned @ slope
        return found


def columns(features: Features) -> Columns:
    """The columns of rows of an encoder."""
    rows = sparse.csr_matrix(features)
    most = np.bincount(rows.indices, minlength=rows.shape[1]) > FULL * rows.shape[0]
    full, others = np.flatnonzero(most), np.flatnonzero(~most)
    rest = rows[:, others]
    return Columns(full, rows[:, full].toarray().astype(np.float32), others, rest, rest.T.tocsr())


def fit(
    features: Columns, lists: IntArray, weights: FloatArray, strength: float, start: FloatArray | None = None
) -> FloatArray:
    """The weight of each of d columns, (d,): what makes the orders of ``lists`` (l, m) most likely.

    ``features`` (n, d) are the items' rows, ``lists`` name them in order; each list counts ``weights`` (l,). Large
    weights cost ``strength`` / 2 times their square. ``start`` (d,) may be near.
    """
    used = np.flatnonzero((weights > 0) & (lists >= 0).any(axis=1))
    lists, weights = lists[used], weights[used]
    there = lists >= 0

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        scores = padded(features.times(point), lists)
        rest = _rest(scores)
        told = np.where(there, scores - rest, 0.0).sum(axis=1)
        passed = np.logaddexp.accumulate(np.where(there, -rest, -np.inf), axis=1)
        expected = np.where(there, np.exp(np.where(there, scores + passed, -np.inf)), 0.0)
        slope = np.zeros(len(features.dense))
        np.add.at(slope, lists[there], ((expected - there) * weights[:, None])[there])
        downhill = features.back(slope) + strength * point
        return float(strength * (point @ point) / 2 - weights @ told), downhill

    begin = np.zeros(len(features.full) + len(features.others)) if start is None else start
    if not len(lists):
        return np.zeros_like(begin)
    from scipy.optimize import minimize  # slow to import, and answering needs none of it

    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x, dtype=np.float64)


def fit_temperature(scores: FloatArray, weights: FloatArray) -> float:
    """What scores, out of sample, must be divided by so that the orders are most likely; 1.0 without any list.

    It lies in [0.05, 100]. ``weights`` (l,) say how much each list counts.
    """
    if not scores.size or not weights.any():
        return 1.0

    def loss(log_temperature: float) -> float:
        return -float(weights @ log_probability(scores / np.exp(log_temperature)))

    from scipy.optimize import minimize_scalar  # slow to import, and answering needs none of it

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def kendall(said: Sequence[str], given: Sequence[str]) -> float | None:
    """Kendall's tau of two orders, over the items that both have: 1 the same, -1 the reverse; null below two items.

    >>> kendall("abc", "acb").__round__(3)
    0.333
    """
    place = {item: at for at, item in enumerate(said)}
    ranks = np.array([place[item] for item in given if item in place])
    pairs = len(ranks) * (len(ranks) - 1) // 2
    if not pairs:
        return None
    agreeing = int(np.triu(ranks[:, None] < ranks[None, :], 1).sum())
    return 2 * agreeing / pairs - 1
