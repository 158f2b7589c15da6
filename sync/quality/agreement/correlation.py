"""Intraclass correlations: what share of the variance of numbers lies between tasks.

McGraw and Wong (1996), "Forming inferences about some intraclass correlation coefficients", from mean squares. ICC(1)
takes annotators as drawn anew for each task, and tasks may have different numbers of answers; tasks with one are left
out. ICC(A) and ICC(C), absolute agreement and consistency, take each annotator for themselves, so they are of the
tasks that all annotators answered. The ones that end in k are of the mean of a task's answers.
"""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from ..records import FloatArray
from .case import Case
from .resampling import Groups, Quantity
from .table import divided
from .undefined import INCOMPLETE, NO_NUMBERS, NO_PAIRS, NO_SPREAD, NO_WITHIN, Undefined


def icc_1(case: Case) -> Quantity:
    """ICC(1): (B - W) / (B + (k - 1) W), with k the mean number of answers a task, less for uneven ones."""
    return _one_way(case, lambda b, w, k: divided(b - w, b + (k - 1) * w))


def icc_1k(case: Case) -> Quantity:
    """ICC(k) of one way: (B - W) / B."""
    return _one_way(case, lambda b, w, _: divided(b - w, b))


def icc_c1(case: Case) -> Quantity:
    """ICC(C,1): (R - E) / (R + (k - 1) E)."""
    return _two_way(case, lambda r, _c, e, k, _n: divided(r - e, r + (k - 1) * e))


def icc_ck(case: Case) -> Quantity:
    """ICC(C,k): (R - E) / R, which is Cronbach's alpha."""
    return _two_way(case, lambda r, _c, e, _k, _n: divided(r - e, r))


def icc_a1(case: Case) -> Quantity:
    """ICC(A,1): (R - E) / (R + (k - 1) E + k (C - E) / n)."""
    return _two_way(case, lambda r, c, e, k, n: divided(r - e, r + (k - 1) * e + k * (c - e) / n))


def icc_ak(case: Case) -> Quantity:
    """ICC(A,k): (R - E) / (R + (C - E) / n)."""
    return _two_way(case, lambda r, c, e, _k, n: divided(r - e, r + (c - e) / n))


def _values(case: Case) -> FloatArray:
    """The value of each answer, about 0 and at most 1 from it, so that squares keep their digits."""
    values = case.values()
    if values is None or case.control.labels:
        raise Undefined(NO_NUMBERS)
    if not np.any(case.size >= 2):
        raise Undefined(NO_PAIRS)
    low, high = values.min() / 2, values.max() / 2
    found: FloatArray = (values / 2 - (low + high) / 2) / (high - low if high > low else 1.0)
    return found


def _one_way(case: Case, icc: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]) -> Quantity:
    """``icc`` of the mean squares between and within tasks and the size of a task, each (resamples,)."""
    value, people = _values(case), case.persons
    counts, paired = people.counts()[: people.groups.paired_groups], people.groups.paired_groups
    size, total, squares = (np.asarray(counts @ value**power).ravel() for power in (0, 1, 2))
    means = total / size
    inner = np.maximum(squares - size * means**2, 0.0)

    def found(weights: FloatArray) -> FloatArray:
        here = weights[:, :paired]
        n, tasks = here @ size, people.groups.paired
        grand = here @ total / n
        between = np.maximum(here @ (size * means**2) - n * grand**2, 0.0)
        if tasks < 2:
            return np.full(len(weights), np.nan)
        k = (n - here @ size**2 / n) / (tasks - 1)
        return icc(between / (tasks - 1), here @ inner / (n - tasks), k)

    undefined = NO_WITHIN if people.groups.paired < 2 else NO_SPREAD
    return Quantity(people.groups, found, people.groups.paired, undefined)


TwoWay = Callable[[FloatArray, FloatArray, FloatArray, int, int], FloatArray]
"""Mean squares of tasks, annotators and error, each (resamples,); annotators; tasks -> the ICC."""


def _two_way(case: Case, icc: TwoWay) -> Quantity:
    value, people = _values(case), case.persons
    k = people.people
    whole = np.flatnonzero(np.asarray(people.given.sum(axis=1)).ravel() == k)
    n = int(people.groups.times[whole].sum())
    if k < 2 or n < 2:
        raise Undefined(INCOMPLETE)
    given = sparse.csr_array(people.given)[whole]
    row, column = given.nonzero()
    scores = np.zeros((len(whole), k))
    scores[row, people.annotator[column]] = value[people.answer[column]]
    groups = _complete(people.groups, whole)

    def found(weights: FloatArray) -> FloatArray:
        by_person = weights @ scores / n
        grand = by_person.mean(axis=1)
        rows = k * (weights @ scores.mean(axis=1) ** 2 - n * grand**2)
        columns = n * ((by_person - grand[:, None]) ** 2).sum(axis=1)
        error = weights @ (scores**2).sum(axis=1) - n * k * grand**2 - rows - columns
        mean_error = np.maximum(error, 0.0) / ((n - 1) * (k - 1))
        return icc(np.maximum(rows, 0.0) / (n - 1), columns / (k - 1), mean_error, k, n)

    return Quantity(groups, found, n, NO_SPREAD)


def _complete(groups: Groups, whole: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Groups:
    """The groups at those places alone, all of tasks with two answers or more."""
    new = np.full(len(groups.times), -1)
    new[whole] = np.arange(len(whole))
    keep = new[groups.place] >= 0
    place = new[groups.place[keep]]
    return Groups(groups.tasks[keep], place, groups.times[whole], len(place), len(whole))
