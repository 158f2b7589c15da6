"""Figures with 95 % intervals. Pure.

A share has Wilson's interval, a mean Student's. A median has that of two ordered values, whatever they are
distributed like (Conover 1999, "Practical Nonparametric Statistics", 3.2).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, stdtrit

from ..certainty.reliability import wilson
from ..records import FloatArray

COVERAGE = 0.95
DIGITS = 6
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def rounded(*figures: float) -> Measured:
    """To six digits, however large; what is only left of a sum's rounding is 0."""
    return Measured(*(float(f"{one:.{DIGITS}g}") if abs(one) > _ROUNDING else 0.0 for one in figures))


def share(hits: int, of: int) -> Measured | None:
    """A share with Wilson's interval; null of nothing."""
    if not of:
        return None
    low, high = wilson(hits / of, of)
    return rounded(hits / of, low, high)


def mean(values: FloatArray, most: float) -> Measured:
    """The mean of values in [0, ``most``]; of a single one nothing is known but its bounds. Undefined without any."""
    value = float(values.mean())
    if len(values) < 2:
        return rounded(value, 0.0, most)
    half = float(stdtrit(len(values) - 1, (1 + COVERAGE) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    return rounded(value, max(0.0, value - half), min(most, value + half))


def median(values: FloatArray) -> Measured | None:
    """The median; null of fewer than six values, of which not even the outermost two hold it often enough.

    >>> median(np.array([5.0, 1, 2, 3, 4, 6])), median(np.arange(5.0))
    (Measured(value=3.5, low=1.0, high=6.0), None)
    """
    count = len(values)
    place = int((bdtr(np.arange(count), count, 0.5) <= (1 - COVERAGE) / 2).sum())
    if place < 1:
        return None
    ordered = np.sort(values)
    return rounded(float(np.median(values)), float(ordered[place - 1]), float(ordered[count - place]))
