"""A reliability-weighted mean that gross errors do not move: an answer may be anything instead of near the truth."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from ..records import FloatArray
from .gaussian import ERROR, ITERATIONS, STRENGTH, TOLERANCE, People, expect, maximise, shared, start
from .readings import Located, Readings
from .weighted_median import weighted_medians

GROSS = 0.01
"""The share of gross errors before anything is known; counts as one answer."""
LEAST = 1e-60
"""No answer counts for less, so that one lies somewhere where all are gross errors."""
FEW = 0.15
"""Up to this part of all, answers far from the others are gross errors: more of them are another way of answering."""
_BULK = 75.0
"""So many percent of the answers are no gross errors to begin with."""


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Where the true values are, and how probably each answer is near its own: ``sound``, (answers,).

    ``error`` (annotators,) is the expected absolute error of an answer that is no gross error. ``few`` is whether the
    others are few enough to be called errors.
    """

    located: Located
    sound: FloatArray
    error: FloatArray
    few: bool


def robust_mean(readings: Readings) -> Located:
    """The mean of the answers that are near each other: see ``cleaned``."""
    return cleaned(readings).located


def cleaned(readings: Readings, tolerance: float = TOLERANCE) -> Cleaned:
    """An answer is as in ``gaussian``, or, at a rate of its annotator's own, anything on a scale of length 1.

    EM over true values and over which answers are gross errors (the contaminated normal distribution, J. Tukey 1960),
    from the median of each task and the bulk of the distances to it. An answer counts by the probability that it is
    none. The true value of a task whose answers all look like gross errors is uncertain by as much as they differ. An
    annotator's error is that of the sound answers, and of the others the length of the scale. Stops when no true value
    moves by more than ``tolerance``.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(40))
    >>> said = tasks / 40 + 0.02 * np.sin(np.arange(120.0)).reshape(40, 3)
    >>> said[7, 1] = 90.0
    >>> none = np.full(40, np.nan), np.zeros(3), np.zeros(3)
    >>> found = cleaned(Readings(tasks.ravel(), people.ravel(), said.ravel(), 40, 3, *none))
    >>> bool(np.abs(found.located.place - np.arange(40) / 40).max() < 0.03), np.flatnonzero(found.sound < 0.5).tolist()
    (True, [22])
    """
    telling = readings.telling().astype(np.float64)
    place, reach = _medians(readings), _reach(readings)
    people = start(readings, _bulk(readings, telling, place))
    gross: FloatArray = np.full(readings.annotators, GROSS)
    for _ in range(ITERATIONS):
        sound = _sound(readings, people, gross, place)
        moved, spread = expect(readings, people, sound)
        gross = _shares(readings, telling * (1 - sound), telling)
        people = maximise(
            readings, telling * sound, moved, np.minimum(spread, _most(readings, people, reach) ** 2), people
        )
        change = float(np.abs(moved - place).max(initial=0.0))
        place = moved
        if change < tolerance:
            break
    place, spread = expect(readings, people, sound)
    deviation = np.minimum(np.sqrt(spread + shared(readings, people, sound)), _most(readings, people, reach))
    few = float(telling @ (sound < 0.5)) <= max(1.0, FEW * telling.sum())
    return Cleaned(Located(place, deviation, (1 - gross) * people.error + gross), sound, people.error, few)


def _medians(readings: Readings) -> FloatArray:
    """The median of each task's answers, the known value where it is known: (tasks,)."""
    found = weighted_medians(readings.task, readings.value, np.ones(len(readings.task)), readings.tasks)
    return np.where(np.isnan(readings.known), found, readings.known)


def _bulk(readings: Readings, telling: FloatArray, place: FloatArray) -> float:
    """The variance of the answers that are no gross errors, from how far the bulk of them is from the medians."""
    far = np.abs(readings.value - place[readings.task])[telling > 0]
    if not len(far):
        return ERROR**2
    normal = float(special.ndtri((1 + _BULK / 100) / 2))
    return float(max(np.percentile(far, _BULK) / normal, ERROR / np.sqrt(len(far) + 1)) ** 2)


def _sound(readings: Readings, people: People, gross: FloatArray, place: FloatArray) -> FloatArray:
    """E-step: how probably each answer is no gross error, (answers,)."""
    variance, rate = people.variance[readings.annotator], gross[readings.annotator]
    away = readings.value - place[readings.task] - people.bias[readings.annotator]
    near = np.log1p(-rate) - 0.5 * np.log(2 * np.pi * variance) - 0.5 * away**2 / variance
    found: FloatArray = np.maximum(special.expit(near - np.log(rate)), LEAST)
    return found


def _shares(readings: Readings, bad: FloatArray, telling: FloatArray) -> FloatArray:
    """The share of gross errors among everybody's answers, drawn towards the common one: (annotators,)."""
    counts, answers = (np.bincount(readings.annotator, one, readings.annotators) for one in (bad, telling))
    common = (counts.sum() + GROSS) / (answers.sum() + 1.0)
    found: FloatArray = (counts + STRENGTH * common) / (answers + STRENGTH)
    return found


def _reach(readings: Readings) -> FloatArray:
    """Half of how far the answers to a task are apart: (tasks,)."""
    least, most = np.full(readings.tasks, np.inf), np.full(readings.tasks, -np.inf)
    np.minimum.at(least, readings.task, readings.value)
    np.maximum.at(most, readings.task, readings.value)
    return np.where(most >= least, (most - least) / 2, 0.0)


def _most(readings: Readings, people: People, reach: FloatArray) -> FloatArray:
    """The most that each true value's standard error may be, (tasks,): as much as its answers differ.

    But no less than that of its least exact answer alone.
    """
    alone = np.sqrt(people.variance + people.bias_error) + np.sqrt(people.offset)
    found = reach.copy()
    np.maximum.at(found, readings.task, alone[readings.annotator])
    return found
