"""How well opinions tell known answers: accuracy, calibration, and each label by itself, with intervals. Pure.

Accuracy, precision and recall have Wilson's interval, the Brier score Student's. The calibration error is a sum of
distances, which chance alone makes larger: its interval reaches as far to either side as the bins of resampled answers
are moved together in 97.5 % of the cases. By the triangle inequality that is rather too wide than too narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from ..calibration import BINS, expected_calibration_error
from ..certainty.reliability import wilson
from ..records import FloatArray

RESAMPLES = 500
COVERAGE = 0.95
REACH = 0.975
WORST_BRIER = 2.0
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


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
    """One control over ``n`` answers; on ``abstained`` others the model said nothing. Null without an answer."""

    n: int
    abstained: int
    accuracy: Measured | None
    ece: Measured | None
    brier: Measured | None
    labels: Mapping[str, LabelFigures]

    def as_json(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer beside what the model said: whether that is ``right``, how sure it was, its squared error, and the
    labels of both, where they have any."""

    right: bool
    confidence: float
    squared: float
    said: frozenset[str] = frozenset()
    truth: frozenset[str] = frozenset()


def evaluated(answered: Sequence[Answered], abstained: int, rng: np.random.Generator) -> Evaluation:
    """The figures of one control.

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
        accuracy=_share(int(right.sum()), len(answered)),
        ece=_calibration_error(confidence, right, rng),
        brier=_mean(np.array([one.squared for one in answered])),
        labels=_labels(answered),
    )


def _share(hits: int, of: int) -> Measured | None:
    """A share with Wilson's interval; null of nothing."""
    if not of:
        return None
    low, high = wilson(hits / of, of)
    return _rounded(hits / of, low, high)


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
    return _rounded(value, max(0.0, value - reach), min(1.0, value + reach))


def _mean(values: FloatArray) -> Measured:
    """The mean of squared errors; of a single one nothing is known but its bounds."""
    value = float(values.mean())
    if len(values) < 2:
        return _rounded(value, 0.0, WORST_BRIER)
    half = float(stdtrit(len(values) - 1, (1 + COVERAGE) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    return _rounded(value, max(0.0, value - half), min(WORST_BRIER, value + half))


def _rounded(*figures: float) -> Measured:
    return Measured(*(round(one, DIGITS) for one in figures))


def _labels(answered: Sequence[Answered]) -> dict[str, LabelFigures]:
    found = {}
    for label in sorted({label for one in answered for label in one.said | one.truth}):
        both = sum(label in one.said and label in one.truth for one in answered)
        suggestions, answers = sum(label in one.said for one in answered), sum(label in one.truth for one in answered)
        found[label] = LabelFigures(answers, suggestions, _share(both, suggestions), _share(both, answers))
    return found
