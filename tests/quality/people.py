"""Evidence about people for tests: small by hand, or simulated with a known truth."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from label_config.answers import Answer, Choices, Number
from label_config.model import Control, Family
from sync.quality.annotators import AnnotatorProfile, profiles
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.records import CodedAnswers, ControlConsensus, FloatArray, IntArray

from .answers import ABC, Row, single

TONE = Control("tone", "Choices", ("t",), ABC)
NUMBER = Control("tone", "Number", ("t",), family=Family.NUMBER, low=0.0, high=10.0)
NOTHING = ControlConsensus("tone", "", "", (), ())


def said(rows: Sequence[Row], labels: Sequence[str] = ABC, fixed: Mapping[int, str] | None = None) -> ControlEvidence:
    """(task, annotator, label) rows of a single choice."""
    control = replace(TONE, labels=tuple(labels))
    return ControlEvidence(control, single(rows, labels, fixed))


def numbered(rows: Sequence[tuple[int, int, float]]) -> ControlEvidence:
    """(task, annotator, value) rows of a number from 0 to 10."""
    return ControlEvidence(NUMBER, encode(NUMBER, [(task, who, Number(value)) for task, who, value in rows]))


def profiled(evidence: ControlEvidence, data: Mapping[int, Mapping[str, str]] | None = None) -> list[AnnotatorProfile]:
    """The profiles by the majority (of choices; of other answers by each other alone)."""
    choices = evidence.control.family == Family.CHOICES and not evidence.control.multiple
    consensus = infer(evidence, "majority") if choices and not evidence.control.per_region else NOTHING
    return list(profiles(evidence, consensus, data))


def crowd_of(
    rng: np.random.Generator, tasks: int, right: FloatArray, per_task: int, labels: int = 2
) -> tuple[ControlEvidence, IntArray, FloatArray]:
    """Everybody answers ``per_task`` of the people's share of the tasks: the truth with probability ``right``.

    Tasks are answered in a random order, a microsecond each. Returns the evidence, the truth of each task, and a
    number in [0, 1) for each answer, below ``right`` where it is right.
    """
    people = len(right)
    truth = rng.integers(labels, size=tasks)
    task = np.repeat(np.arange(tasks), per_task)
    who = np.argsort(rng.random((tasks, people)), axis=1)[:, :per_task].ravel()
    luck = rng.random(len(task))
    error = (truth[task] + rng.integers(1, labels, size=len(task))) % labels
    names = tuple(str(label) for label in range(labels))
    coded = CodedAnswers(
        task=task,
        annotator=who,
        answer=np.where(luck < right[who], truth[task], error),
        tasks=tuple(range(tasks)),
        annotators=tuple(range(people)),
        answers=tuple(Choices((name,)) for name in names),
        labels=names,
    )
    time = 1 + rng.permutation(tasks)[task]
    control = replace(TONE, labels=names)
    return ControlEvidence(control, coded, given_at=time), truth, luck


def with_answers(evidence: ControlEvidence, answer: IntArray) -> ControlEvidence:
    """The same evidence with other answers."""
    return replace(evidence, coded=replace(evidence.coded, answer=answer))


def choice(label: str) -> Answer:
    return Choices((label,))
