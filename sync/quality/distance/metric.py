"""Krippendorff's metrics of ordered values, as matrices and between pairs: squared differences of one kind or another.

The ordinal metric depends on how often each value is in use, so that a resample has a metric of its own.
Alpha is the same for a metric and any multiple of it; the scaled ones are for agreement that is read in [0, 1].

Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section on difference functions.
"""

from dataclasses import dataclass

import numpy as np

from ..records import FloatArray, IntArray


def midranks(counts: FloatArray) -> FloatArray:
    """The mean rank of each value, less a half, if all answers are put in order: shape (..., values) in and out.

    >>> midranks(np.array([9.0, 13.0, 10.0])).tolist()
    [4.5, 15.5, 27.0]
    """
    found: FloatArray = np.cumsum(counts, axis=-1) - counts / 2
    return found


def ordinal(counts: FloatArray) -> FloatArray:
    """Krippendorff's ordinal metric: (answers from one value up to the other, both ends by half) squared.

    ``counts`` (..., values) says how often each value is in use, lowest value first; gives (..., values, values).
    That is the squared difference of midranks; a value that nobody uses stands between the answers below and above.

    >>> ordinal(np.array([2.0, 1.0, 3.0])).tolist()
    [[0.0, 2.25, 12.25], [2.25, 0.0, 4.0], [12.25, 4.0, 0.0]]
    """
    return interval(midranks(counts))


def interval(values: FloatArray) -> FloatArray:
    """(a - b)^2 for each two of the values: (..., values) -> (..., values, values).

    >>> interval(np.array([1.0, 2.0, 4.0])).tolist()
    [[0.0, 1.0, 9.0], [1.0, 0.0, 4.0], [9.0, 4.0, 0.0]]
    """
    found: FloatArray = (values[..., :, None] - values[..., None, :]) ** 2
    return found


def ratio(values: FloatArray) -> FloatArray:
    """((a - b) / (|a| + |b|))^2 for each two of the values: (..., values) -> (..., values, values), in [0, 1].

    For values of one sign this is Krippendorff's ratio metric, ((a - b) / (a + b))^2, which is unbounded elsewhere;
    values of opposite signs are as far apart as can be, and 0 is so from all others.

    >>> ratio(np.array([0.0, 1.0, 3.0])).tolist()
    [[0.0, 1.0, 1.0], [1.0, 0.0, 0.25], [1.0, 0.25, 0.0]]
    """
    found: FloatArray = relative_gap(values[..., :, None], values[..., None, :]) ** 2
    return found


def normalised(metric: FloatArray) -> FloatArray:
    """A metric (..., values, values) over its largest distance, so that it is in [0, 1]; all 0 stays 0.

    >>> normalised(interval(np.array([1.0, 2.0, 3.0]))).tolist()
    [[0.0, 0.25, 1.0], [0.25, 0.0, 0.25], [1.0, 0.25, 0.0]]
    """
    largest = metric.max(axis=(-2, -1), keepdims=True, initial=0.0)
    found: FloatArray = np.divide(metric, largest, out=np.zeros_like(metric), where=largest > 0)
    return found


def gap(left: FloatArray, right: FloatArray, low: float, high: float) -> FloatArray:
    """|a - b| / (high - low), in [0, 1] for values between ``low`` and ``high``. Halves, so that nothing overflows."""
    span = high / 2 - low / 2
    far = np.abs(left / 2 - right / 2)
    unlike = (left != right).astype(np.float64)
    found: FloatArray = np.minimum(np.divide(far, span, out=unlike, where=span > 0), 1.0)
    return found


def relative_gap(left: FloatArray, right: FloatArray) -> FloatArray:
    """|a - b| / (|a| + |b|), in [0, 1]; 0 where both are 0 (Lance and Williams 1967)."""
    size = np.abs(left / 2) + np.abs(right / 2)
    unlike = (left != right).astype(np.float64)
    far = np.abs(left / 2 - right / 2)
    found: FloatArray = np.minimum(np.divide(far, size, out=unlike, where=size > 0), 1.0)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Values on a line: ``values`` and ``counts`` (how often each is in use) have shape (answers,).

    ``low`` and ``high`` are the ends of the scale, at or beyond all values.
    """

    values: FloatArray
    counts: FloatArray
    low: float
    high: float

    def absolute(self, left: IntArray, right: IntArray) -> FloatArray:
        """|a - b| over the length of the scale, of the values at ``left`` and ``right``: shape (pairs,), in [0, 1]."""
        return gap(self.values[left], self.values[right], self.low, self.high)

    def interval(self, left: IntArray, right: IntArray) -> FloatArray:
        """The interval metric over its largest value on the scale: shape (pairs,), in [0, 1]."""
        found: FloatArray = self.absolute(left, right) ** 2
        return found

    def ratio(self, left: IntArray, right: IntArray) -> FloatArray:
        """The ratio metric over its largest value on the scale: shape (pairs,), in [0, 1]."""
        across = self.low <= 0 <= self.high
        ends = relative_gap(np.array([self.low]), np.array([self.high]))[0]
        largest = 1.0 if across or ends == 0 else ends
        found: FloatArray = np.minimum(relative_gap(self.values[left], self.values[right]) / largest, 1.0) ** 2
        return found

    def ordinal(self, left: IntArray, right: IntArray) -> FloatArray:
        """The ordinal metric over its largest value on the scale: shape (pairs,), in [0, 1].

        Where no value is in use, each counts as used once.
        """
        counts = self.counts if self.counts.any() else np.ones_like(self.counts)
        distinct, place = np.unique(self.values, return_inverse=True)
        used: FloatArray = np.bincount(place, counts, minlength=len(distinct)).astype(np.float64)
        rank = midranks(used)
        low = rank[0] if len(rank) and distinct[0] <= self.low else 0.0
        high = rank[-1] if len(rank) and distinct[-1] >= self.high else used.sum()
        found: FloatArray = gap(rank[place[left]], rank[place[right]], float(low), float(high)) ** 2
        return found


def scale(values: FloatArray, counts: FloatArray, low: float | None, high: float | None) -> Scale:
    """A scale from ``low`` to ``high``, longer where values lie beyond; null: from the lowest, to the highest value."""
    ends = values if len(values) else np.zeros(1)
    least, most = float(ends.min()), float(ends.max())
    return Scale(values, counts, least if low is None else min(low, least), most if high is None else max(high, most))
