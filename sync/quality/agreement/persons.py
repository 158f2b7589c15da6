"""The answers by who gave them: for what depends on the annotator, not only on how often each answer was given."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..records import CodedAnswers, FloatArray, IntArray
from .profiles import Matrix, group
from .resampling import Groups


@dataclass(frozen=True, slots=True, eq=False)
class Persons:
    """Groups of tasks that the same people answered alike.

    ``given`` has shape (groups, columns): 1 where somebody gave some answer, that is ``annotator`` and ``answer`` of
    the column. ``people`` and ``kinds`` say how many annotators and answers there are.
    """

    groups: Groups
    given: Matrix
    annotator: IntArray
    answer: IntArray
    people: int
    kinds: int

    def counts(self) -> sparse.csr_array:
        """How often each answer was given in a task of each group: (groups, answers)."""
        columns = len(self.answer)
        to_answer = sparse.csr_array((np.ones(columns), (np.arange(columns), self.answer)), shape=(columns, self.kinds))
        return sparse.csr_array(sparse.csr_array(self.given) @ to_answer)

    def totals(self, weights: FloatArray) -> FloatArray:
        """How often each annotator gave each answer: (resamples, annotators, answers)."""
        found = np.zeros((len(weights), self.people * self.kinds))
        found[:, self.annotator * self.kinds + self.answer] = weights @ self.given
        return found.reshape(len(weights), self.people, self.kinds)


def persons(coded: CodedAnswers) -> Persons:
    """Group the tasks by who said what."""
    kinds = max(1, len(coded.answers))
    used, column = np.unique(coded.annotator * kinds + coded.answer, return_inverse=True)
    groups, given = group(coded.task, column, max(1, len(used)), len(coded.tasks))
    return Persons(groups, given, used // kinds, used % kinds, len(coded.annotators), kinds)
