"""The vocabulary of quality: answers as integer codes, estimates, consensus, priority."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from label_config.answers import Answer, chosen

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class CodedAnswers:
    """The answers to one control as parallel integer arrays of one length n.

    ``task``, ``annotator``, ``answer`` hold positions in ``tasks``, ``annotators``, ``answers``.
    ``tasks`` and ``annotators`` are ids, in ascending order. ``answers`` are the distinct answers (of regions,
    relations and conversations: all answers, one a row, because hardly two are alike). ``labels`` is the interface's
    label order. ``fixed`` maps a task position to an answer position: human rulings and ground truth, which override.
    At most one row a (task, annotator): the caller keeps the latest and counts the rest.
    """

    task: IntArray
    annotator: IntArray
    answer: IntArray
    tasks: tuple[int, ...]
    annotators: tuple[int, ...]
    answers: tuple[Answer, ...]
    labels: tuple[str, ...]
    multiple: bool = False
    fixed: Mapping[int, int] = field(default_factory=dict)

    def label_sets(self) -> tuple[tuple[str, ...], ...]:
        """The answers as tuples of labels; raises TypeError for answers that are not choices."""
        return tuple(chosen(answer) for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, or the reason why there is none.

    ``value``, ``low``, ``high`` are null together with a ``reason``; an interval alone may be null (too few tasks
    to resample), then ``reason`` says so. Beside a value and its interval ``reason`` says from what share of the
    answers they were computed, where that is not all of them. ``n`` is the number of observations behind it (tasks
    unless said).
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How two annotators agree on the tasks that both answered."""

    annotators: tuple[int, int]
    tasks: int
    percent_agreement: Estimate
    cohen_kappa: Estimate


@dataclass(frozen=True, slots=True)
class TaskConsensus:
    """What the answer to one task probably is.

    ``confidence`` in [0, 1] is the probability that ``answer`` is right (of several labels: that its least certain one
    is; of regions: the mean over those that were kept of the probability that they are there, as they are labelled).
    ``posterior`` maps each label to its probability, all of them together 1 (for several labels: of being chosen, each
    in [0, 1]); an answer that chose nothing has the label "". It is null where answers are not labels.
    With ``tie`` true the posterior is shared, and the answer is the first of the tied ones in the interface's order
    (for several labels: is without those that are as probable as not). ``interval`` holds a number's lower and upper
    bound at 95 %, null for other answers. ``support`` has for each region of the answer the probability that it is
    there, in their order.
    """

    task: int
    answer: Answer
    confidence: float
    posterior: Mapping[str, float] | None
    annotations: int
    tie: bool = False
    interval: tuple[float, float] | None = None
    support: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class AnnotatorQuality:
    """How reliable one annotator is on one control: the estimated probability in [0, 1] of a right answer.

    ``low`` and ``high`` bound it at 95 %. For answers that are right by degrees it is the expected 1 - distance to the
    right one. ``confusion`` maps the probable true label to the probabilities of what this annotator answers. Labels
    that were probably true of less than half a task of theirs are left out, and answers rarer than one in a thousand,
    so that it grows with the answers and not with annotators x labels squared. It is empty where answers are not
    labels.
    """

    annotator: int
    quality: float
    annotations: int
    confusion: Mapping[str, Mapping[str, float]]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ControlConsensus:
    """The consensus on one control by one method, and why that method."""

    control: str
    method: str
    reason: str
    tasks: tuple[TaskConsensus, ...]
    annotators: tuple[AnnotatorQuality, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model that was not trained on a task thinks of it.

    ``probabilities`` maps labels to probabilities that sum to 1 (for several labels: of being chosen, each in [0, 1]);
    empty where the model gives none. ``confidence`` in [0, 1] is the calibrated probability that ``answer`` is right,
    null where the model gives none. ``version`` is the model's.
    """

    answer: Answer
    probabilities: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed of an annotator beforehand: right with ``accuracy`` in (0, 1), as after ``answers`` answers."""

    accuracy: float
    answers: float


@dataclass(frozen=True, slots=True)
class Refused:
    """A correction that did not stand up: the answer that would have been proposed, and why not, in a sentence."""

    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one task and control that a person may have to look at.

    ``kind`` is a key of ``findings.KINDS``. ``severity`` in [0, 1], higher = needs a human more.
    ``reason`` is one sentence for people; ``numbers`` are what it was computed from. ``annotator`` is whose answer it
    is about, null where it is about the task as a whole. ``related`` are other tasks that it is about, such as
    near-identical ones. ``region`` is the place of the region in the answer that it is about. ``correction`` is the
    answer that is proposed, null where none is; ``refused`` one that is not, because something speaks against it. Where
    it is about an answer that the consensus has outvoted, ``doubt`` in [0, 1] is the probability that the consensus is
    wrong; null elsewhere, where ``severity`` speaks of that.
    """

    task: int
    control: str
    kind: str
    severity: float
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    annotator: int | None = None
    related: tuple[int, ...] = ()
    region: int | None = None
    correction: Answer | None = None
    refused: Refused | None = None
    doubt: float | None = None


@dataclass(frozen=True, slots=True)
class Priority:
    """One entry of the queue: a task and control with its place, its reasons and how the number came about.

    ``priority`` in [0, 1], higher = needs a human more. ``band`` is 1, 2 or 3 (1 = most urgent).
    ``action`` is a key of ``priority.ACTIONS``. ``parts`` maps a finding kind to its share in ``priority``.
    """

    task: int
    control: str
    priority: float
    band: int
    action: str
    findings: tuple[Finding, ...]
    parts: Mapping[str, float]
