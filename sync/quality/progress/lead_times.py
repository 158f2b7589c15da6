"""How long things take from their beginning to their end: quantiles, with what is not over counted beside them."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..records import Estimate, FloatArray, IntArray
from .work import HOUR, NEVER

FEWEST = 5
"""Values below which nothing is said."""
FEW = f"fewer than {FEWEST} are over"
NO_INTERVAL = "no interval: too few are over"
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """Hours: the median with its interval, and what one in ten stays below and above.

    ``waiting`` have begun and are not over: they are left out, so that long times are missing where many wait.
    """

    median: Estimate
    tenth: float | None
    ninetieth: float | None
    waiting: int


def lead_times(began: IntArray, ended: IntArray) -> LeadTimes:
    """The times from ``began`` to ``ended`` (microseconds, NEVER for what is not over); below 0 they count as 0.

    >>> hours = lead_times(np.zeros(9, dtype=int), np.arange(1, 10) * HOUR)
    >>> hours.median.value, hours.median.low, hours.median.high, hours.waiting
    (5.0, 2.0, 8.0, 0)
    """
    over = ended != NEVER
    hours = np.sort(np.maximum(ended[over] - began[over], 0) / HOUR)
    waiting = int(np.count_nonzero(~over))
    if len(hours) < FEWEST:
        return LeadTimes(Estimate(None, n=len(hours), reason=FEW), None, None, waiting)
    tenth, ninetieth = np.quantile(hours, [0.1, 0.9]).tolist()
    return LeadTimes(median(hours), tenth, ninetieth, waiting)


def median(ordered: FloatArray) -> Estimate:
    """The median of values in ascending order, between two of them that it lies between at 95 % or more.

    Whatever their distribution: the number of values below the true median is binomial (Conover 1999, section 3.2).
    """
    n = len(ordered)
    value = float(np.median(ordered))
    below = int(special.bdtrik((1 - CONFIDENCE) / 2, n, 0.5)) if n else 0
    while below >= 0 and special.bdtr(below, n, 0.5) > (1 - CONFIDENCE) / 2:
        below -= 1
    if below < 0 or math.isnan(value):
        return Estimate(value, n=n, reason=NO_INTERVAL)
    return Estimate(value, float(ordered[below]), float(ordered[n - 1 - below]), n)
