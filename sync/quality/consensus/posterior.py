"""What an algorithm takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..records import FloatArray, IntArray

STRENGTH = 3.0
"""How many answers of the average annotator are added to each row of everybody's confusion."""
BARRED = -1e9
"""Added to the logarithm of what cannot be: a number, because processors are slow with infinities."""
_LEAST_LOG = -650.0
"""No logarithm of a probability is less, beside the highest of its row: near it numbers lose digits, and time."""


def normalise(scores: FloatArray) -> FloatArray:
    """Turn each row of log weights into probabilities in place; gives the logarithm of its sum.

    What is ``BARRED``, or far below the highest of its row, is left with less than 1e-280.

    >>> scores = np.array([[2.0, 2.0, 1.0 + BARRED], [-2000.0, -1000.0, -1000.0]])
    >>> normalise(scores).round(3).tolist(), scores.round(3).tolist()
    ([2.693, -999.307], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    """
    highest = scores[:, 0].copy()
    for column in scores.T[1:]:
        np.maximum(highest, column, out=highest)
    scores -= highest[:, None]
    np.maximum(scores, _LEAST_LOG, out=scores)
    np.exp(scores, out=scores)
    totals = scores @ np.ones(scores.shape[1])
    scores *= (1.0 / totals)[:, None]
    found: FloatArray = highest + np.log(totals)
    return found


def usual(counts: FloatArray, strength: float) -> FloatArray:
    """``strength`` answers a true class as the average annotator gives them: (true class, answered class).

    ``counts`` (annotators, true class, answered class) are everybody's. To their sum one right answer a class is
    added, and a tenth of an answer that may be any.

    >>> usual(np.array([[[7.0, 1.9], [0.0, 0.0]]]), 1.0).round(3).tolist()
    [[0.805, 0.195], [0.045, 0.955]]
    """
    pooled = counts.sum(axis=0) + np.eye(counts.shape[1]) + 0.1 / counts.shape[1]
    found: FloatArray = strength * pooled / pooled.sum(axis=1, keepdims=True)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Votes for classes 0..classes-1: three parallel arrays; ``fixed`` maps a task to its known class.

    ``model`` (tasks, classes) holds a classifier's out-of-sample probabilities, a row of zeros where it says nothing;
    null without one. ``trust`` (annotators, 2) holds how many right and wrong answers are believed of each annotator
    beforehand, zeros where nothing is; null where nothing is believed of anybody. With ``ordered`` the classes are
    steps of one scale.
    """

    task: IntArray
    annotator: IntArray
    answer: IntArray
    tasks: int
    annotators: int
    classes: int
    fixed: Mapping[int, int]
    model: FloatArray | None = None
    trust: FloatArray | None = None
    ordered: bool = False

    def shares(self) -> FloatArray:
        """Each task's votes a class, divided by their number: (tasks, classes).

        Known classes are certain; a task without votes has equal shares.
        """
        cells = self.task * self.classes + self.answer
        counts = np.bincount(cells, minlength=self.tasks * self.classes).reshape(self.tasks, self.classes)
        totals = counts.sum(axis=1, keepdims=True)
        equal = np.full((self.tasks, self.classes), 1 / self.classes)
        return self.with_fixed(np.divide(counts, totals, out=equal, where=totals > 0))

    def tally(self, weights: FloatArray | None = None) -> FloatArray:
        """The votes of each task a class, each counted by its weight (rows; one where null): (tasks, classes)."""
        cells = self.task * self.classes + self.answer
        counts: FloatArray = np.bincount(cells, weights, self.tasks * self.classes).astype(np.float64)
        return counts.reshape(self.tasks, self.classes)

    def class_shares(self, probability: FloatArray) -> FloatArray:
        """How often each class occurs among the tasks that say something, one task of equal shares added: (classes,).

        A task that nobody answered and nobody ruled says nothing.
        """
        heard = np.bincount(self.task, minlength=self.tasks) > 0
        heard[list(self.fixed)] = True
        shares = probability[heard].sum(axis=0) + 1.0 / self.classes
        found: FloatArray = shares / shares.sum()
        return found

    def believed(self, prior: FloatArray) -> FloatArray:
        """``trust`` as counts (annotators, true class, answered class), true classes in the shares of ``prior``.

        A wrong answer is believed to be any of the other classes. With one class no answer is wrong.
        """
        others = max(1, self.classes - 1)
        right, wrong = (self.trust if self.trust is not None else np.zeros((self.annotators, 2))).T
        counts: FloatArray = np.multiply.outer(wrong / others, np.repeat(prior[:, None], self.classes, axis=1))
        diagonal = np.arange(self.classes)
        counts[:, diagonal, diagonal] = right[:, None] * prior
        return counts

    def confusion(self, probability: FloatArray, prior: FloatArray) -> FloatArray:
        """Everybody's confusion as expected counts of their answers: (annotators, true class, answered class).

        What ``trust`` believes is added, and what is ``usual``, so that few answers prove little.
        """
        counts = self.by_annotator(self.table().T @ probability)
        added = usual(counts, STRENGTH)[None]
        found: FloatArray = counts + (added if self.trust is None else added + self.believed(prior))
        found /= found.sum(axis=2, keepdims=True)
        return found

    def with_fixed(self, probability: FloatArray) -> FloatArray:
        """``probability`` (tasks, classes) with the known classes put in."""
        tasks, known = list(self.fixed.keys()), list(self.fixed.values())
        probability[tasks] = 0.0
        probability[tasks, known] = 1.0
        return probability

    def table(self) -> sparse.csr_array:
        """Who answered what: 1 at (task, annotator x classes + answer), shape (tasks, annotators x classes)."""
        columns = self.annotator * self.classes + self.answer
        shape = (self.tasks, self.annotators * self.classes)
        return sparse.csr_array((np.ones(len(self.task)), (self.task, columns)), shape=shape)

    def by_annotator(self, counts: FloatArray) -> FloatArray:
        """``table().T @ probability`` as expected counts (annotators, true class, answered class)."""
        return counts.reshape(self.annotators, self.classes, self.classes).transpose(0, 2, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What an algorithm concludes.

    ``probability`` (tasks, classes) and ``prior`` (classes) sum to 1; ``confusion`` (annotators, true class,
    answered class) sums to 1 over the last axis. ``quality`` (annotators,) is how probably right they are, null where
    that is the mean of the confusion's diagonal over the prior.
    """

    probability: FloatArray
    prior: FloatArray
    confusion: FloatArray
    quality: FloatArray | None = None
