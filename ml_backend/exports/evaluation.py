"""How well opinions tell known answers: accuracy, calibration, labels and numbers, with intervals. Pure.

The calibration error is a sum of distances, which chance alone makes larger: its interval reaches as far to either side
as the bins of resampled answers are moved together in 97.5 % of the cases. By the triangle inequality that is rather
too wide than too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..calibration import BINS, expected_calibration_error
from ..records import FloatArray
from .figures import Measured, mean, rounded, share
from .numbers import NumberFigures, number_figures

RESAMPLES = 500
REACH = 0.975
WORST_BRIER = 2.0


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label: ``answers`` have it, ``suggestions`` have it. ``precision``: how many of these are right; ``recall``:
    how many of the answers were suggested; null without any."""

    answers: int
    suggestions: int
    precision: Measured | None
    recall: Measured | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One control over ``n`` answers; on ``abstained`` others the model said nothing. Null without an answer.

    ``labels`` in order; none where any number may be answered. ``numbers`` null where no numbers are.
    """

    n: int
    abstained: int
    accuracy: Measured | None
    ece: Measured | None
    brier: Measured | None
    labels: Mapping[str, LabelFigures]
    numbers: NumberFigures | None = None

    def as_json(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer beside what the model said: whether that is ``right``, how sure it was, its squared error, the labels
    of both, where they have any, and both ``numbers``, what was said first, where they are numbers."""

    right: bool
    confidence: float
    squared: float
    said: frozenset[str] = frozenset()
    truth: frozenset[str] = frozenset()
    numbers: tuple[float, float] | None = None


def evaluated(
    answered: Sequence[Answered], abstained: int, rng: np.random.Generator, tolerance: float | None = None
) -> Evaluation:
    """The figures of one control; a number is right within ``tolerance``, null: only itself.

    >>> found = evaluated([Answered(True, 0.9, 0.02)] * 9 + [Answered(False, 0.9, 1.62)], 2, np.random.default_rng(0))
    >>> found.n, found.abstained, found.accuracy.value, found.ece.value, found.brier.value
    (10, 2, 0.9, 0.0, 0.18)
    """
    if not answered:
        return Evaluation(0, abstained, None, None, None, {})
    right = np.array([one.right for one in answered], dtype=np.float64)
    confidence = np.array([one.confidence for one in answered])
    return Evaluation(
        n=len(answered),
        abstained=abstained,
        accuracy=share(int(right.sum()), len(answered)),
        ece=_calibration_error(confidence, right, rng),
        brier=mean(np.array([one.squared for one in answered]), WORST_BRIER),
        labels=_labels(answered),
        numbers=number_figures([one.numbers for one in answered if one.numbers is not None], tolerance),
    )


def _calibration_error(confidence: FloatArray, right: FloatArray, rng: np.random.Generator) -> Measured:
    count = len(right)
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = confidence - right
    value = expected_calibration_error(confidence, right)
    seen = np.bincount(bins, gaps, minlength=BINS)
    moved = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, count, count)
        moved.append(np.abs(np.bincount(bins[rows], gaps[rows], minlength=BINS) - seen).sum() / count)
    reach = float(np.quantile(moved, REACH))
    return rounded(value, max(0.0, value - reach), min(1.0, value + reach))


def _labels(answered: Sequence[Answered]) -> dict[str, LabelFigures]:
    """By name; numbers by their size."""
    names = {label for one in answered for label in one.said | one.truth}
    numeric = all(one.numbers is not None for one in answered)
    found = {}
    for label in sorted(names, key=float) if numeric else sorted(names):
        both = sum(label in one.said and label in one.truth for one in answered)
        suggestions, answers = sum(label in one.said for one in answered), sum(label in one.truth for one in answered)
        found[label] = LabelFigures(answers, suggestions, share(both, suggestions), share(both, answers))
    return found
