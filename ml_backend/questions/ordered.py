"""Numbers: Rating and Number. A regression tells the number, how far it is off out of fold tells the rest.

Few different values are outcomes by themselves, else the line is cut into intervals: the number that a head gives, with
logistic noise of the size that the temperature says, has a probability of lying in each. This is the proportional odds
model (McCullagh 1980) with bounds that are given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
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
LEAST_ANSWERS = 15
"""Of numbers that can be anything: fewer tell nothing of how far off a regression is."""
INTERVALS = 40
FARTHEST = 10.0
"""Standard deviations from the mean that intervals reach to at most: one typing error must not widen all of them."""
TOLERANCE = 0.1
"""Of a number that can be anything: how far off, as a share of the span of the middle 90 %, still counts as right."""
MORE_EVEN = 0.5
"""Positive numbers are learned by their logarithms where these are so much less skewed."""


def suits(control: Control) -> bool:
    """Stars or a number, of the whole task."""
    return control.family in (Family.RATING, Family.NUMBER) and not control.per_region


def taken(control: Control) -> Callable[[Answer], bool]:
    """Whether a number is within the control's bounds."""
    low = -np.inf if control.low is None else control.low
    high = np.inf if control.high is None else control.high
    return lambda answer: isinstance(answer, Number) and low <= answer.value <= high


def made(control: Control, answers: Sequence[Answer]) -> "Ordered":
    """Outcomes that the answers show; raises NotLearnable where they are too few."""
    values = _values(answers)
    there = np.unique(values)
    if len(there) <= MOST_VALUES:
        bounds = (there[1:] + there[:-1]) / 2
        spread = float(values.std()) or 1.0
        return Ordered(tuple(there.tolist()), tuple(bounds.tolist()), None, _decimals(there), spread)
    if len(values) < LEAST_ANSWERS:
        raise NotLearnable(
            f"control {control.name!r}: {len(values)} different numbers are too few to learn from, {LEAST_ANSWERS} are "
            "needed"
        )
    logarithmic = bool(there[0] > 0 and abs(_skewness(np.log(values))) < abs(_skewness(values)) - MORE_EVEN)
    line = np.log(values) if logarithmic else values
    mean, spread = float(line.mean()), float(line.std())
    low = max(float(line.min()) - spread, mean - FARTHEST * spread)
    high = min(float(line.max()) + spread, mean + FARTHEST * spread)
    edges = np.linspace(low, high, INTERVALS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    first, last = np.quantile(values, [0.05, 0.95])
    return Ordered(
        tuple((np.exp(middles) if logarithmic else middles).tolist()),
        tuple((np.exp(edges) if logarithmic else edges)[1:-1].tolist()),
        TOLERANCE * float(last - first),
        _decimals(there),
        spread,
        logarithmic,
        (control.low, control.high),
    )


def restore(saved: Mapping[str, Any]) -> "Ordered":
    """See QuestionFamily."""
    tolerance = saved["tolerance"]
    return Ordered(
        tuple(map(float, saved["values"])),
        tuple(map(float, saved["bounds"])),
        None if tolerance is None else float(tolerance),
        int(saved["decimals"]),
        float(saved["spread"]),
        bool(saved["logarithmic"]),
        (saved["limits"][0], saved["limits"][1]),
    )


def _values(answers: Sequence[Answer]) -> FloatArray:
    return np.array([answer.value for answer in answers if isinstance(answer, Number)], dtype=np.float64)


def _skewness(values: FloatArray) -> float:
    """The third standardised moment: above 0 with a long tail upwards. Of values that are not all the same.

    >>> _skewness(np.array([1.0, 1.0, 1.0, 5.0])) > 0 > _skewness(np.array([1.0, 5.0, 5.0, 5.0]))
    True
    """
    away = values - values.mean()
    return float((away**3).mean() / (away**2).mean() ** 1.5)


def _decimals(values: FloatArray) -> int:
    """How many decimal places tell all of the values, 6 at most."""
    return next((places for places in range(6) if np.allclose(values, values.round(places), rtol=0, atol=1e-9)), 6)


@dataclass(frozen=True, slots=True)
class Ordered:
    """m values in order, with m - 1 bounds between them.

    ``tolerance`` null: each value is an answer by itself. Else a value stands for an interval, the answer is their
    mean, and it counts as right within the tolerance. Answers have ``decimals`` places. ``spread`` is the standard
    deviation of all answers (of their logarithms where ``logarithmic``): heads learn in units of it. ``limits`` are the
    control's, null where it has none.
    """

    values: tuple[float, ...]
    bounds: tuple[float, ...]
    tolerance: float | None
    decimals: int
    spread: float
    logarithmic: bool = False
    limits: tuple[float | None, float | None] = (None, None)
    head = "ridge"
    several = False
    apart = True

    @property
    def margin_tells(self) -> bool:
        """Of intervals the two most probable are always neighbours."""
        return self.tolerance is None

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
        """The numbers themselves (or their logarithms), (n, 1), in units of the spread."""
        return self._line(_values(answers))[:, None]

    def scores(self, logits: FloatArray) -> FloatArray:
        """How far above each bound the number is, (n, m - 1)."""
        return logits - self._line(np.array(self.bounds))

    def probabilities(self, scores: FloatArray, temperatures: FloatArray) -> FloatArray:
        """Of each value or interval: between the probabilities of lying above its two bounds."""
        above = np.asarray(expit(scores / temperatures))
        ends = np.ones((len(above), 1))
        return np.asarray(np.hstack([ends, above]) - np.hstack([above, 0 * ends]))

    def answer(self, row: FloatArray) -> tuple[Answer, float]:
        """The most probable value; where any number may be answered, the mean."""
        if self.tolerance is None:
            best = int(np.argmax(row))
            return Number(self.values[best]), float(row[best])
        mean = round(self._inside(float(row @ np.array(self.values))), self.decimals)
        return Number(mean), self._within(row, mean)

    def right(self, said: Answer, truth: Answer) -> bool:
        """The same number, or near enough to it."""
        if not isinstance(said, Number) or not isinstance(truth, Number):
            return False
        return abs(said.value - truth.value) <= (self.tolerance or 1e-9)

    def still_fits(self, control: Control) -> bool:
        """A number, as before; of single values, some are still within the bounds."""
        takes = taken(control)
        return suits(control) and (self.tolerance is not None or any(takes(Number(value)) for value in self.values))

    def saved(self) -> dict[str, Any]:
        """Everything."""
        return asdict(self)

    def _inside(self, value: float) -> float:
        low, high = self.limits
        return max(value if high is None else min(value, high), value if low is None else low)

    def _line(self, values: FloatArray) -> FloatArray:
        """Where numbers lie on the line that is learned."""
        if self.logarithmic:
            values = np.log(np.maximum(values, np.finfo(np.float64).tiny))
        return values / self.spread

    def _places(self, values: FloatArray) -> IntArray:
        """Which value or interval a number belongs to."""
        return np.searchsorted(np.array(self.bounds), values, side="left").astype(np.int64)

    def _within(self, row: FloatArray, mean: float) -> float:
        """The probability of what lies within the tolerance of ``mean``; inside an interval all is as probable."""
        assert self.tolerance is not None
        first, last = self.values[0], self.values[-1]
        edges = np.array([min(2 * first - self.bounds[0], first), *self.bounds, max(2 * last - self.bounds[-1], last)])
        shares = np.concatenate([[0.0], np.cumsum(row)])
        low, high = np.interp([mean - self.tolerance, mean + self.tolerance], edges, shares)
        return float(np.clip(high - low, 0.0, 1.0))
