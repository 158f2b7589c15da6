"""How far an accuracy can be trusted, and a confidence: Wilson's interval and the reliability diagram. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from ..calibration import BINS
from ..records import FloatArray

CERTAINTY = 0.95
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Bin:
    """The ``n`` answers whose confidence is in [``low``, ``high``): their mean confidence and their accuracy."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(confidence: FloatArray, right: FloatArray, bins: int = BINS) -> tuple[Bin, ...]:
    """The reliability diagram: bins of equal width that hold anything, the least sure first.

    ``confidence`` (n,) in [0, 1]; ``right`` (n,) is 1 where the answer was right. The bins are those of the expected
    calibration error: an edge belongs to the bin above it, 1.0 to the last. DeGroot and Fienberg 1983.

    >>> [(one.low, one.n, one.accuracy) for one in reliability(np.array([0.42, 0.91, 1.0]), np.array([0.0, 1.0, 0.0]))]
    [(0.4, 1, 0.0), (0.9, 2, 0.5)]
    """
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    return tuple(
        Bin(
            round(one / bins, DIGITS),
            round((one + 1) / bins, DIGITS),
            int((place == one).sum()),
            round(float(confidence[place == one].mean()), DIGITS),
            round(float(right[place == one].mean()), DIGITS),
        )
        for one in np.unique(place).tolist()
    )


def error_of(diagram: Sequence[Bin]) -> float | None:
    """The expected calibration error of a diagram; null without an answer.

    >>> error_of([Bin(0.9, 1.0, 2, 0.95, 0.5)]).__round__(2)
    0.45
    """
    total = sum(one.n for one in diagram)
    return sum(one.n * abs(one.confidence - one.accuracy) for one in diagram) / total if total else None


def joined(parts: Sequence[Sequence[Bin]]) -> tuple[Bin, ...]:
    """One diagram of several over different answers, with the same bins.

    >>> joined([[Bin(0.9, 1.0, 1, 0.9, 1.0)], [Bin(0.9, 1.0, 3, 0.98, 0.0)]])
    (Bin(low=0.9, high=1.0, n=4, confidence=0.96, accuracy=0.25),)
    """
    found: dict[tuple[float, float], list[Bin]] = {}
    for one in (one for part in parts for one in part):
        found.setdefault((one.low, one.high), []).append(one)
    return tuple(_together(found[edges]) for edges in sorted(found))


def _together(same: Sequence[Bin]) -> Bin:
    total = sum(one.n for one in same)
    confidence = sum(one.n * one.confidence for one in same) / total
    accuracy = sum(one.n * one.accuracy for one in same) / total
    return Bin(same[0].low, same[0].high, total, round(confidence, DIGITS), round(accuracy, DIGITS))


def as_json(diagram: Sequence[Bin]) -> list[dict[str, Any]]:
    """The diagram as it is told and stored."""
    return [asdict(one) for one in diagram]


def from_json(raw: Sequence[Mapping[str, Any]]) -> tuple[Bin, ...]:
    """What ``as_json`` gave; raises TypeError, KeyError or ValueError for anything else."""
    return tuple(
        Bin(float(one["low"]), float(one["high"]), int(one["n"]), float(one["confidence"]), float(one["accuracy"]))
        for one in raw
    )


def wilson(accuracy: float, n: int, certainty: float = CERTAINTY) -> tuple[float, float]:
    """The interval in [0, 1] that the true accuracy lies in, for an ``accuracy`` seen on ``n`` answers.

    Undefined without an answer: ValueError. Wilson 1927; unlike the plain one it never leaves [0, 1] and is not a point
    where everything was right.

    >>> tuple(round(one, 4) for one in wilson(0.8, 10))
    (0.4902, 0.9433)
    """
    if n < 1:
        raise ValueError("undefined without a single answer")
    z = float(ndtri((1 + certainty) / 2))
    centre = (accuracy + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(accuracy * (1 - accuracy) / n + z * z / (4 * n * n)))
    return max(0.0, centre - half), min(1.0, centre + half)
