"""Which tasks got the same answers: tasks are grouped by how often each answer was given to them.

With few answers a task's profile is one whole number, so that grouping a million tasks takes no sorting.
"""

from typing import TypeAlias

import numpy as np
from scipy import sparse

from ..records import FloatArray, IntArray
from .resampling import Groups

Matrix: TypeAlias = FloatArray | sparse.csr_array
"""(groups, columns), dense or sparse, whichever is the faster to multiply by."""

_EXACT = 2**53
"""Whole numbers below this are exact as floats."""


def group(task: IntArray, code: IntArray, kinds: int, tasks: int) -> tuple[Groups, Matrix]:
    """Group tasks by their answers: row i says that ``task[i]`` got ``code[i]``, one of ``kinds``.

    Returns the groups and how often each answer was given in a task of each: (groups, kinds).
    """
    size = np.bincount(task, minlength=tasks)
    paired, single = np.flatnonzero(size >= 2), np.flatnonzero(size == 1)
    many = size[task] >= 2 if len(single) else np.ones(len(task), dtype=np.bool_)
    most = int(size.max(initial=0)) + 1
    if most**kinds < _EXACT:
        place, counts = _by_number(task, code, kinds, most, paired)
    else:
        place, counts = _by_sorting(task[many], code[many], kinds, paired, size)
    given = np.zeros(tasks, dtype=np.int64)
    given[task[~many]] = code[~many]
    codes, alone = np.unique(given[single], return_inverse=True)
    times = np.concatenate([np.bincount(place, minlength=counts.shape[0]), np.bincount(alone, minlength=len(codes))])
    groups = Groups(
        tasks=np.concatenate([paired, single]),
        place=np.concatenate([place, alone + counts.shape[0]]),
        times=times.astype(np.float64),
        paired=len(paired),
        paired_groups=counts.shape[0],
    )
    ones = sparse.csr_array((np.ones(len(codes)), (np.arange(len(codes)), codes)), shape=(len(codes), kinds))
    return groups, lighter(sparse.csr_array(sparse.vstack([sparse.csr_array(counts), ones])))


def lighter(counts: sparse.csr_array) -> Matrix:
    """Dense where a quarter or more is not zero."""
    cells = counts.shape[0] * counts.shape[1]
    dense: Matrix = counts.toarray() if cells <= 4 * counts.nnz else counts
    return dense


def _by_number(task: IntArray, code: IntArray, kinds: int, most: int, paired: IntArray) -> tuple[IntArray, FloatArray]:
    """The group of each paired task and the groups' counts, by the number whose digits in base ``most`` they are."""
    digits = np.array([most**digit for digit in range(kinds)], dtype=np.float64)
    number = np.bincount(task, digits[code], minlength=int(paired.max(initial=-1)) + 1)[paired].astype(np.int64)
    if most**kinds <= 4 * len(paired):
        used = np.flatnonzero(np.bincount(number, minlength=most**kinds))
        where = np.zeros(most**kinds, dtype=np.int64)
        where[used] = np.arange(len(used))
        place = where[number]
    else:
        used, place = np.unique(number, return_inverse=True)
    counts = used[:, None] // digits.astype(np.int64) % most
    return place, counts.astype(np.float64)


def _by_sorting(
    task: IntArray, code: IntArray, kinds: int, paired: IntArray, size: IntArray
) -> tuple[IntArray, sparse.csr_array]:
    """The same for any number of kinds: tasks of one size are parted by their sorted answers, place after place."""
    answer = np.sort(task * kinds + code) % kinds
    size = size[paired]
    start = np.cumsum(size) - size
    profile = np.zeros(len(paired), dtype=np.int64)
    rows, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    known = 0
    for length in np.unique(size):
        here = np.flatnonzero(size == length)
        given = answer[start[here][:, None] + np.arange(length)]
        alike = np.zeros(len(here), dtype=np.int64)
        for column in given.T:
            _, first, alike = np.unique(alike * kinds + column, return_index=True, return_inverse=True)
        profile[here] = known + alike
        rows.append(np.repeat(known + np.arange(len(first)), length))
        columns.append(given[first].ravel())
        known += len(first)
    places = np.concatenate(rows), np.concatenate(columns)
    return profile, sparse.csr_array((np.ones(len(places[0])), places), shape=(known, kinds))
