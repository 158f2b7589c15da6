"""Given answers and a model's, each of them wrong at times: how probable it is that the given one is.

The model's confidence and the given answers check each other. Where the model is surest its answers are right, so that
the differences that are left there are errors of the given answers; where the differences grow as its confidence
falls they are its own. Both are estimated together: the rate of wrong given answers, and the model's calibration.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ..one_thread import one_thread
from ..records import BoolArray, FloatArray, IntArray
from .calibration import scaled

USUAL_RATE = (1.0, 14.0)
"""What is believed of the rate of wrong answers beforehand: as after so many wrong and right ones."""
_SPREAD = 0.15
"""How far the logarithm of the model's slope, and its shift, are believed to be from 0: one standard deviation."""
_LEAST = 1e-3
"""No model is taken to be surer than 1 - this, or less sure than this."""
_ENOUGH = 20_000
"""Tasks that two or three numbers are estimated from; more are thinned out evenly."""


@dataclass(frozen=True, slots=True)
class Noise:
    """``rate`` in (0, 1) of wrong given answers; the model is right with expit(slope x logit(confidence) + shift)."""

    rate: float
    slope: float
    shift: float

    def confidence(self, stated: FloatArray) -> FloatArray:
        """The probability that the model is right, from what it states."""
        found: FloatArray = special.expit(self.slope * special.logit(_inside(stated)) + self.shift)
        return found


def _inside(probability: FloatArray) -> FloatArray:
    inside: FloatArray = np.clip(probability, _LEAST, 1 - _LEAST)
    return inside


def fit_noise(stated: FloatArray, agree: BoolArray, alternatives: float = np.inf) -> Noise:
    """The most probable noise, from the model's confidence on each task and whether the given answer is the model's.

    ``alternatives`` is how many wrong answers there are: two that are both wrong are the same with 1 / that. Maximises
    the likelihood times what is believed beforehand, so that without tasks the model is taken at its word.

    >>> stated = np.repeat([0.95, 0.5], [180, 40])
    >>> agree = np.arange(220) % 9 > 0           # 20 of 180 differ where the model is sure
    >>> agree[180:] = np.arange(40) % 2 > 0      # and half where it is not
    >>> 0.03 < fit_noise(stated, agree).rate < 0.11
    True
    """
    step = max(1, len(stated) // _ENOUGH)
    logits, agreed = special.logit(_inside(stated[::step])), agree[::step].astype(np.float64)
    cells, back = np.unique(np.round(logits, 1), return_inverse=True)
    same = np.bincount(back, agreed, len(cells))
    other = np.bincount(back, 1 - agreed, len(cells))

    def loss(at: FloatArray) -> float:
        rate, right = special.expit(at[0]), special.expit(np.exp(at[1]) * cells + at[2])
        met = np.clip((1 - rate) * right + rate * (1 - right) / alternatives, 1e-9, 1 - 1e-9)
        believed = ((at[1] / _SPREAD) ** 2 + (at[2] / _SPREAD) ** 2) / 2
        return float(believed - _log_beta(rate) - same @ np.log(met) - other @ np.log1p(-met))

    start = np.array([special.logit(USUAL_RATE[0] / sum(USUAL_RATE)), 0.0, 0.0])
    with one_thread():
        found = optimize.minimize(loss, start, method="L-BFGS-B", bounds=[(-7, 1), (-2, 2), (-3, 3)]).x
    return Noise(float(special.expit(found[0])), float(np.exp(found[1])), float(found[2]))


def _log_beta(rate: float) -> float:
    return float(USUAL_RATE[0] * np.log(rate) + USUAL_RATE[1] * np.log1p(-rate))


def wrong_by_answer(
    noise: Noise, stated: FloatArray, agree: BoolArray, prior: FloatArray, alternatives: float = np.inf
) -> FloatArray:
    """The probability that each given answer is wrong: shape (tasks,), by Bayes' rule.

    ``prior`` (tasks,) is that probability before the model was heard.

    >>> sure, prior = np.array([0.9, 0.9, 0.5]), np.full(3, 0.05)
    >>> wrong_by_answer(Noise(0.05, 1.0, 0.0), sure, np.array([False, True, False]), prior).round(3).tolist()
    [0.345, 0.0, 0.095]
    """
    right = noise.confidence(stated)
    both = prior * (1 - right) / alternatives
    wrong = np.where(agree, both, prior * right + prior * (1 - right) * (1 - 1 / alternatives))
    sound = (1 - prior) * np.where(agree, right, 1 - right)
    found: FloatArray = wrong / np.maximum(wrong + sound, 1e-12)
    return found


def fit_class_noise(given: IntArray, probabilities: FloatArray) -> tuple[float, float]:
    """The rate of wrong given labels, and the temperature of the model, that make the given labels most probable.

    ``probabilities`` (tasks, classes) sum to 1. A wrong label is taken to be any of the others.
    """
    step = max(1, len(given) // _ENOUGH)
    some, rows = probabilities[::step], given[::step]
    every, others = np.arange(len(rows)), max(probabilities.shape[1] - 1, 1)

    def loss(at: FloatArray) -> float:
        rate, own = special.expit(at[0]), _inside(scaled(some, float(np.exp(at[1])))[every, rows])
        return float(
            (at[1] / _SPREAD) ** 2 / 2 - _log_beta(rate) - np.log((1 - rate) * own + rate * (1 - own) / others).sum()
        )

    start = np.array([special.logit(USUAL_RATE[0] / sum(USUAL_RATE)), 0.0])
    with one_thread():
        found = optimize.minimize(loss, start, method="L-BFGS-B", bounds=[(-7, 1), (-2, 2)]).x
    return float(special.expit(found[0])), float(np.exp(found[1]))


def wrong_by_probability(own: FloatArray, prior: FloatArray, alternatives: int) -> FloatArray:
    """The probability that each given label is wrong, from the model's probability of it: of the shape of ``own``.

    >>> wrong_by_probability(np.array([0.9, 0.5, 0.01]), np.full(3, 0.05), 1).round(3).tolist()
    [0.006, 0.05, 0.839]
    """
    own = _inside(own)
    wrong = prior * (1 - own) / max(alternatives, 1)
    found: FloatArray = wrong / (wrong + (1 - prior) * own)
    return found
