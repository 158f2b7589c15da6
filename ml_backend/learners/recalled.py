"""What a model remembers of the tasks that it learned from, so that it judges them as if it had not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..calibration import expected_calibration_error
from ..certainty.reliability import reliability
from ..quality import DIGITS, Quality
from ..records import Arrays, FloatArray, IntArray
from ..uncertainty import Signals, utility

FOLDS, MORE_FOLDS = 5, 10
"""Parts that are left out in turn. With ``FEW`` tasks at most the greater number, where learning is quick: then the
models of the folds know nearly as much as the full one, whose confidence they tell."""
FEW = 500
LEAST_WEIGHT = 1e-6
"""A row that weighs nothing would not be there at all."""

_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Recalled:
    """Of n training tasks: ``tasks`` says which row a task is, ``digests`` stand for what was seen of it.

    ``folds`` (n,): the fold whose model has not learned from it. ``signals`` (n,) each are out of fold, ``distances``
    (n,) to the nearest other training task.
    """

    tasks: Mapping[int, int]
    digests: Sequence[str]
    folds: IntArray
    signals: Signals
    distances: FloatArray

    def row(self, task: int, digest: str) -> int | None:
        """Which row a task is, null where it is none: its id may belong to another task by now."""
        row = self.tasks.get(task)
        return row if row is not None and self.digests[row] == digest else None

    def utilities(self, kind: str) -> FloatArray:
        """What each training task was worth, out of fold, (n,)."""
        return utility(self.signals, kind)

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """What ``restored`` needs: JSON and arrays."""
        return {"digests": list(self.digests)}, {
            "tasks": np.array(list(self.tasks), dtype=np.int64),
            "folds": self.folds,
            "distances": self.distances,
            **{f"signals/{name}": values for name, values in self.signals.items()},
        }


def restored(words: Mapping[str, Any], arrays: Arrays) -> Recalled:
    """What ``saved`` gave. Raises KeyError, TypeError or ValueError for anything else."""
    tasks = {int(task): place for place, task in enumerate(arrays["tasks"])}
    signals = {name.removeprefix("signals/"): part for name, part in arrays.items() if name.startswith("signals/")}
    return Recalled(tasks, words["digests"], arrays["folds"], signals, arrays["distances"])


def spread_over_folds(digests: Sequence[str], count: int = FOLDS) -> IntArray:
    """The fold of each row, (n,) of ``count``: by chance, tasks that look the same together."""
    groups, member_of = np.unique(list(digests), return_inverse=True)
    order = np.random.default_rng(0).permutation(len(groups))
    fold = np.empty(len(groups), dtype=np.int64)
    fold[order] = np.arange(len(groups)) % count
    return fold[member_of]


def spread_evenly(count: int, most: int) -> IntArray:
    """At most ``most`` of ``count`` positions, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def quality_of(confidence: FloatArray, right: FloatArray, source: str) -> Quality:
    """How good answers are that are wholly right (1) or not (0), (n,), beside their confidence, n > 0.

    The Brier score is the mean squared distance of the two.
    """
    told = np.clip(np.where(right > 0.5, confidence, 1 - confidence), _SMALLEST, 1)
    return Quality(
        accuracy=round(float(right.mean()), DIGITS),
        ece=round(expected_calibration_error(confidence, right), DIGITS),
        brier=round(float(((confidence - right) ** 2).mean()), DIGITS),
        n=len(right),
        source=source,
        log_loss=round(float(-np.log(told).mean()), DIGITS),
        bins=reliability(confidence, right),
    )
