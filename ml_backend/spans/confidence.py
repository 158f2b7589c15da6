"""Probabilities that a model states made true: a straight line through their log-odds, fitted out of fold. Pure.

Platt 1999, with his targets; held near "as stated" by a weak prior, so that a few answers do not bend it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from ..records import FloatArray

_SMALLEST = 1e-9
_STEEPEST = 10.0
PRIOR = 1.0
"""How much one unit away from "as stated" costs, in nats: what about one answer can say."""


@dataclass(frozen=True, slots=True)
class Line:
    """``slope`` > 0 and ``shift`` of log-odds: slope 1 and shift 0 change nothing."""

    slope: float = 1.0
    shift: float = 0.0

    def __call__(self, stated: FloatArray) -> FloatArray:
        """The calibrated probabilities, (n,)."""
        return np.asarray(expit(self.slope * _odds(stated) + self.shift), dtype=np.float64)


AS_STATED = Line()


def fit(stated: FloatArray, right: FloatArray, weights: FloatArray) -> Line:
    """The line that makes what turned out most likely: ``stated`` (n,) probabilities, ``right`` (n,) 0 or 1.

    >>> line = fit(np.full(300, 0.99), np.arange(300) % 2.0, np.ones(300))
    >>> round(float(line(np.array([0.99]))[0]), 2)
    0.5
    """
    if not len(stated):
        return AS_STATED
    from scipy.optimize import minimize  # slow to import, and answering needs none of it

    odds = _odds(stated)
    hits = float((weights * right).sum())
    misses = float((weights * (1 - right)).sum())
    wanted = np.where(right > 0.5, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def loss(point: FloatArray) -> float:
        said = point[0] * odds + point[1]
        told = wanted * np.logaddexp(0, -said) + (1 - wanted) * np.logaddexp(0, said)
        return float((weights * told).sum() + PRIOR * ((point[0] - 1) ** 2 + point[1] ** 2) / 2)

    found = minimize(loss, np.array([1.0, 0.0]), bounds=[(0.01, _STEEPEST), (None, None)], method="L-BFGS-B").x
    return Line(float(found[0]), float(found[1]))


def _odds(stated: FloatArray) -> FloatArray:
    return np.asarray(logit(np.clip(stated, _SMALLEST, 1 - _SMALLEST)), dtype=np.float64)
