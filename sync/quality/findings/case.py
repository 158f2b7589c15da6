"""What findings on one control are made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..annotators.profile import AnnotatorProfile
from ..conflicts import NearIdentical
from ..evidence import ControlEvidence
from ..records import ControlConsensus, Finding
from ..rules import Rule
from ..submissions import Submission


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is a finding.

    A consensus less probable than ``certain`` is one; so is a model at or above ``model_sure`` that contradicts it.
    Answers to near-identical tasks that are further apart than ``apart`` (of numbers, stars and moments, as a share of
    the values in use: ``apart_on_scales``) contradict each other; one side's answer is proposed to the other where it
    is right with a probability of at least ``clear``.
    A given answer that is wrong with a probability of ``wrong`` is one, or of ``outvoted`` where one stands against all
    others of a task; so is one that stands ``extreme`` robust standard deviations from all others.
    Who is sure to be below ``gold_needed`` on known truths has failed them: at most ``recent`` answers come back.
    """

    certain: float = 0.9
    model_sure: float = 0.6
    apart: float = 0.3
    apart_on_scales: float = 0.1
    clear: float = 0.8
    wrong: float = 0.5
    outvoted: float = 0.85
    extreme: float = 6.0
    gold_needed: float = 0.7
    recent: int = 100


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One control: what was said about it and what was concluded.

    ``agreement`` maps tasks that two or more answered to the mean of 1 - distance over their pairs of answers.
    ``data`` maps tasks to what they show, ``neighbours`` are groups of near-identical tasks. ``rules``
    are the user's, and ``submissions`` what they are about: every annotation, and the consensus, over all controls.
    ``profiles`` are those of the annotators, in ascending order of their ids. ``called`` maps tasks to the numbers that
    people know them by; one that is not there is known by its own.
    """

    evidence: ControlEvidence
    consensus: ControlConsensus
    agreement: Mapping[int, float]
    thresholds: Thresholds = field(default_factory=Thresholds)
    data: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    neighbours: tuple[NearIdentical, ...] = ()
    rules: tuple[Rule, ...] = ()
    submissions: tuple[Submission, ...] = ()
    profiles: tuple[AnnotatorProfile, ...] = ()
    called: Mapping[int, int] = field(default_factory=dict)

    def name_of(self, task: int) -> int:
        """The number that people know a task by."""
        return self.called.get(task, task)

    def ruled(self) -> frozenset[int]:
        """Tasks with a ruling or a ground truth: nothing is left to find there."""
        coded = self.evidence.coded
        return frozenset(coded.tasks[place] for place in coded.fixed)


Maker = Callable[[Case], list[Finding]]
"""Finds one kind of thing on one control; tasks that are ruled or that nobody answered have none."""
