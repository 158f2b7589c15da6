"""From the probability that a model gives its answer to how often such answers are right. Pure.

A temperature stretches all answers alike. Where that is not enough (many labels, some of them never seen) the
probability of the answer is mapped once more. Which map, a cross-validation says, and without clear gain none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import expit, logit

from ..records import FloatArray, IntArray

LEAST_ANSWERS = 50
"""Fewer answers cannot tell more than a temperature."""

LEAST_OF_A_KIND = 15
"""Nor do fewer right or wrong ones: with 7 errors in 200 the map changed in a quarter of the draws, for nothing."""
CLEAR = 1.0
"""Standard errors that a gain must have."""

_EDGE = 1e-6
_LEAST_TOLD = 0.05
"""A label that tells hardly more than chance does not tell whether an answer is right."""


class ConfidenceMap(Protocol):
    """A monotone map of confidences."""

    @property
    def kind(self) -> str:
        """Its name in MAPS."""

    def __call__(self, confidence: FloatArray) -> FloatArray:
        """The mapped confidences in [0, 1], (n,)."""

    def saved(self) -> dict[str, Any]:
        """What ``restore`` needs, as JSON."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Whether out-of-fold answers were right: n ``confidence``s and whether each answer ``matches`` the label, (n,).

    ``trust`` (n,) in [0, 1] is the probability that the label is the true one, ``chance`` that a wrong answer matches a
    label that is not.
    """

    confidence: FloatArray
    matches: FloatArray
    trust: FloatArray
    chance: float

    def at(self, rows: Any) -> "Outcomes":
        """Some of them."""
        return Outcomes(self.confidence[rows], self.matches[rows], self.trust[rows], self.chance)

    def losses(self, confidence: FloatArray) -> FloatArray:
        """-log of the probability of what was seen, were ``confidence`` (n,) right; a doubtful label counts as such."""
        told = self.trust * confidence + (1 - self.trust) * (1 - confidence) * self.chance
        told = np.clip(told, _EDGE, 1 - _EDGE)
        return np.asarray(-np.log(np.where(self.matches > 0, told, 1 - told)))


@dataclass(frozen=True, slots=True)
class Same:
    """Nothing changes: the temperature is enough."""

    kind = "temperature"

    def __call__(self, confidence: FloatArray) -> FloatArray:
        """See ConfidenceMap."""
        return confidence

    def saved(self) -> dict[str, Any]:
        """See ConfidenceMap."""
        return {}


@dataclass(frozen=True, slots=True)
class Line:
    """A line on the log odds. Platt 1999."""

    slope: float
    shift: float
    kind = "logistic"

    def __call__(self, confidence: FloatArray) -> FloatArray:
        """See ConfidenceMap."""
        return np.asarray(expit(self.slope * _log_odds(confidence) + self.shift))

    def saved(self) -> dict[str, Any]:
        """See ConfidenceMap."""
        return {"slope": self.slope, "shift": self.shift}


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps that only rise, straight lines between their ends. Zadrozny and Elkan 2002."""

    places: tuple[float, ...]
    heights: tuple[float, ...]
    kind = "isotonic"

    def __call__(self, confidence: FloatArray) -> FloatArray:
        """See ConfidenceMap."""
        return np.asarray(np.interp(confidence, self.places, self.heights))

    def saved(self) -> dict[str, Any]:
        """See ConfidenceMap."""
        return {"places": list(self.places), "heights": list(self.heights)}


def fit_same(outcomes: Outcomes) -> Same:  # noqa: ARG001 - the signature of MAPS
    """Nothing to fit."""
    return Same()


def fit_line(outcomes: Outcomes) -> Line:
    """Slope (above 0) and shift that make what was seen most likely, each drawn to 1 and 0 as by a normal prior.

    The prior's standard deviation is 0.7: some dozens of answers speak louder.
    """
    from scipy.optimize import minimize  # slow to import, and answering needs none of it

    odds = _log_odds(outcomes.confidence)

    def loss(line: FloatArray) -> float:
        mapped = expit(line[0] * odds + line[1])
        return float(outcomes.losses(mapped).sum() + (line[0] - 1) ** 2 + line[1] ** 2)

    found = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.01, 20.0), (-20.0, 20.0)]).x
    return Line(float(found[0]), float(found[1]))


