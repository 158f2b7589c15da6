"""What the runs of a backtest say together: bands, areas, and how many labels a strategy saves. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ..records import FloatArray
from .replay import Curve

CONTROL = "random"
FEWEST_SEEDS = 3
"""With fewer there is no interval: that of two is a dozen standard errors wide on either side, and says nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over seeds, in points, with its 95 % interval; null bounds with fewer than FEWEST_SEEDS."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """One strategy: accuracy in the end, areas under the curves (their means over the labels), all in [0, 1].

    ``labels_needed`` is after how many labels the mean accuracy first is what ``random`` has in the end, linear between
    two models; null where it never is, or random was not run. ``against_random`` is the difference of the areas under
    macro-F1, paired by seed, ``accuracy_against_random`` that of the areas under accuracy.
    """

    final_accuracy: float
    accuracy_area: float
    macro_f1_area: float
    labels_needed: int | None
    against_random: Difference | None
    accuracy_against_random: Difference | None


def summaries(curves: Mapping[str, Sequence[Curve]]) -> dict[str, Summary]:
    """A summary a strategy; the curves of a strategy have the same labels, and the same seeds as all others'."""
    control = curves.get(CONTROL)
    found = {}
    for name, runs in curves.items():
        accuracy = _table(runs, "accuracy")
        found[name] = Summary(
            final_accuracy=float(accuracy[:, -1].mean()),
            accuracy_area=float(areas(runs, "accuracy").mean()),
            macro_f1_area=float(areas(runs, "macro_f1").mean()),
            labels_needed=None if control is None else _reaches(runs[0].labels, accuracy, _table(control, "accuracy")),
            against_random=_apart(name, runs, control, "macro_f1"),
            accuracy_against_random=_apart(name, runs, control, "accuracy"),
        )
    return found


def _apart(name: str, runs: Sequence[Curve], control: Sequence[Curve] | None, what: str) -> Difference | None:
    if control is None or name == CONTROL:
        return None
    return difference(100 * (areas(runs, what) - areas(control, what)))


def _table(runs: Sequence[Curve], what: str) -> FloatArray:
    """(seeds, points of the curve)."""
    return np.array([getattr(run, what) for run in runs], dtype=np.float64)


def areas(runs: Sequence[Curve], what: str) -> FloatArray:
    """The area under each run's curve over the width of its labels: (seeds,). One point alone is its own area.

    >>> areas([Curve([10, 20, 60], [0.0, 0.5, 0.5], [], [])], "accuracy").tolist()
    [0.45]
    """
    labels, table = np.asarray(runs[0].labels, dtype=np.float64), _table(runs, what)
    if len(labels) == 1:
        return table[:, 0]
    return np.asarray(np.trapezoid(table, labels, axis=1) / (labels[-1] - labels[0]))


def _reaches(labels: Sequence[int], accuracy: FloatArray, control: FloatArray) -> int | None:
    mean, level = accuracy.mean(axis=0), float(control[:, -1].mean())
    reached = np.flatnonzero(mean >= level)
    if not len(reached):
        return None
    place = int(reached[0])
    if place == 0:
        return int(labels[0])
    share = float((level - mean[place - 1]) / (mean[place] - mean[place - 1]))
    return math.ceil(round(labels[place - 1] + share * (labels[place] - labels[place - 1]), 6))


def difference(pairs: FloatArray) -> Difference:
    """The mean of paired differences and its interval by Student's t.

    >>> difference(np.array([1.0, 2.0, 3.0]))
    Difference(mean=2.0, low=-0.484, high=4.484)
    """
    mean = float(pairs.mean())
    if len(pairs) < FEWEST_SEEDS:
        return Difference(round(mean, 3), None, None)
    wide = float(stdtrit(len(pairs) - 1, 0.975) * pairs.std(ddof=1) / np.sqrt(len(pairs)))
    return Difference(round(mean, 3), round(mean - wide, 3), round(mean + wide, 3))
