"""Cohen's kappa of all pairs of annotators at once, from arrays, without an object for each pair."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..records import BoolArray, FloatArray, IntArray
from .codes import checked
from .table import ZERO

CELLS = 64_000_000
"""Pairs of (annotator, answer) that are counted at once, at most: 512 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class KappaMatrix:
    """Two and two annotators, all arrays (annotators, annotators) and symmetric.

    ``tasks`` both answered; ``percent_agreement`` in [0, 1] is 0 where there are none. ``kappa`` in [-1, 1] is 0 where
    it is not ``defined``: no common task, or both gave one and the same answer throughout. The diagonal is not defined.
    """

    tasks: IntArray
    percent_agreement: FloatArray
    kappa: FloatArray
    defined: BoolArray


def kappa_matrix(task: ArrayLike, annotator: ArrayLike, code: ArrayLike) -> KappaMatrix:
    """Cohen's kappa (1960) of each two annotators on the tasks that both answered.

    Row i says that an annotator gave a task an answer, all three whole numbers from 0 on, shape (annotations,), at
    most one row a task and annotator. Raises ValueError for other arrays, and for more than 8,000 combinations of an
    annotator and an answer: see ``pair_agreements``.

    >>> found = kappa_matrix([0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4, [0, 0, 1, 1, 0, 1, 1, 0])  # Cohen: 2 of 4 agree
    >>> found.tasks[0, 1], found.percent_agreement[0, 1], found.kappa[0, 1]
    (np.int64(4), np.float64(0.5), np.float64(0.0))
    """
    tasks, people, codes = checked(task, annotator, code)
    count, kinds = int(people.max(initial=-1)) + 1, int(codes.max(initial=-1)) + 1
    if (count * kinds) ** 2 > CELLS:
        raise ValueError(f"{count} annotators with {kinds} answers are too many for one matrix")
    together = _together(tasks, people * kinds + codes, count * kinds).reshape(count, kinds, count, kinds)
    given = together.sum(axis=3)  # [a, k, b]: how often a said k where b answered too
    common = given.sum(axis=1)
    agreed = np.einsum("akbk->ab", together)
    chance = np.einsum("akb,bka->ab", given.astype(np.float64), given.astype(np.float64))
    many = np.maximum(common, 1)
    percent, expected = agreed / many, chance / many**2
    defined = (common > 0) & (1.0 - expected > ZERO)
    kappa = np.where(defined, percent - expected, 0.0) / np.where(defined, 1.0 - expected, 1.0)
    return KappaMatrix(common, percent, kappa, defined)


def _together(task: IntArray, said: IntArray, kinds: int) -> IntArray:
    """How often two things were said of one task by two people: (kinds, kinds), symmetric."""
    rows = len(task)
    tasks = int(task.max(initial=-1)) + 1
    by_task = sparse.coo_array((said + 1, (task, np.arange(rows))), shape=(tasks, max(1, rows))).tocsr()
    ordered, start = by_task.data - 1, by_task.indptr
    left = np.repeat(start[1:], np.diff(start)) - np.arange(rows)  # answers from here to the task's last one
    found = np.zeros(kinds * kinds, dtype=np.int64)
    for step in range(1, int(np.diff(start).max(initial=0))):
        here = np.flatnonzero(left > step)
        found += np.bincount(ordered[here] * kinds + ordered[here + step], minlength=kinds * kinds)
    table = found.reshape(kinds, kinds)
    return table + table.T
