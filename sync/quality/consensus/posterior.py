"""What an algorithm takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..records import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Votes for classes 0..classes-1: three parallel arrays; ``fixed`` maps a task to its known class."""

    task: IntArray
    annotator: IntArray
    answer: IntArray
    tasks: int
    annotators: int
    classes: int
    fixed: Mapping[int, int]

    def shares(self) -> FloatArray:
        """Each task's votes a class, divided by their number: (tasks, classes).

        Known classes are certain; a task without votes has equal shares.
        """
        cells = self.task * self.classes + self.answer
        counts = np.bincount(cells, minlength=self.tasks * self.classes).reshape(self.tasks, self.classes)
        totals = counts.sum(axis=1, keepdims=True)
        equal = np.full((self.tasks, self.classes), 1 / self.classes)
        return self.with_fixed(np.divide(counts, totals, out=equal, where=totals > 0))

    def with_fixed(self, probability: FloatArray) -> FloatArray:
        """``probability`` with the known classes put in."""
        for task, known in self.fixed.items():
            probability[task] = 0.0
            probability[task, known] = 1.0
        return probability

    def confusion_counts(self, probability: FloatArray) -> FloatArray:
        """Expected count of (annotator, true class, answered class) under ``probability`` (tasks, classes)."""
        found = np.empty((self.annotators, self.classes, self.classes))
        cells = self.annotator * self.classes + self.answer
        for truth in range(self.classes):
            counts = np.bincount(cells, probability[self.task, truth], self.annotators * self.classes)
            found[:, truth, :] = counts.reshape(self.annotators, self.classes)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What an algorithm concludes.

    ``probability`` (tasks, classes) and ``prior`` (classes) sum to 1; ``confusion`` (annotators, true class,
    answered class) sums to 1 over the last axis.
    """

    probability: FloatArray
    prior: FloatArray
    confusion: FloatArray
