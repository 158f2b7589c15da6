"""How far off numbers are that were said. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import FloatArray
from .figures import Measured, mean, median


@dataclass(frozen=True, slots=True)
class NumberFigures:
    """How far what was said is from the answers, in their own unit.

    ``mean_error`` and ``median_error`` are of the absolute errors; the second is null of fewer than six answers.
    ``error_of_the_mean`` is the mean absolute error of saying of each task the mean of all other answers: what a model
    must beat. ``tolerance`` is how far off is still right, null where only the same number is.
    """

    mean_error: Measured
    median_error: Measured | None
    error_of_the_mean: Measured
    tolerance: float | None


def number_figures(pairs: Sequence[tuple[float, float]], tolerance: float | None) -> NumberFigures | None:
    """Of ``pairs`` of what was said and what was answered; null of fewer than two.

    >>> found = number_figures([(1, 2), (4, 4), (5, 6)], None)
    >>> round(found.mean_error.value, 3), found.error_of_the_mean.value  # the others' means: 5, 4 and 3
    (0.667, 2.0)
    """
    if len(pairs) < 2:
        return None
    said, answers = np.array(pairs, dtype=np.float64).T
    errors = np.abs(said - answers)
    return NumberFigures(
        _mean_error(errors), median(errors), _mean_error(np.abs(_means_of_others(answers) - answers)), tolerance
    )


def _means_of_others(answers: FloatArray) -> FloatArray:
    return np.asarray((answers.sum() - answers) / (len(answers) - 1))


def _mean_error(errors: FloatArray) -> Measured:
    return mean(errors, np.inf)
