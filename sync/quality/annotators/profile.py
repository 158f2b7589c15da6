"""What is known of one annotator on one control. Everything stands with its number of observations."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..records import Estimate


@dataclass(frozen=True, slots=True)
class Bias:
    """How what an annotator answers differs on average from what the others answer to the same tasks.

    ``measure`` says what is averaged: "share" (of the answers that have ``label``), "regions" or "links" (their number
    an answer; with a ``label`` of that label alone), "value" (a number's; of a time its seconds), "length" (characters
    of a text), "items" (of a ranking), "paths" (of a taxonomy), "parts" (of regions that were answered about).
    ``given`` is the annotator's mean, ``expected`` what the others and the known truths lead to expect on the same
    tasks. ``difference`` is given - expected with its 95 % interval and number of tasks. ``p`` is the probability of
    such a difference or a larger one without any bias, corrected for all labels and annotators (Holm).
    """

    measure: str
    label: str
    given: float
    expected: float
    difference: Estimate
    p: float


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast an annotator is, by lead times that are known and above 0 (seconds; of open tabs they can be huge).

    ``median`` and ``quartiles`` are of the lead times. ``ratio`` is the median of lead time / usual lead time of the
    others on the same tasks: 0.5 is twice as fast. ``too_fast`` is the share of answers that came faster than the
    task can be read (see ``reading``).
    """

    median: Estimate
    quartiles: tuple[float, float] | None
    ratio: Estimate
    too_fast: Estimate


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """From when on an annotator answers differently than before.

    ``series`` is "agreement" (with the others), "lead_time" or "answers": then ``measure`` is "given" (of ``label``
    where the others say another), "left" (of ``label`` where they say it and another was given) or one of ``Bias``.
    ``at`` is the time of the first answer after the change, in microseconds since 1970. ``before`` and ``after`` are
    the means of the ``n_before`` and ``n_after`` answers between this change and those next to it: shares in [0, 1],
    of lead times the median seconds, of the measures of ``Bias`` given - expected. ``p`` is the probability of so
    large a change anywhere in a series without one, corrected for all annotators and series (Holm).
    """

    series: str
    at: int
    before: float
    after: float
    n_before: int
    n_after: int
    p: float
    measure: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class SpamSignal:
    """A reason to look at how an annotator works; it proves nothing, and nobody is blocked by it.

    ``kind`` is a key of ``SIGNALS``. ``value`` was seen where ``expected`` would be usual, on ``n`` answers.
    ``p`` is the probability of that or worse in usual work, corrected for all annotators (or pairs) (Holm). ``other``
    is who gave the same answers, null unless it is about copying.
    """

    kind: str
    value: float
    expected: float
    n: int
    p: float
    other: int | None = None


SIGNALS: Mapping[str, str] = {
    "constant": "the same answer again and again, where the others vary: value is the length of the run",
    "too_fast": "answers faster than reading allows: value is their share",
    "copying": "the same unlikely answers as another annotator: value is the share of them that are the same",
    "random": "little more agreement with the others than by chance: value is the agreement",
}
"""Kind of signal -> what it means."""


@dataclass(frozen=True, slots=True)
class AnnotatorProfile:
    """One annotator on one control.

    ``reliability`` in [0, 1] is the probability of a right answer (of answers that are right by degrees: the expected
    1 - distance to the right one), drawn towards that of all annotators where there is little data. ``gold`` is the
    plain mean on tasks whose truth is known, ``agreement`` with the consensus of the others on all tasks that others
    answered, ``self_agreement`` on tasks answered more than once: means of 1 - distance, 0 or 1 for single choices.
    ``confusion`` maps the label that the others or a known truth make probable to how many answers with each label
    were given to it: expected numbers; empty where answers are not single labels.
    """

    annotator: int
    annotations: int
    reliability: Estimate
    gold: Estimate
    agreement: Estimate
    self_agreement: Estimate
    confusion: Mapping[str, Mapping[str, float]]
    bias: tuple[Bias, ...]
    speed: Speed
    changes: tuple[ChangePoint, ...]
    spam: tuple[SpamSignal, ...]
