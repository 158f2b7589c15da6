"""A reliability-weighted mean: every annotator has a bias and a variance, found by EM."""

from dataclasses import dataclass

import numpy as np

from ..records import BoolArray, FloatArray
from .readings import Located, Readings

STRENGTH = 10.0
"""How many answers of the average annotator are added to everybody's."""
ERROR = 0.1
"""The standard deviation of an answer before anything is known, in lengths of the scale; counts as one answer."""
BIAS = 0.05
"""The standard deviation of biases before anything is known; counts as one annotator."""
ITERATIONS = 200
TOLERANCE = 1e-7

NORMAL_MEAN = float(np.sqrt(2 / np.pi))
"""The mean absolute value of a standard normal variable."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """What is known of the annotators: ``bias``, its squared standard error, and the variance around it.

    ``offset`` is the variance of what all of their biases have in common: without known values nothing shows it.
    """

    bias: FloatArray
    bias_error: FloatArray
    variance: FloatArray
    offset: float = 0.0

    @property
    def error(self) -> FloatArray:
        """The expected absolute error of an answer, (annotators,): that of a normal variable of this spread."""
        found: FloatArray = NORMAL_MEAN * np.sqrt(self.variance + self.bias**2)
        return found


def gaussian(readings: Readings) -> Located:
    """An answer is the true value + the annotator's bias + normal noise of the annotator's own variance.

    EM in which true values have a flat prior, so that no answer is drawn towards the middle of the scale. Biases are
    drawn towards 0 as normal variables of one variance, which is estimated with them; variances towards the common
    one by ``STRENGTH`` answers. Known values stay fixed and teach. A task with one answer teaches nothing, and its
    annotator's bias is taken off. Source: V. Raykar et al., "Learning From Crowds", JMLR 11 (2010), section 6, with
    these priors, and biases as in crowd-sourced measurement by several instruments (F. Grubbs 1948).

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(50))
    >>> truth = np.linspace(-0.5, 0.5, 50)
    >>> noise = np.sin(np.arange(150.0)).reshape(50, 3) * [0.001, 0.001, 0.3]
    >>> none = np.full(50, np.nan), np.zeros(3), np.zeros(3)
    >>> said = (truth[:, None] + noise).ravel()
    >>> found = gaussian(Readings(tasks.ravel(), people.ravel(), said, 50, 3, *none))
    >>> bool(np.abs(found.place - truth).max() < 0.02), found.error.round(2).tolist()
    (True, [0.06, 0.06, 0.16])
    """
    telling = readings.telling().astype(np.float64)
    every = np.ones(len(readings.task))
    people = start(readings, ERROR**2)
    place: FloatArray = np.zeros(readings.tasks)
    for _ in range(ITERATIONS):
        moved, spread = expect(readings, people, every)
        people = maximise(readings, telling, moved, spread, people)
        change = float(np.abs(moved - place).max(initial=0.0))
        place = moved
        if change < TOLERANCE:
            break
    place, spread = expect(readings, people, every)
    return Located(place, np.sqrt(spread + shared(readings, people, every)), people.error)


def start(readings: Readings, variance: float) -> People:
    """Everybody without bias and of one variance."""
    zero = np.zeros(readings.annotators)
    return People(zero, zero, np.full(readings.annotators, variance))


def expect(readings: Readings, people: People, counted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """E-step: mean and variance of each true value; known ones have none: (tasks,) each.

    ``counted`` (answers,), above 0, says how much of an answer counts.
    """
    weight = counted / people.variance[readings.annotator]
    total = np.bincount(readings.task, weight, readings.tasks)
    unbiased = readings.value - people.bias[readings.annotator]
    summed = np.bincount(readings.task, weight * unbiased, readings.tasks)
    place = np.divide(summed, total, out=np.zeros(readings.tasks), where=total > 0)
    spread = np.divide(1.0, total, out=np.zeros(readings.tasks), where=total > 0)
    known: BoolArray = ~np.isnan(readings.known)
    place[known], spread[known] = readings.known[known], 0.0
    return place, spread


def maximise(readings: Readings, counted: FloatArray, place: FloatArray, spread: FloatArray, before: People) -> People:
    """M-step: biases, then variances, each drawn towards what is common.

    ``counted`` (answers,) says how much of an answer counts, 0 for one that cannot be compared.
    """
    task, annotator, value, people = readings.task, readings.annotator, readings.value, readings.annotators
    answers = np.bincount(annotator, counted, people)
    away = np.bincount(annotator, counted * (value - place[task]), people)
    common = float(np.sum(before.bias**2 + before.bias_error) + BIAS**2) / (people + 1)
    drawn = answers + before.variance / common
    bias = away / drawn
    left = (value - place[task] - bias[annotator]) ** 2 + spread[task]
    squares = np.bincount(annotator, counted * left, people)
    pooled = (squares.sum() + ERROR**2) / (answers.sum() + 1.0)
    believed = readings.believed * (readings.believed_error / NORMAL_MEAN) ** 2
    variance = (squares + STRENGTH * pooled + believed) / (answers + STRENGTH + readings.believed)
    offset = 0.0 if np.any(~np.isnan(readings.known)) else common / max(people, 1)
    return People(bias, before.variance / drawn, variance, offset)


def shared(readings: Readings, people: People, counted: FloatArray) -> FloatArray:
    """How much of each true value's variance comes from not knowing the biases: (tasks,)."""
    weight = counted / people.variance[readings.annotator]
    total = np.bincount(readings.task, weight, readings.tasks)
    part = np.bincount(readings.task, weight**2 * people.bias_error[readings.annotator], readings.tasks)
    found: FloatArray = np.divide(part, total**2, out=np.zeros(readings.tasks), where=total > 0)
    found += people.offset
    found[~np.isnan(readings.known)] = 0.0
    return found
