"""What the runs of a backtest say together: bands, areas, and how many labels a strategy saves. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ..records import FloatArray
from .replay import Curve

CONTROL = "random"


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over seeds, in points, with its 95 % interval; null bounds with fewer than two seeds."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """One strategy: accuracy in the end, areas under the curves (their means over the labels), all in [0, 1].

    ``labels_needed`` is after how many labels the mean accuracy first is what ``random`` has in the end; null where it
    never is, or random was not run. ``against_random`` is the difference of the areas under macro-F1, paired by seed.
    """

    final_accuracy: float
    accuracy_area: float
    macro_f1_area: float
    labels_needed: int | None
    against_random: Difference | None


def summaries(curves: Mapping[str, Sequence[Curve]]) -> dict[str, Summary]:
    """A summary a strategy; the curves of a strategy have the same labels, and the same seeds as all others'."""
    control = curves.get(CONTROL)
    found = {}
    for name, runs in curves.items():
        accuracy = _table(runs, "accuracy")
        area = _table(runs, "macro_f1").mean(axis=1)
        found[name] = Summary(
            final_accuracy=float(accuracy[:, -1].mean()),
            accuracy_area=float(accuracy.mean()),
            macro_f1_area=float(area.mean()),
            labels_needed=None if control is None else _reaches(runs[0].labels, accuracy, _table(control, "accuracy")),
            against_random=(
                None
                if control is None or name == CONTROL
                else difference(100 * (area - _table(control, "macro_f1").mean(axis=1)))
            ),
        )
    return found


def _table(runs: Sequence[Curve], what: str) -> FloatArray:
    """(seeds, points of the curve)."""
    return np.array([getattr(run, what) for run in runs], dtype=np.float64)


def _reaches(labels: Sequence[int], accuracy: FloatArray, control: FloatArray) -> int | None:
    reached = np.flatnonzero(accuracy.mean(axis=0) >= control[:, -1].mean())
    return int(labels[int(reached[0])]) if len(reached) else None


def difference(pairs: FloatArray) -> Difference:
    """The mean of paired differences and its interval by Student's t.

    >>> difference(np.array([1.0, 2.0, 3.0]))
    Difference(mean=2.0, low=-0.484, high=4.484)
    """
    mean = float(pairs.mean())
    if len(pairs) < 2:
        return Difference(round(mean, 3), None, None)
    wide = float(stats.t.ppf(0.975, len(pairs) - 1) * pairs.std(ddof=1) / np.sqrt(len(pairs)))
    return Difference(round(mean, 3), round(mean - wide, 3), round(mean + wide, 3))
