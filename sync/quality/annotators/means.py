"""Means of values in [0, 1] for each annotator, with intervals that hold for few values too."""

import numpy as np
from scipy import special

from ..records import Estimate, FloatArray, IntArray


def means(person: IntArray, value: FloatArray, people: int, undefined: str) -> list[Estimate]:
    """The mean of each annotator's values, an estimate a person; ``undefined`` is the reason where there is none.

    Values of 0 and 1 have Jeffreys' interval: quantiles of Beta(ones + 1/2, zeros + 1/2). Values between vary
    less than that; the counts are then as many as would make the mean vary as much as these values do, with one value
    that varies as 0 and 1 do added, so that a few equal values are not certain. NaN values are left out.

    >>> one, none = means(np.array([0, 0, 0, 0]), np.array([1.0, 1.0, 1.0, 0.0]), 2, "no answers")
    >>> one.value, round(one.low, 2), round(one.high, 2), one.n, none.reason
    (0.75, 0.28, 0.97, 4, 'no answers')
    """
    known = ~np.isnan(value)
    n, mean, spread = moments(person[known], value[known], people)
    low, high = beta_interval(mean, _worth(n, mean, spread))
    return [
        Estimate(average, min(below, average), max(above, average), count)
        if count
        else Estimate(None, n=0, reason=undefined)
        for average, below, above, count in zip(mean.tolist(), low.tolist(), high.tolist(), n.tolist(), strict=True)
    ]


def moments(person: IntArray, value: FloatArray, people: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Each annotator's number of values, their mean and the sum of squares about it; zeros without values."""
    n = np.bincount(person, minlength=people)
    mean: FloatArray = np.bincount(person, value, people) / np.maximum(n, 1)
    spread = np.bincount(person, (value - mean[person]) ** 2, people).astype(np.float64)
    return n, mean, spread


def _worth(n: IntArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    """How many values of 0 and 1 would tell as much."""
    widest = mean * (1 - mean)
    variance = (spread + widest) / (n + 1)
    found: FloatArray = n * np.divide(widest, variance, out=np.ones(len(n)), where=variance > 0)
    return found


def beta_interval(mean: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """95 % bounds of means of ``n`` values of 0 and 1: quantiles of the Beta distribution (Jeffreys' prior)."""
    right, wrong = mean * n + 0.5, (1 - mean) * n + 0.5
    return special.betaincinv(right, wrong, 0.025), special.betaincinv(right, wrong, 0.975)


def median(values: FloatArray, undefined: str, fewest: int = 6) -> Estimate:
    """The median with the interval between the order statistics that hold it with 95 % (binomial, exact).

    Fewer than six values have no such interval.

    >>> found = median(np.arange(1.0, 12.0), "none")
    >>> found.value, found.low, found.high, found.n
    (6.0, 2.0, 10.0, 11)
    """
    n = len(values)
    if not n:
        return Estimate(None, n=0, reason=undefined)
    middle = float(np.median(values))
    if n < fewest:
        return Estimate(middle, n=n, reason=f"no interval: fewer than {fewest} values")
    place = int(np.ceil(special.bdtrik(0.025, n, 0.5)))  # the 2.5 % quantile of a binomial distribution
    ranked = np.partition(values, [max(place - 1, 0), n - max(place, 1)])
    return Estimate(middle, float(ranked[max(place - 1, 0)]), float(ranked[n - max(place, 1)]), n)
