"""Agreement where few answers are different: how often each task got each answer, and the distances of the answers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..distance.metric import midranks
from ..records import FloatArray, IntArray
from .profiles import Matrix, group
from .resampling import AT_ONCE, Groups

ZERO = 1e-12
"""An expected distance below this is none: what is left of it is rounding."""


@dataclass(frozen=True, eq=False)
class Table:
    """Groups of tasks with the same answers.

    ``counts`` has shape (groups, answers): how often an answer was given in a task of the group; ``distances`` are
    (answers, answers). With ``order``, the rank of each answer (equal ones share one), alpha takes Krippendorff's
    ordinal metric, which every resample has its own of.
    """

    groups: Groups
    counts: Matrix
    distances: FloatArray
    order: IntArray | None = None

    @cached_property
    def size(self) -> FloatArray:
        """Answers to a task of each group."""
        found: FloatArray = np.asarray(self.counts.sum(axis=1)).ravel()
        return found

    @cached_property
    def pairs(self) -> FloatArray:
        """Ordered pairs of answers to a task of each group; 0 where one answered."""
        found: FloatArray = self.size * (self.size - 1)
        return found

    @cached_property
    def apart(self) -> FloatArray:
        """The sum of the distances over those pairs."""
        return apart(self.counts, self.distances)

    @cached_property
    def _paired_counts(self) -> Matrix:
        return self.counts[: self.groups.paired_groups]

    @cached_property
    def _observed(self) -> FloatArray:
        return self._shared(self.apart)

    def _shared(self, values: FloatArray) -> FloatArray:
        """Over a task's answers less one; 0 where there is one."""
        return divided(values, self.size - 1, otherwise=0.0)

    def percent(self, weights: FloatArray) -> FloatArray:
        """Mean over pairs of answers of 1 - distance, pooled over tasks."""
        pairs = weights @ self.pairs
        return 1.0 - divided(weights @ self.apart, pairs)

    def alpha(self, weights: FloatArray) -> FloatArray:
        """Krippendorff's alpha (2011), 1 - observed / expected; NaN where nothing is expected to differ."""
        totals = weights[:, : self.groups.paired_groups] @ self._paired_counts
        n = totals.sum(axis=1)
        if self.order is None:
            observed = weights @ self._observed
            expected = ((totals @ self.distances) * totals).sum(axis=1)
        else:
            observed, expected = self._ordinal(weights, totals, self.order)
        return one_minus(observed * (n - 1), expected)

    def _ordinal(self, weights: FloatArray, totals: FloatArray, order: IntArray) -> tuple[FloatArray, FloatArray]:
        """Observed and expected sums of squared differences of midranks, of each resample by its own ranks."""
        ranks = int(order.max(initial=-1)) + 1
        observed, expected = np.zeros(len(weights)), np.zeros(len(weights))
        for row, (weight, total) in enumerate(zip(weights, totals, strict=True)):
            rank = midranks(np.bincount(order, total, minlength=ranks).astype(np.float64))[order]
            rank = rank - (total @ rank) / max(total.sum(), 1.0)
            observed[row] = weight @ self._shared(squared_gaps(self.size, self.counts @ rank, self.counts @ rank**2))
            expected[row] = squared_gaps(total.sum(), total @ rank, total @ rank**2)
        return observed, expected

    def of(self, chosen: IntArray) -> "Table":
        """Those of the tasks at the places ``chosen`` in ``groups.tasks``, in ascending order."""
        used, place = np.unique(self.groups.place[chosen], return_inverse=True)
        times = np.bincount(place, minlength=len(used)).astype(np.float64)
        paired = int(np.count_nonzero(chosen < self.groups.paired))
        paired_groups = int(np.count_nonzero(used < self.groups.paired_groups))
        groups = Groups(self.groups.tasks[chosen], place, times, paired, paired_groups)
        return Table(groups, self.counts[used], self.distances, self.order)

    def task_agreement(self) -> FloatArray:
        """The mean over each paired task's pairs of 1 - distance, in the order of ``groups.tasks``."""
        cut = self.groups.paired_groups
        found: FloatArray = (1.0 - self.apart[:cut] / self.pairs[:cut])[self.groups.place[: self.groups.paired]]
        return found


def table(task: IntArray, code: IntArray, tasks: int, distances: FloatArray, order: IntArray | None = None) -> Table:
    """Row i says that ``task[i]``, below ``tasks``, got the answer ``code[i]``; ``distances`` is (answers, answers)."""
    groups, counts = group(task, code, len(distances), tasks)
    return Table(groups, counts, distances, order)


def squared_gaps(n: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """The sum of (a - b)^2 over the ordered pairs of n values with that sum and sum of squares."""
    return np.maximum(2 * (n * squares - total**2), 0.0)


def apart(counts: Matrix, distances: FloatArray) -> FloatArray:
    """The sum of the distances over the ordered pairs of answers of each group."""
    step = max(1, AT_ONCE // max(1, counts.shape[1]))
    parts = []
    for at in range(0, counts.shape[0], step):
        here = counts[at : at + step]
        dense: FloatArray = here if isinstance(here, np.ndarray) else here.toarray()
        parts.append(((here @ distances) * dense).sum(axis=1))
    return np.concatenate(parts) if parts else np.zeros(0)


def divided(over: FloatArray, under: FloatArray, otherwise: float = np.nan) -> FloatArray:
    """``over`` / ``under`` where that is more than nothing, else ``otherwise``."""
    blank = np.full(np.broadcast_shapes(np.shape(over), np.shape(under)), otherwise)
    found: FloatArray = np.divide(over, under, out=blank, where=under > ZERO)
    return found


def one_minus(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """1 - observed / expected, NaN where nothing is expected."""
    return 1.0 - divided(observed, expected)
