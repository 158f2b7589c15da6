"""Everybody beside each other: by quality with honest places, and speed against accuracy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Estimate, FloatArray
from .profile import AnnotatorProfile

FEWEST = 5
"""People that a correlation needs at least."""
TOO_FEW = f"fewer than {FEWEST} people have both a lead time and a reliability"
ALL_EQUAL = "all have the same lead time or the same reliability"


@dataclass(frozen=True, slots=True)
class Standing:
    """A place by reliability alone. ``place`` is 1 + how many are surely better: whose intervals lie wholly above."""

    annotator: int
    place: int
    reliability: Estimate


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how right somebody is: the median of their lead times (seconds), and their reliability."""

    annotator: int
    seconds: Estimate
    reliability: Estimate


@dataclass(frozen=True, slots=True)
class SpeedAccuracy:
    """Whether who is slower is more right: ``correlation`` in [-1, 1] of the two over people, by ranks (Spearman).

    Above 0: who takes longer is more reliable. Its interval is Bonett and Wright's (2000). Null, with a reason, for
    fewer than five people. It says nothing about any one of them, nor what is the cause.
    """

    people: tuple[Pace, ...]
    correlation: Estimate


def leaderboard(found: Sequence[AnnotatorProfile]) -> tuple[Standing, ...]:
    """The best first, by places, then by the lower bound of reliability, which little work cannot raise.

    Speed has no part in it, and who cannot be told apart is not: they share a place. Of whom nothing is known is left
    out.
    """
    known = [one for one in found if one.reliability.low is not None and one.reliability.high is not None]
    standings = [
        Standing(
            one.annotator,
            1 + sum((other.reliability.low or 0.0) > (one.reliability.high or 0.0) for other in known),
            one.reliability,
        )
        for one in known
    ]
    return tuple(sorted(standings, key=lambda one: (one.place, -(one.reliability.low or 0.0), one.annotator)))


def speed_against_accuracy(found: Sequence[AnnotatorProfile]) -> SpeedAccuracy:
    """Of everybody whose lead times and reliability are both known."""
    people = tuple(
        Pace(one.annotator, one.speed.median, one.reliability)
        for one in found
        if one.speed.median.value is not None and one.reliability.value is not None
    )
    seconds, right = (
        np.array([getattr(one, name).value for one in people], dtype=np.float64) for name in ("seconds", "reliability")
    )
    return SpeedAccuracy(people, _spearman(seconds, right))


def _spearman(left: FloatArray, right: FloatArray) -> Estimate:
    n = len(left)
    if n < FEWEST:
        return Estimate(None, n=n, reason=TOO_FEW)
    if len(np.unique(left)) == 1 or len(np.unique(right)) == 1:
        return Estimate(None, n=n, reason=ALL_EQUAL)
    rho = float(np.corrcoef(_ranks(left), _ranks(right))[0, 1])
    # Of ranks that all agree the interval would have no width: the coefficient is known to half a step of its own.
    edge = 1 - 6 / (n**3 - n)
    inside = max(-edge, min(edge, rho))
    half = 1.959964 * math.sqrt((1 + inside**2 / 2) / (n - 3))
    low, high = (math.tanh(math.atanh(inside) + side) for side in (-half, half))
    return Estimate(rho, min(low, rho), max(high, rho), n)


def _ranks(values: FloatArray) -> FloatArray:
    """The mean rank of each value among all, so that equal ones have the same.

    >>> _ranks(np.array([7.0, 3.0, 7.0])).tolist()
    [1.5, 0.0, 1.5]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    found: FloatArray = (np.cumsum(counts) - (counts + 1) / 2)[place]
    return found
