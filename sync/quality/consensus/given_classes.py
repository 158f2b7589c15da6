"""Tables of many classes with only the cells that can matter: the classes that somebody gave to a task."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..records import BoolArray, FloatArray, IntArray
from .posterior import Votes

MANY = 32
"""With fewer classes, whole tables are the faster ones."""
SPARING = 4
"""Whole tables may have so many times the cells before listing single ones is worth its cost."""


@dataclass(frozen=True, slots=True, eq=False)
class GivenClasses:
    """What each task teaches about: its known class, else the classes that two or more answers gave it, else all.

    ``task`` and ``label`` of each cell, in the order of tasks; ``start`` is each task's first cell. A rate is how often
    an ``annotator`` gives an ``answer`` where another class is the ``truth``: (rates,) each, without those that no
    cell asks for. ``said`` (cells, rates) is 1 where an answer to the cell's task has that rate.
    """

    votes: Votes
    task: IntArray
    label: IntArray
    start: IntArray
    annotator: IntArray
    answer: IntArray
    truth: IntArray
    said: sparse.csr_array

    @classmethod
    def of(cls, votes: Votes) -> "GivenClasses":
        """The cells of ``votes``."""
        task, label = np.nonzero(_teaches(votes))
        size = np.bincount(task, minlength=votes.tasks)
        start = np.cumsum(size) - size
        times = size[votes.task]
        row = np.repeat(np.arange(len(votes.task)), times)
        cell = np.arange(len(row)) - np.repeat(np.cumsum(times) - times - start[votes.task], times)
        voice = votes.annotator * votes.classes + votes.answer
        rates, rate = np.unique(voice[row] * votes.classes + label[cell], return_inverse=True)
        voice, truth = np.divmod(rates, votes.classes)
        annotator, answer = np.divmod(voice, votes.classes)
        shape = len(task), len(rates)
        said = sparse.csr_array(sparse.coo_array((np.ones(len(row)), (cell, rate)), shape=shape))
        return cls(votes, task, label, start, annotator, answer, truth, said)

    @property
    def right(self) -> BoolArray:
        """The rates of right answers: (rates,)."""
        found: BoolArray = self.answer == self.truth
        return found

    @property
    def place(self) -> IntArray:
        """Where each rate stands in a whole table (annotators x answered class x true class): (rates,)."""
        return (self.annotator * self.votes.classes + self.answer) * self.votes.classes + self.truth

    def by_truth(self, counts: FloatArray) -> FloatArray:
        """Counts of rates, summed over what was answered: (annotators, true class)."""
        shape = self.votes.annotators, self.votes.classes
        rows = self.annotator * self.votes.classes + self.truth
        found: FloatArray = np.bincount(rows, counts, shape[0] * shape[1]).astype(np.float64)
        return found.reshape(shape)

    def pooled(self, counts: FloatArray) -> FloatArray:
        """Counts of rates, summed over annotators: (true class, answered class)."""
        classes = self.votes.classes
        found: FloatArray = np.bincount(self.truth * classes + self.answer, counts, classes**2).astype(np.float64)
        return found.reshape(classes, classes)

    def class_shares(self, probability: FloatArray) -> FloatArray:
        """``Votes.class_shares`` from the probability of each cell: (classes,)."""
        heard = np.bincount(self.votes.task, minlength=self.votes.tasks) > 0
        heard[list(self.votes.fixed)] = True
        shares = np.bincount(self.label, probability * heard[self.task], self.votes.classes) + 1.0 / self.votes.classes
        found: FloatArray = shares / shares.sum()
        return found

    def believed(self, prior: FloatArray) -> FloatArray:
        """``Votes.believed`` of each rate: (rates,)."""
        right, wrong = self._trust()
        found: FloatArray = np.where(self.right, right[self.annotator], wrong[self.annotator]) * prior[self.truth]
        return found

    def believed_by_truth(self, prior: FloatArray) -> FloatArray:
        """``Votes.believed``, summed over what was answered: (annotators, true class)."""
        right, wrong = self._trust()
        found: FloatArray = np.multiply.outer(right + wrong * (self.votes.classes - 1), prior)
        return found

    def believed_pooled(self, prior: FloatArray) -> FloatArray:
        """``Votes.believed``, summed over annotators: (true class, answered class)."""
        right, wrong = (side.sum() for side in self._trust())
        found = np.repeat(wrong * prior[:, None], self.votes.classes, axis=1)
        np.fill_diagonal(found, right * prior)
        return found

    def _trust(self) -> tuple[FloatArray, FloatArray]:
        """Right answers, and wrong ones of each other class, that are believed of everybody: (annotators,) each."""
        trust = np.zeros((self.votes.annotators, 2)) if self.votes.trust is None else self.votes.trust
        return trust[:, 0], trust[:, 1] / (self.votes.classes - 1)

    def expect(self, rate: FloatArray, prior: FloatArray) -> tuple[FloatArray, FloatArray]:
        """E-step from logarithms of rates and shares: the probability of each cell; log of its sum for each task."""
        scores = self.said @ rate + prior[self.label]
        highest = np.maximum.reduceat(scores, self.start)
        found = np.exp(scores - highest[self.task])
        totals = np.add.reduceat(found, self.start)
        return found / totals[self.task], highest + np.log(totals)


def sparing(votes: Votes) -> GivenClasses | None:
    """The cells of ``votes`` where listing them is worth it; null where whole tables are as good."""
    if votes.classes < MANY or not len(votes.task):
        return None
    length = np.bincount(votes.task, minlength=votes.tasks)
    known = np.isin(np.arange(votes.tasks), list(votes.fixed))
    listed = np.where(known, length, np.where(length >= 2, length**2, length * votes.classes))
    if SPARING * listed.sum() > votes.annotators * votes.classes**2:
        return None
    return GivenClasses.of(votes)


def _teaches(votes: Votes) -> BoolArray:
    """The classes that each task teaches about: (tasks, classes)."""
    found = np.bincount(votes.task, minlength=votes.tasks)[:, None] < 2
    teaches: BoolArray = found | (votes.tally() > 0)
    teaches[list(votes.fixed)] = False
    teaches[list(votes.fixed.keys()), list(votes.fixed.values())] = True
    return teaches
