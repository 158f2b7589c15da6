"""Weighted medians: what half of the weight lies below, and half above."""

import numpy as np

from ..records import FloatArray, IntArray

LEAST = 1e-9
"""Weights closer to a half than this share of them are a half."""


def weighted_medians(task: IntArray, value: FloatArray, weight: FloatArray, tasks: int) -> FloatArray:
    """The value of each task below and above which at most half of the weight lies; the middle of two such: (tasks,).

    0 for a task without values.

    >>> task, value = np.array([0, 0, 0, 1, 1]), np.array([5.0, 1.0, 2.0, 4.0, 8.0])
    >>> weighted_medians(task, value, np.array([3.0, 1.0, 1.0, 1.0, 1.0]), 2).tolist()
    [5.0, 6.0]
    """
    order = np.lexsort((value, task))
    task, value, weight = task[order], value[order], weight[order]
    total = np.bincount(task, weight, tasks)
    size = np.bincount(task, minlength=tasks)
    below = np.cumsum(weight) - (np.cumsum(total) - total)[task]
    half = total[task] / 2
    found = np.zeros(tasks)
    there = size > 0
    for slack in (-LEAST, LEAST):
        short = np.bincount(task, below < half + slack * total[task], tasks)
        place = np.cumsum(size) - size + np.minimum(short, size - 1).astype(np.int64)
        found[there] += value[place[there]] / 2
    return found
