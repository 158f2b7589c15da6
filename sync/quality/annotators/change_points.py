"""Where the level of a series changes: scans over all places, with the probability of so large a change by chance."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..records import BoolArray, FloatArray, IntArray

MARGIN = 10
"""Values on either side of a change, at least."""
MOST_EXACT = 2000
"""Up to so many values of two kinds the probability is exact."""
RARE = 20
"""So many of the rarer of two values must be expected on either side of a change where it is not exact."""


@dataclass(frozen=True, slots=True)
class Split:
    """The most probable change: between places ``at`` - 1 and ``at``.

    ``p`` is the probability of a change as clear as this, at any place, in a series whose values come in any order.
    """

    at: int
    p: float


def best_split(values: FloatArray, time: IntArray, exact_to: float = 0.1) -> Split | None:
    """The most probable change in a series in the order of ``time``; null where there can be none.

    A change stands between two different times and has ten values or more on either side. Of values of two kinds it is
    where the likelihood ratio of two binomial shares is largest; p is exact, given how many there are of each (see
    ``exact``), up to 2,000 values and where the approximation is at most ``exact_to``. Other values are replaced by
    normal scores of their ranks, so that no single one weighs much; the statistic is the largest standardised
    difference of means, p by Siegmund's approximation (see ``by_siegmund``), the statistic made smaller for what each
    value still says about the next.

    >>> series = np.array([1.0] * 30 + [0.0, 1.0] * 15)
    >>> found = best_split(series, np.arange(60))
    >>> found.at, round(found.p, 5)
    (30, 1e-05)
    """
    n = len(values)
    allowed = np.zeros(n + 1, dtype=np.bool_)
    allowed[1:n] = time[1:] > time[:-1]
    allowed[:MARGIN] = False
    allowed[max(0, n - MARGIN + 1) :] = False
    kinds = np.unique(values)
    if len(kinds) < 2 or not allowed.any():
        return None
    if len(kinds) == 2:
        return _of_two_kinds(values == kinds[1], allowed, exact_to)
    return _of_many_kinds(values, allowed)


def _of_two_kinds(ones: BoolArray, allowed: BoolArray, exact_to: float) -> Split | None:
    n, total = len(ones), int(ones.sum())
    first = np.concatenate([[0], np.cumsum(ones)])
    if n > MOST_EXACT:
        margin = math.ceil(RARE * n / min(total, n - total))
        allowed = allowed.copy()
        allowed[:margin] = allowed[max(0, n - margin + 1) :] = False
        if not allowed.any():
            return None
    places = np.flatnonzero(allowed)
    ratio = _ratios(_logs(n), n, total, places, first[places])
    at = int(places[ratio.argmax()])
    peak = float(ratio.max())
    p = by_siegmund(math.sqrt(max(peak, 0.0)), n, places)
    if p <= exact_to and n <= MOST_EXACT:
        p = exact(peak, n, total, allowed)
    return Split(at, min(1.0, p))


def _logs(n: int) -> FloatArray:
    """m log m for m = 0 ... n."""
    whole = np.arange(n + 1).astype(np.float64)
    found: FloatArray = special.xlogy(whole, whole)
    return found


def _ratios(logs: FloatArray, n: int, total: int, k: IntArray, j: IntArray) -> FloatArray:
    """Twice the log likelihood ratio of two shares against one, with j of ``total`` ones among the first k of n."""
    before = logs[j] + logs[k - j] - logs[k]
    after = logs[total - j] + logs[n - k - total + j] - logs[n - k]
    found: FloatArray = 2 * (before + after - (logs[total] + logs[n - total] - logs[n]))
    return found


def exact(peak: float, n: int, total: int, allowed: BoolArray) -> float:
    """The probability that the largest likelihood ratio over the allowed places is at least ``peak``, at any place.

    All orders of ``total`` ones among n values are equally probable. The number of ones among the first k is a path;
    the probability of the paths that have not yet reached ``peak`` is carried from place to place, and what reaches
    it is taken out and added up. It takes n steps over at most ``total`` + 1 numbers.

    >>> allowed = np.array([False, True, True, True, False])
    >>> round(exact(5.5, 4, 2, allowed), 4)  # of the six orders only 0011 and 1100 have 4 log 4 - 0 = 5.55
    0.3333
    """
    total = min(total, n - total)
    lowest, highest = _inside(peak, n, total, allowed)
    rising = np.maximum(total - np.arange(total + 1), 0).astype(np.float64)
    alive = np.zeros(total + 1)
    alive[0] = 1.0
    reached, low, high = 0.0, 0, 0
    for k in range(n):
        up = alive[low : high + 1] * (rising[low : high + 1] / (n - k))
        alive[low : high + 1] -= up
        high = min(high + 1, total)
        alive[low + 1 : high + 1] += up[: high - low]
        first, last = lowest[k + 1], highest[k + 1]
        if first > low:
            reached += float(alive[low:first].sum())
            alive[low:first] = 0.0
            low = first
        if last < high:
            reached += float(alive[last + 1 : high + 1].sum())
            alive[last + 1 : high + 1] = 0.0
            high = last
        if low > high:
            break
    return min(1.0, reached)


def _inside(peak: float, n: int, total: int, allowed: BoolArray) -> tuple[list[int], list[int]]:
    """For each place the fewest and the most ones before it whose likelihood ratio is below ``peak``.

    The ratio grows to both sides of the even share, so both are found by bisection.
    """
    logs, k = _logs(n), np.arange(n + 1)
    fewest, most = np.maximum(0, k - (n - total)), np.minimum(k, total)
    below = np.clip(k * total // n, fewest, most)
    above = np.clip(below + 1, fewest, most)
    middle = np.where(_ratios(logs, n, total, k, below) <= _ratios(logs, n, total, k, above), below, above)
    ends = []
    for edge in (fewest, most):
        good, bad = middle, np.where(edge < middle, edge - 1, edge + 1)
        while np.any(np.abs(good - bad) > 1):
            half = (good + bad) // 2
            half = np.where(np.abs(good - bad) > 1, half, good)
            inside = _ratios(logs, n, total, k, half) < peak - 1e-9
            good, bad = np.where(inside, half, good), np.where(inside | (half == good), bad, half)
        ends.append(good)
    shut = _ratios(logs, n, total, k, middle) >= peak - 1e-9
    lowest = np.where(allowed, np.where(shut, middle + 1, ends[0]), 0)
    highest = np.where(allowed, np.where(shut, middle - 1, ends[1]), total)
    return lowest.tolist(), highest.tolist()


def _of_many_kinds(values: FloatArray, allowed: BoolArray) -> Split:
    n = len(values)
    scores = special.ndtri((_ranks(values) - 0.5) / n)
    scores = (scores - scores.mean()) / scores.std()
    places = np.flatnonzero(allowed)
    sums = np.cumsum(scores)[places - 1]
    size = np.abs(sums) / np.sqrt(places * (1 - places / n))
    at = int(places[size.argmax()])
    peak = float(size.max()) / math.sqrt(_inflation(scores, at))
    return Split(at, min(1.0, by_siegmund(peak, n, places)))


def _ranks(values: FloatArray) -> FloatArray:
    """Places in ascending order from 1 on; equal values share the mean of theirs."""
    _, back, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(count) - (count - 1) / 2)[back]
    return ranks


def _inflation(scores: FloatArray, at: int) -> float:
    """By how much the variance of means grows where neighbours are alike: (1 + r) / (1 - r), at least 1.

    r is the correlation of neighbours about the means before and after the change, with 1/n added for what removing
    these means takes from it.
    """
    rest = scores.copy()
    rest[:at] -= rest[:at].mean()
    rest[at:] -= rest[at:].mean()
    square = float(rest @ rest)
    if square <= 0:
        return 1.0
    r = min(0.9, max(0.0, float(rest[1:] @ rest[:-1]) / square + 1 / len(rest)))
    return (1 + r) / (1 - r)


def by_siegmund(peak: float, n: int, places: IntArray) -> float:
    """The probability that a standardised difference of means reaches ``peak`` at any place, by approximation.

    2 (1 - Phi(c)) + c phi(c) sum nu(c sqrt(n / (k (n - k)))) n / (k (n - k)) over the places k, nu for the overshoot.
    Source: D. Siegmund, "Boundary Crossing Probabilities and Statistical Applications", 1986; nu as approximated in
    D. Siegmund and B. Yakir, "The Statistics of Gene Mapping", 2007.
    """
    if peak < 1:
        return 1.0
    pace = n / (places * (n - places))
    x = peak * np.sqrt(pace)
    cdf, pdf = special.ndtr(x / 2), np.exp(-(x**2) / 8) / math.sqrt(2 * math.pi)
    nu = (2 / x) * (cdf - 0.5) / ((x / 2) * cdf + pdf)
    density = math.exp(-(peak**2) / 2) / math.sqrt(2 * math.pi)
    return min(1.0, 2 * float(special.ndtr(-peak)) + peak * density * float(nu @ pace))


def further_splits(values: FloatArray, time: IntArray, first: Split, level: float) -> list[Split]:
    """``first`` and the changes within its sides, and so on (binary segmentation), in the order of time.

    A further change counts where its p, times two for each step down, is at most ``level``; that is its ``p``.
    """
    found, waiting = [first], [(0, first.at, 1), (first.at, len(values), 1)]
    while waiting:
        start, end, depth = waiting.pop()
        split = best_split(values[start:end], time[start:end])
        if split is None or split.p * 2**depth > level:
            continue
        at = start + split.at
        found.append(Split(at, split.p * 2**depth))
        waiting += [(start, at, depth + 1), (at, end, depth + 1)]
    return sorted(found, key=lambda one: one.at)