def fit_steps(outcomes: Outcomes) -> Steps | Same:
    """The rising steps that are nearest to what was seen; ends as in Platt 1999, so that nobody is certain.

    A label that is right with probability w is taken for the right answer's expectation given it, with as much weight
    as it tells. Without a label that tells anything: nothing changes.
    """
    from sklearn.isotonic import IsotonicRegression  # slow to import, and --help needs none of it

    doubt = (1 - outcomes.trust) * outcomes.chance
    told = outcomes.trust - doubt
    rows = told > _LEAST_TOLD
    if not rows.any():
        return Same()
    wanted = (outcomes.matches[rows] - doubt[rows]) / told[rows]
    edge = 1 / (rows.sum() + 2)
    found = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
    found.fit(outcomes.confidence[rows], wanted, sample_weight=told[rows] ** 2)
    return Steps(tuple(map(float, found.X_thresholds_)), tuple(map(float, found.y_thresholds_)))


MAPS: Mapping[str, tuple[Callable[[Outcomes], ConfidenceMap], Callable[[Mapping[str, Any]], ConfidenceMap]]] = {
    "temperature": (fit_same, lambda saved: Same()),  # noqa: ARG005 - the signature of MAPS
    "logistic": (fit_line, lambda saved: Line(float(saved["slope"]), float(saved["shift"]))),
    "isotonic": (
        fit_steps,
        lambda saved: Steps(tuple(map(float, saved["places"])), tuple(map(float, saved["heights"]))),
    ),
}
"""How each map is fitted and restored; the simplest first."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The map that was ``chosen``, and the log loss of each one that it was compared with, on answers it had not seen.

    ``losses`` is empty where there were too few answers to compare.
    """

    chosen: ConfidenceMap
    losses: Mapping[str, float]


def choose(outcomes: Outcomes, folds: IntArray) -> Chosen:
    """The map with the least cross-validated log loss, if it is clearly less than the temperature's.

    ``folds`` (n,) are the parts that are left out in turn: what belongs together is in one of them.
    """
    right = int((outcomes.matches > 0).sum())
    few = min(right, len(folds) - right) < LEAST_OF_A_KIND or len(folds) < LEAST_ANSWERS
    if few or len(np.unique(folds)) < 2:
        return Chosen(Same(), {})
    each = {name: _left_out(fit, outcomes, folds) for name, (fit, _) in MAPS.items()}
    first = next(iter(MAPS))
    best = first
    for name, losses in each.items():
        gain = each[first] - losses
        error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
        if gain.mean() > CLEAR * error and losses.mean() < each[best].mean():
            best = name
    return Chosen(MAPS[best][0](outcomes), {name: round(float(losses.mean()), 6) for name, losses in each.items()})


def _left_out(fit: Callable[[Outcomes], ConfidenceMap], outcomes: Outcomes, folds: IntArray) -> FloatArray:
    """The loss of each answer by the map that was fitted without its fold, (n,)."""
    found = np.zeros(len(folds))
    for fold in np.unique(folds):
        outside = folds == fold
        found[outside] = outcomes.at(outside).losses(fit(outcomes.at(~outside))(outcomes.confidence[outside]))
    return found


def with_confidence(probabilities: FloatArray, confidence: FloatArray) -> FloatArray:
    """Probabilities (n, k) whose largest is ``confidence`` (n,), 1/k at least; the order of the labels stays.

    What the answer loses goes to all labels alike, what it wins comes from the others in proportion.

    >>> with_confidence(np.array([[0.6, 0.3, 0.1]]), np.array([0.8])).round(2).tolist()
    [[0.8, 0.15, 0.05]]
    >>> with_confidence(np.array([[0.6, 0.3, 0.1]]), np.array([0.4])).round(3).tolist()
    [[0.4, 0.325, 0.275]]
    """
    labels = probabilities.shape[1]
    if labels < 2 or not len(probabilities):
        return probabilities
    top = probabilities.max(axis=1)
    wanted = np.clip(confidence, 1 / labels, 1.0)
    room, rest = top - 1 / labels, 1 - top
    level = np.divide(top - wanted, room, out=np.zeros_like(top), where=room > 0).clip(0, 1)[:, None]
    lower = (1 - level) * probabilities + level / labels
    shrunk = np.divide(1 - wanted, rest, out=np.zeros_like(top), where=rest > 0)[:, None] * probabilities
    shrunk[np.arange(len(top)), probabilities.argmax(axis=1)] = wanted
    return np.where((wanted > top)[:, None], shrunk, lower)


def restored(kind: str, saved: Mapping[str, Any]) -> ConfidenceMap:
    """What a map saved; raises KeyError, TypeError or ValueError for anything else."""
    return MAPS[kind][1](saved)


def _log_odds(confidence: FloatArray) -> FloatArray:
    return np.asarray(logit(np.clip(confidence, _EDGE, 1 - _EDGE)))
