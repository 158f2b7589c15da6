"""Numbers: Rating and Number. What is learned is whether the answer lies above each of a row of bounds.

Few different values are outcomes by themselves, many are cut into intervals of about as many answers each. So a
prediction is a distribution, and not a number alone. Frank and Hall 2001; crossing bounds are put in order
(Chernozhukov, Fernandez-Val and Galichon 2010).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import expit

from label_config.answers import Answer, Number
from label_config.model import Control, Family

from ..errors import NotLearnable
from ..records import FloatArray, IntArray

MOST_VALUES = 12
"""As many different values are outcomes by themselves."""
INTERVALS = 12
ANSWERS_EACH = 5
"""Answers of an interval at least."""
TOLERANCE = 0.1
"""Of a number that can be anything: how far off, as a share of the span of the middle 90 %, still counts as right."""


def suits(control: Control) -> bool:
    """Stars or a number, of the whole task."""
    return control.family in (Family.RATING, Family.NUMBER) and not control.per_region


def taken(control: Control) -> Callable[[Answer], bool]:
    """Whether a number is within the control's bounds."""
    low = -np.inf if control.low is None else control.low
    high = np.inf if control.high is None else control.high
    return lambda answer: isinstance(answer, Number) and low <= answer.value <= high


def made(control: Control, answers: Sequence[Answer]) -> "Ordered":
    """Outcomes that the answers show; raises NotLearnable where they are too few to make two."""
    values = _values(answers)
    there = np.unique(values)
    if len(there) <= MOST_VALUES:
        bounds = (there[1:] + there[:-1]) / 2
        return Ordered(tuple(there.tolist()), tuple(bounds.tolist()), None, _decimals(there))
    count = min(INTERVALS, len(values) // ANSWERS_EACH)
    cuts = np.unique(np.quantile(values, np.linspace(0, 1, count + 1)[1:-1], method="inverted_cdf"))
    bounds = cuts[(cuts >= there[0]) & (cuts < there[-1])]
    if not len(bounds):
        raise NotLearnable(f"control {control.name!r}: {len(values)} different numbers are too few to learn from")
    inside = np.searchsorted(bounds, values, side="left")
    means = [float(values[inside == place].mean()) for place in range(len(bounds) + 1)]
    low, high = np.quantile(values, [0.05, 0.95])
    return Ordered(tuple(means), tuple(bounds.tolist()), TOLERANCE * float(high - low), _decimals(there))


def restore(saved: Mapping[str, Any]) -> "Ordered":
    """See QuestionFamily."""
    tolerance = saved["tolerance"]
    return Ordered(
        tuple(map(float, saved["values"])),
        tuple(map(float, saved["bounds"])),
        None if tolerance is None else float(tolerance),
        int(saved["decimals"]),
    )


def _values(answers: Sequence[Answer]) -> FloatArray:
    return np.array([answer.value for answer in answers if isinstance(answer, Number)], dtype=np.float64)


def _decimals(values: FloatArray) -> int:
    """How many decimal places tell all of the values, 6 at most."""
    return next((places for places in range(6) if np.allclose(values, values.round(places), rtol=0, atol=1e-9)), 6)


@dataclass(frozen=True, slots=True)
class Ordered:
    """m values in order, with m - 1 bounds between them.

    ``tolerance`` null: each value is an answer by itself. Else a value stands for an interval, the answer is their
    mean, and it counts as right within the tolerance. Answers have ``decimals`` places.
    """

    values: tuple[float, ...]
    bounds: tuple[float, ...]
    tolerance: float | None
    decimals: int
    several = False
    apart = True

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The values, or the intervals: above the first number, up to the second."""
        if self.tolerance is None:
            return tuple(f"{value:.10g}" for value in self.values)
        middle = [f"{low:.10g} to {high:.10g}" for low, high in pairwise(self.bounds)]
        return (f"up to {self.bounds[0]:.10g}", *middle, f"above {self.bounds[-1]:.10g}")

    def told(self, answer: Answer) -> tuple[str, ...]:
        """The value, or the interval that it lies in."""
        if not isinstance(answer, Number):
            return ()
        if self.tolerance is None and answer.value not in self.values:
            return (f"{answer.value:.10g}",)
        return (self.outcomes[int(self._places(np.array([answer.value]))[0])],)

    def targets(self, answers: Sequence[Answer]) -> FloatArray:
        """1 where an answer lies above a bound."""
        places = self._places(_values(answers))
        return np.asarray(places[:, None] > np.arange(len(self.bounds)), dtype=np.float64)

    def scores(self, logits: FloatArray) -> FloatArray:
        """The logits themselves."""
        return logits

    def probabilities(self, scores: FloatArray, temperatures: FloatArray) -> FloatArray:
        """Of each value or interval: between the probabilities of lying above its two bounds."""
        above = -np.sort(-np.asarray(expit(scores / temperatures)), axis=1)
        ends = np.ones((len(above), 1))
        return np.asarray(np.hstack([ends, above]) - np.hstack([above, 0 * ends]))

    def answer(self, row: FloatArray) -> tuple[Answer, float]:
        """The most probable value; where any number may be answered, the mean."""
        if self.tolerance is None:
            best = int(np.argmax(row))
            return Number(self.values[best]), float(row[best])
        mean = round(float(row @ np.array(self.values)), self.decimals)
        return Number(mean), self._within(row, mean)

    def right(self, said: Answer, truth: Answer) -> bool:
        """The same number, or near enough to it."""
        if not isinstance(said, Number) or not isinstance(truth, Number):
            return False
        return abs(said.value - truth.value) <= (self.tolerance or 1e-9)

    def still_fits(self, control: Control) -> bool:
        """All values are still within the bounds."""
        takes = taken(control)
        return suits(control) and all(takes(Number(value)) for value in self.values)

    def saved(self) -> dict[str, Any]:
        """Everything."""
        return {
            "values": list(self.values),
            "bounds": list(self.bounds),
            "tolerance": self.tolerance,
            "decimals": self.decimals,
        }

    def _places(self, values: FloatArray) -> IntArray:
        """Which value or interval a number belongs to."""
        return np.searchsorted(np.array(self.bounds), values, side="left").astype(np.int64)

    def _within(self, row: FloatArray, mean: float) -> float:
        """The probability of what lies within the tolerance of ``mean``; inside an interval all is as probable.

        The two outer intervals are taken as twice as long as from their mean value to their bound.
        """
        assert self.tolerance is not None
        first, last = self.values[0], self.values[-1]
        edges = np.array([2 * first - self.bounds[0], *self.bounds, 2 * last - self.bounds[-1]])
        shares = np.concatenate([[0.0], np.cumsum(row)])
        low, high = np.interp([mean - self.tolerance, mean + self.tolerance], edges, shares)
        return float(np.clip(high - low, 0.0, 1.0))
