"""Votes by what was said about which task: a cell is a class that somebody gave to a task."""

from dataclasses import dataclass

import numpy as np

from ..records import BoolArray, FloatArray, IntArray
from .patterns import Patterns, patterns
from .posterior import Votes

PARTS = 2.0**30
"""Probabilities are rounded to such parts while iterating: EM would blow rounding errors up until they break ties.

Sums of them are exact, in whatever order.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The votes of every pattern (``patterns``), in the order of pattern, class and annotator.

    ``cell`` and ``annotator`` of each row; ``pattern`` and ``label`` of each cell, and whether it is the ``known``
    class of its pattern (1), another (0), or none is known (-1). ``answered`` are the patterns that have cells,
    ``start`` is their first one, ``others`` how many classes have none. A class without a cell has the score 0.
    """

    found: Patterns
    cell: IntArray
    annotator: IntArray
    pattern: IntArray
    label: IntArray
    known: IntArray
    answered: IntArray
    start: IntArray
    others: IntArray

    @property
    def votes(self) -> Votes:
        """The votes on patterns."""
        return self.found.votes

    @property
    def weight(self) -> FloatArray:
        """How many tasks each row stands for."""
        return self.found.weight[self.pattern[self.cell]]

    def expect(self, scores: FloatArray) -> tuple[FloatArray, float]:
        """E-step: the rounded probability of each cell, and the log of the sum over classes for all tasks together.

        ``scores`` (cells,) are logarithms of the weight of each cell's class against a class that nobody gave.
        """
        highest, totals, probability = self._normalised(scores)
        evidence = highest + np.log(totals)
        fixed = self.known >= 0
        if fixed.any():
            probability[fixed] = self.known[fixed]
            alone = np.bincount(self.pattern, np.where(self.known == 1, scores, 0.0), self.votes.tasks)
            is_fixed = self._fixed()[self.answered]
            evidence[is_fixed] = alone[self.answered][is_fixed]
        return np.rint(probability * PARTS) / PARTS, float(self.found.weight[self.answered] @ evidence)

    def probability(self, scores: FloatArray) -> FloatArray:
        """The probability of each class of each task, (tasks, classes); equal where nobody answered."""
        highest, totals, probability = self._normalised(scores)
        dense = np.full((self.votes.tasks, self.votes.classes), 1.0 / self.votes.classes)
        dense[self.answered] = (np.exp(-np.maximum(highest, 0.0)) / totals)[:, None]
        dense[self.pattern, self.label] = probability
        return self.votes.with_fixed(dense)[self.found.of_task]

    def _normalised(self, scores: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        highest = np.maximum.reduceat(scores, self.start)
        np.maximum(highest, 0.0, out=highest, where=self.others > 0)
        lengths = np.diff(np.append(self.start, len(scores)))
        probability = np.exp(scores - np.repeat(highest, lengths))
        totals = np.add.reduceat(probability, self.start) + self.others * np.exp(-np.maximum(highest, 0.0))
        probability /= np.repeat(totals, lengths)
        return highest, totals, probability

    def _fixed(self) -> BoolArray:
        fixed = np.zeros(self.votes.tasks, dtype=np.bool_)
        fixed[list(self.votes.fixed)] = True
        return fixed


def cells(votes: Votes) -> Cells:
    """The cells of ``votes``, of which there must be one or more."""
    found = patterns(votes)
    votes = found.votes
    keys = np.sort((votes.task * votes.classes + votes.answer) * votes.annotators + votes.annotator)
    place, annotator = np.divmod(keys, votes.annotators)
    first = np.concatenate([[True], place[1:] != place[:-1]])
    pattern, label = np.divmod(place[first], votes.classes)
    start = np.flatnonzero(np.concatenate([[True], pattern[1:] != pattern[:-1]]))
    of_pattern = np.full(votes.tasks, -1, dtype=np.int64)
    of_pattern[list(votes.fixed.keys())] = list(votes.fixed.values())
    truth = of_pattern[pattern]
    return Cells(
        found=found,
        cell=np.cumsum(first) - 1,
        annotator=annotator,
        pattern=pattern,
        label=label,
        known=np.where(truth < 0, -1, truth == label),
        answered=pattern[start],
        start=start,
        others=votes.classes - np.diff(np.append(start, len(pattern))),
    )
