"""The probability that an answer is wrong, learned from the signals of doubt. Pure.

Its log odds are those of the confidence being wrong, stretched, and a weight for each other signal. No weight is
negative: more doubt never makes an answer look better. It is fitted on answers that the model had not seen; where they
are few it says what the confidence says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, logit

from ..records import FloatArray
from ..uncertainty import LEAST_CONFIDENCE, Signals
from .confidence import Outcomes

LEARNABLE = ("margin", "entropy", "novelty")
"""Signals that mean the same out of fold as on a new task. Disagreement of the folds' models does not: all but one have
learned from a task that has a label, so that they disagree exactly where the label surprised them. That of an
ensemble's own members does."""

WEIGHED = (*LEARNABLE, "disagreement")
"""Signals that may have a weight beside the confidence."""

DIGITS = 6
_EDGE = 1e-4


@dataclass(frozen=True, slots=True)
class Fusion:
    """``base`` + ``slope`` x log odds of the least confidence + ``weights`` x signals = log odds of an error.

    ``answers`` taught it. Without any it is the least confidence itself.
    """

    slope: float = 1.0
    base: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    answers: int = 0

    def __call__(self, signals: Signals) -> FloatArray:
        """The predicted probability of an error in [0, 1], (n,), higher where a signal is higher.

        >>> Fusion()({LEAST_CONFIDENCE: np.array([0.25])}).round(6).tolist()
        [0.25]
        """
        odds = self.base + self.slope * _log_odds(signals[LEAST_CONFIDENCE])
        for name, weight in self.weights.items():
            odds = odds + weight * signals[name]
        return np.asarray(expit(odds))

    def as_json(self) -> dict[str, Any]:
        """As it is told and stored."""
        weights = {name: round(weight, DIGITS) for name, weight in self.weights.items()}
        return {
            "base": round(self.base, DIGITS),
            "least_confidence": round(self.slope, DIGITS),
            **weights,
            "answers": self.answers,
        }


def from_json(raw: Mapping[str, Any]) -> Fusion:
    """What ``as_json`` gave; raises KeyError, TypeError or ValueError for anything else."""
    weights = {name: float(raw[name]) for name in WEIGHED if name in raw}
    return Fusion(float(raw["least_confidence"]), float(raw["base"]), weights, int(raw["answers"]))


def fit_fusion(signals: Signals, outcomes: Outcomes, names: Sequence[str] = LEARNABLE) -> Fusion:
    """The fusion that makes the errors seen most likely, drawn to the confidence alone as by a normal prior.

    ``signals`` (n,) each and ``outcomes`` are of the same answers, out of fold. The prior's standard deviation is 0.7
    for each number, so that the confidence stands until some dozens of answers speak against it.
    """
    count = len(outcomes.matches)
    if not count:
        return Fusion()
    from scipy.optimize import minimize  # slow to import, and answering needs none of it

    own = _log_odds(signals[LEAST_CONFIDENCE])
    others = np.column_stack([signals[name] for name in names]) if names else np.zeros((count, 0))

    def loss(told: FloatArray) -> float:
        wrong = expit(told[0] * own + told[1] + others @ told[2:])
        return float(outcomes.losses(1 - wrong).sum() + (told[0] - 1) ** 2 + (told[1:] ** 2).sum())

    start = np.concatenate([[1.0], np.zeros(1 + len(names))])
    bounds = [(0.0, 20.0), (-20.0, 20.0), *[(0.0, 20.0)] * len(names)]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x.tolist()
    return Fusion(found[0], found[1], dict(zip(names, found[2:], strict=True)), count)


def _log_odds(doubt: FloatArray) -> FloatArray:
    return np.asarray(logit(np.clip(doubt, _EDGE, 1 - _EDGE)))
