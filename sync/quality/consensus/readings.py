"""Numbers as they are read off a scale: what the models of measuring people take and give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer, Moment, Number
from label_config.model import Control, Family

from ..evidence import ControlEvidence
from ..records import BoolArray, FloatArray, IntArray
from .reliability import believed_answers

BULK = (2.5, 97.5)
"""Between these percentiles of the answers lies the scale of a control without bounds."""
FAR = 10.0
"""Answers so many times as far outside of the middle half as that is long are no part of the bulk."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """The scale of a control: values are read as (value - ``middle``) / ``length``; ``length`` is above 0."""

    middle: float
    length: float

    def read(self, values: FloatArray) -> FloatArray:
        """Values in lengths of the scale from its middle."""
        found: FloatArray = (values - self.middle) / self.length
        return found

    def write(self, readings: FloatArray) -> FloatArray:
        """The values that are read so."""
        found: FloatArray = readings * self.length + self.middle
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Readings of annotators: three parallel arrays (answers,), in lengths of the scale.

    ``known`` (tasks,) holds the known value of a task, NaN where none is. ``believed_error`` and ``believed`` say of
    each annotator what mean absolute error is believed beforehand, and as after how many answers.
    """

    task: IntArray
    annotator: IntArray
    value: FloatArray
    tasks: int
    annotators: int
    known: FloatArray
    believed_error: FloatArray
    believed: FloatArray

    def sizes(self) -> IntArray:
        """How many answers each task has: (tasks,)."""
        return np.bincount(self.task, minlength=self.tasks)

    def telling(self) -> BoolArray:
        """True for the answers that can be compared: with another to the task or with its known value: (answers,)."""
        compared = (self.sizes() >= 2) | ~np.isnan(self.known)
        found: BoolArray = compared[self.task]
        return found

    def freedom(self) -> float:
        """How many independent differences the errors are estimated from: answers less unknown tasks, and beliefs."""
        telling = self.telling()
        unknown = np.unique(self.task[telling & np.isnan(self.known)[self.task]])
        return float(telling.sum() - len(unknown) + self.believed.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """Where the true values probably are, and how far people are from them, in lengths of the scale.

    ``place`` and ``deviation`` (its standard error) have shape (tasks,), ``error`` (the expected absolute error of an
    answer) has shape (annotators,).
    """

    place: FloatArray
    deviation: FloatArray
    error: FloatArray


def values_of(answers: Sequence[Answer]) -> FloatArray:
    """Numbers by their value, moments by their seconds; raises TypeError for other answers."""
    return np.array([_value(answer) for answer in answers], dtype=np.float64)


def _value(answer: Answer) -> float:
    if isinstance(answer, Number):
        return answer.value
    if isinstance(answer, Moment):
        return answer.seconds
    raise TypeError(f"{type(answer).__name__} is no number")


def ruler(control: Control, values: FloatArray) -> Ruler:
    """The scale from the control's lowest to its highest value where it has both, else of the bulk of the answers.

    Answers far outside are no reason to call all others alike: the bulk ends at the ``BULK`` percentiles of those that
    are not ``FAR`` outside. Where it has no length the scale has that of all answers; where those are all alike, any:
    it is 1.

    >>> control = Control("c", "Rating", ("t",), family=Family.RATING, high=5.0)
    >>> ruler(control, np.array([2.0])), ruler(Control("c", "Number", ("t",)), np.array([7.0, 7.0]))
    (Ruler(middle=3.0, length=4.0), Ruler(middle=7.0, length=1.0))
    """
    low = 1.0 if control.low is None and control.family == Family.RATING else control.low
    if low is not None and control.high is not None and control.high > low:
        return Ruler((low + control.high) / 2, control.high - low)
    if not len(values):
        return Ruler(0.0, 1.0)
    first, last = np.percentile(_without_far(values), BULK)
    least, most = float(values.min()), float(values.max())
    length = float(last - first) or most - least
    return Ruler(float(np.median(values)), max(length, (most - least) * 1e-12) or 1.0)


def _without_far(values: FloatArray) -> FloatArray:
    """The values that are not far outside; all where the middle half of them is one value."""
    first, last = np.percentile(values, (25, 75))
    slack = FAR * (last - first)
    return values[(values >= first - slack) & (values <= last + slack)] if slack > 0 else values


def readings_of(evidence: ControlEvidence) -> tuple[Readings, Ruler]:
    """The answers to one control as readings, and the scale that they are read on."""
    coded = evidence.coded
    values = values_of(coded.answers)
    scale = ruler(evidence.control, values[coded.answer])
    read = scale.read(values)
    known = np.full(len(coded.tasks), np.nan)
    known[list(coded.fixed.keys())] = read[list(coded.fixed.values())]
    right, believed = believed_answers(coded, evidence.trust)
    error = np.divide(believed - right, believed, out=np.zeros_like(right), where=believed > 0)
    sizes = len(coded.tasks), len(coded.annotators)
    return Readings(coded.task, coded.annotator, read[coded.answer], *sizes, known, error, believed), scale
