"""People differ, or the consensus is not certain.

All three are the same evidence, so they have one severity: the probability that the consensus is wrong (``doubts``).
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set

import numpy as np

from label_config.answers import Answer
from label_config.model import Family
from label_config.words import in_words

from ..consensus import TIE
from ..label_errors.against_model import differences
from ..records import CodedAnswers, Finding, IntArray, TaskConsensus
from .case import Case
from .doubt import doubts

EXACT = frozenset({Family.CHOICES, Family.TAXONOMY})
"""Families whose answers are the same or different."""
LONGEST = 100
"""Characters of an answer that are shown in a reason."""
NEGLIGIBLE = 0.05
"""The probability that an answer is wrong below which nobody is asked to look because it is not certain."""


def low_agreement(case: Case) -> list[Finding]:
    """Two or more people gave different answers.

    Where right answers may differ by degrees (numbers, texts, outlines) they are different if they are further apart
    than is usual on one task, or than ``Thresholds.apart`` in any case (see ``contrary``).
    """
    doubt, differing = doubts(case), contrary(case)
    votes = _votes(case, differing)
    return [
        Finding(
            one.task,
            case.consensus.control,
            "low_agreement",
            doubt[one.task],
            _given(one, votes[one.task]),
            {"agreement": agreed, "doubt": doubt[one.task]},
        )
        for one in open_tasks(case)
        if one.task in differing and (agreed := case.agreement.get(one.task)) is not None
    ]


def contrary(case: Case) -> frozenset[int]:
    """The tasks on which two answers differ by more than is usual (see ``label_errors.against_model.differences``).

    Each answer is compared with that of the next annotator, the last with the first: where all of these are alike, so
    are all others, nearly.
    """
    coded, control = case.evidence.coded, case.evidence.control
    unlike = frozenset(task for task, agreed in case.agreement.items() if agreed < 1)
    if not unlike or (control.family in EXACT and not control.per_region):
        return unlike
    left, right = _neighbours(coded)
    pairs = [
        (coded.answers[one], coded.answers[other])
        for one, other in zip(coded.answer[left].tolist(), coded.answer[right].tolist(), strict=True)
    ]
    far, differs, _ = differences(control, pairs)
    if control.family != Family.REGIONS or control.per_region:
        differs |= far > case.thresholds.apart
    return unlike & {coded.tasks[task] for task in coded.task[left[differs]].tolist()}


def _neighbours(coded: CodedAnswers) -> tuple[IntArray, IntArray]:
    """The rows of each two answers to one task that follow each other, the last one followed by the first."""
    order = np.lexsort((coded.annotator, coded.task))
    task = coded.task[order]
    size = np.bincount(task, minlength=len(coded.tasks))[task]
    first = np.searchsorted(task, task)
    at = np.arange(len(task))
    following = np.where(at + 1 < first + size, at + 1, first)
    told = (size > 2) | ((size == 2) & (following > at))
    return order[told], order[following[told]]


def open_tasks(case: Case) -> Iterator[TaskConsensus]:
    """The tasks that somebody answered and nobody ruled on."""
    ruled = case.ruled()
    return (one for one in case.consensus.tasks if one.annotations and one.task not in ruled)


def _votes(case: Case, tasks: Set[int]) -> dict[int, Counter[str]]:
    """How often each answer was given to each of the tasks."""
    coded = case.evidence.coded
    words = [in_words(answer) for answer in coded.answers]
    wanted = np.array([task in tasks for task in coded.tasks], dtype=np.bool_)[coded.task]
    found: dict[int, Counter[str]] = {}
    for task, answer in zip(coded.task[wanted].tolist(), coded.answer[wanted].tolist(), strict=True):
        found.setdefault(coded.tasks[task], Counter())[words[answer]] += 1
    return found


def _given(one: TaskConsensus, votes: Counter[str]) -> str:
    ordered = sorted(votes.items(), key=lambda pair: (-pair[1], pair[0]))
    given = ", ".join(f"{shortened(answer)} ({n})" for answer, n in ordered)
    return f"{one.annotations} annotators gave {len(votes)} different answers: {given}."


def tie(case: Case) -> list[Finding]:
    """No answer is more probable than another."""
    multiple, doubt = case.evidence.coded.multiple, doubts(case)
    return [
        Finding(
            one.task,
            case.consensus.control,
            "tie",
            doubt[one.task],
            _even_words(one, even(one, multiple=multiple), multiple=multiple),
            {"confidence": one.confidence, "doubt": doubt[one.task]},
        )
        for one in open_tasks(case)
        if one.tie and one.annotations >= 2
    ]


def even(one: TaskConsensus, *, multiple: bool) -> list[str]:
    """The labels between which the consensus could not choose (for multiple choices: as probable as not)."""
    if not one.tie or one.posterior is None:
        return []
    level = 0.5 if multiple else one.confidence
    return [label for label, probability in one.posterior.items() if abs(probability - level) <= TIE]


def _even_words(one: TaskConsensus, labels: Sequence[str], *, multiple: bool) -> str:
    named = ", ".join(label or "nothing" for label in labels)
    if multiple:
        return f"As probable as not ({percent(0.5)}): {named}."
    return f"No answer is more probable than another: {named}, each {percent(one.confidence)}."


def low_confidence(case: Case) -> list[Finding]:
    """Several answered, and the consensus is less certain than wanted.

    An answer that by all that is known is wrong with a probability below ``NEGLIGIBLE`` is none: a unanimous one.
    """
    certain, doubt = case.thresholds.certain, doubts(case)
    return [
        Finding(
            one.task,
            case.consensus.control,
            "low_confidence",
            doubt[one.task],
            f"The probable answer {brief(one.answer)} is only {percent(one.confidence)} certain.",
            {"confidence": one.confidence, "doubt": doubt[one.task]},
        )
        for one in open_tasks(case)
        if one.annotations >= 2 and one.confidence < certain and doubt[one.task] >= NEGLIGIBLE
    ]


def brief(answer: Answer) -> str:
    """An answer in one line, cut where it is long.

    >>> from label_config.answers import Text
    >>> brief(Text(("long " * 99,)))[-12:]
    'g long l ...'
    """
    return shortened(in_words(answer))


def shortened(words: str) -> str:
    """What was said, cut where it is long: a reason is read at a glance, the whole answers stand below it."""
    return words if len(words) <= LONGEST else words[: LONGEST - 4] + " ..."


def percent(share: float) -> str:
    """A share as whole percent."""
    return f"{100 * share:.0f} %"
