"""A reliability-weighted median: what half of the weight lies below, and half above."""

import numpy as np

from ..records import FloatArray, IntArray
from .gaussian import gaussian
from .readings import Located, Readings

LEAST = 1e-9
"""Weights closer to a half than this share of them are a half."""


def median(readings: Readings) -> Located:
    """The median of the answers, each weighted by 1 / its annotator's mean absolute error; of two such the middle.

    It is the most likely true value where errors have a Laplace distribution of that size. The errors are those of
    the ``gaussian`` model, bias included; measured from the median itself they would shrink for whoever the median is.
    Answers are taken as they are, so that the median is one of them or halfway. Its standard error is that of a
    weighted mean of normal errors, the variance times n pi/2 / (n + pi/2 - 1): 1 for one answer, pi/2 for many.
    """
    found = gaussian(readings)
    weight = 1.0 / found.error[readings.annotator]
    place = weighted_medians(readings.task, readings.value, weight, readings.tasks)
    sizes = np.maximum(readings.sizes(), 1)
    information = np.bincount(readings.task, 2 / np.pi * weight**2, readings.tasks)
    larger = sizes * (np.pi / 2) / (sizes + np.pi / 2 - 1)
    variance = np.divide(larger, information, out=np.zeros(readings.tasks), where=information > 0)
    known = ~np.isnan(readings.known)
    return Located(np.where(known, readings.known, place), np.where(known, 0.0, np.sqrt(variance)), found.error)


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
