"""Near-identical tasks were answered differently: at least one of the answers is wrong."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer
from label_config.model import Control, Family

from ..coded_answers import APART
from ..conflicts import NearIdentical
from ..distance import default_distance, distance
from ..distance.comparison import Comparison
from ..label_errors.against_model import differences, value_on_scale
from ..label_errors.limits import FEW, limit
from ..records import BoolArray, Finding, FloatArray, IntArray, TaskConsensus
from .case import Case
from .disputes import brief, percent

SCALES = frozenset({Family.RATING, Family.NUMBER, Family.MOMENT})
"""Families whose distances depend on all values in use."""
MOST_ANSWERS = 30
"""Different answers of a group that are compared, the weightiest first."""
MOST_RELATED = 20
_PAIRS, _DRAWN = 500, 60
"""So many pairs of answers to one task are looked at; of regions fewer."""
_RULED = 30.0
"""What a ruling counts: more than any number of tasks that nobody ruled on."""


@dataclass(frozen=True, slots=True)
class Member:
    """A task of a group with its answer; ``weight`` is the logarithm of the odds that the answer is right.

    ``ends`` are the bounds of a number: those of its interval, or of what was given where that is narrower.
    """

    one: TaskConsensus
    similarity: float
    raw: int
    ruled: bool
    ends: tuple[float, float] | None = None

    @property
    def confidence(self) -> float:
        """The probability that the answer is right, as after one more answer that is half right: few are never sure."""
        n = self.one.annotations
        return 1.0 if self.ruled else max((self.one.confidence * n + 0.5) / (n + 1), 0.5)

    @property
    def weight(self) -> float:
        """What the answer's being right counts: ln(p / (1 - p)), a little where it is as probable as not."""
        return _RULED if self.ruled else max(math.log(self.confidence / (1 - self.confidence)), 0.05)


@dataclass(frozen=True, slots=True)
class Side:
    """The members of a group that gave about the same answer; ``probability`` in (0, 1) that it is the right one."""

    members: tuple[Member, ...]
    probability: float


def near_duplicate_conflict(case: Case) -> list[Finding]:
    """Near-identical tasks have different answers; the severity is the probability that this task's is wrong.

    The tasks of a group show the same, so that one answer is right for all: each answer's weight is the sum of the log
    odds of the consensus on the tasks that have it (rulings count most), and its probability follows from the weights.
    The severity is 1 - that probability, times the task's similarity with the group. Answers are different where they
    are further apart than ``Thresholds.apart``, and by so much more as people differ on one and the same task. Of
    regions they are where one is missing, has another label, or lies unusually far off. Numbers have to differ by
    more than is usual on the same task, and those that have a value in common within their bounds are not different.
    """
    if not case.neighbours:
        return []
    known = {one.task: one for one in case.consensus.tasks}
    ruled = case.ruled()
    contrary, ends = Contrary(case), _ends(case)
    found = []
    for group in case.neighbours:
        members = [
            Member(known[task], similarity, raw, task in ruled, ends.get(task))
            for task, similarity, raw in zip(group.tasks, group.similarity, group.raw, strict=True)
            if task in known and (known[task].annotations or task in ruled)
        ]
        sides = _sides(contrary, members)
        if len(sides) > 1:
            found += [_finding(case, group, sides, at, member) for at, member in _open(sides)]
    return found


def _ends(case: Case) -> dict[int, tuple[float, float]]:
    """Task -> the bounds of a number or moment; other answers have none.

    The interval knows how people err on all tasks, a few of them badly; several answers to a task show how far they are
    from each other here.
    """
    coded = case.evidence.coded
    found = {one.task: one.interval for one in case.consensus.tasks if one.interval is not None}
    if not found:
        return {}
    values = np.array([value_on_scale(coded.answers[code]) for code in coded.answer.tolist()])
    lowest, highest = np.full(len(coded.tasks), np.inf), np.full(len(coded.tasks), -np.inf)
    np.minimum.at(lowest, coded.task, values)
    np.maximum.at(highest, coded.task, values)
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    for at in np.flatnonzero(size > 1).tolist():
        low, high = found.get(coded.tasks[at], (-np.inf, np.inf))
        if high - low > highest[at] - lowest[at]:
            found[coded.tasks[at]] = float(lowest[at]), float(highest[at])
    return found


def _open(sides: Sequence[Side]) -> Iterator[tuple[int, Member]]:
    return ((at, member) for at, side in enumerate(sides) for member in side.members if not member.ruled)


class Contrary:
    """Which answers to near-identical tasks are different: learned from how people differ on one and the same task."""

    def __init__(self, case: Case) -> None:
        """Look at some of the pairs of answers to the same task."""
        self.case = case
        self.control = case.evidence.control
        self.drawn = self.control.family in (Family.REGIONS, Family.RELATIONS) and not self.control.per_region
        self.usual = _on_the_same_task(case, _DRAWN if self.drawn else _PAIRS)
        self.limit = 0.0 if self.drawn else far_apart(case, self.usual)

    def between(self, pairs: Sequence[tuple[Answer, Answer]]) -> BoolArray:
        """Whether each two answers are different: shape (pairs,)."""
        if self.drawn:
            return differences(self.control, [*self.usual, *pairs])[1][len(self.usual) :]
        return distances(self.case, pairs) > self.limit

    def matrix(self, answers: Sequence[Answer]) -> BoolArray:
        """Of every two answers whether they are different: shape (n, n)."""
        found = np.zeros((len(answers), len(answers)), dtype=np.bool_)
        left, right = np.triu_indices(len(answers), 1)
        pairs = [(answers[one], answers[other]) for one, other in zip(left.tolist(), right.tolist(), strict=True)]
        found[left, right] = self.between(pairs)
        return found | found.T


def _on_the_same_task(case: Case, most: int) -> list[tuple[Answer, Answer]]:
    """Pairs of answers, thinned out evenly."""
    coded = case.evidence.coded
    order = np.argsort(coded.task, kind="stable")
    same = np.flatnonzero(coded.task[order][1:] == coded.task[order][:-1])
    same = same[:: max(1, len(same) // most)]
    return [(coded.answers[coded.answer[order[at]]], coded.answers[coded.answer[order[at + 1]]]) for at in same]


def far_apart(case: Case, same_task: Sequence[tuple[Answer, Answer]]) -> float:
    """From which distance on two answers are different: more where people differ by degrees on the same task.

    The median distance of two answers to one task lifts the threshold that far towards 1; of single choices none. On
    scales the distance that is usual on one task is the threshold where that is less, down to a fifth of it.
    """
    control = case.evidence.control
    scale = control.family in SCALES and not control.per_region
    apart = case.thresholds.apart_on_scales if scale else case.thresholds.apart
    if control.family == Family.CHOICES and not control.multiple and not control.per_region:
        return apart
    usual = distances(case, same_task) if same_task else np.zeros(0)
    if scale and len(usual) >= FEW:
        return min(apart, limit(usual, apart / 5)) if float(np.median(usual)) < apart else _lifted(apart, usual)
    return _lifted(apart, usual)


def _lifted(apart: float, usual: FloatArray) -> float:
    noise = float(np.median(usual)) if len(usual) else 0.0
    return apart + (1 - apart) * noise


def distances(case: Case, pairs: Sequence[tuple[Answer, Answer]]) -> FloatArray:
    """Of two answers each: shape (pairs,), in [0, 1]; on scales the absolute difference over the values in use."""
    control = case.evidence.control
    answers = [answer for pair in pairs for answer in pair]
    used = [*answers, *case.evidence.coded.answers] if control.family in SCALES and not control.per_region else answers
    left: IntArray = np.arange(0, len(answers), 2, dtype=np.int64)
    name = "absolute" if control.family in SCALES else default_distance(control)
    return distance(control, name)(Comparison(control, used, left, left + 1, np.ones(len(used))))


def _sides(contrary: Contrary, members: Sequence[Member]) -> list[Side]:
    """Members by answer, answers that are hardly apart together, the most probable side first."""
    by_answer: dict[Answer, list[Member]] = {}
    for member in members:
        by_answer.setdefault(member.one.answer, []).append(member)
    if len(by_answer) < 2:
        return []
    weight = {answer: math.fsum(one.weight for one in given) for answer, given in by_answer.items()}
    heavy = sorted(by_answer, key=lambda answer: (-weight[answer], by_answer[answer][0].one.task))[:MOST_ANSWERS]
    other = contrary.matrix(heavy) & ~_overlapping([by_answer[answer] for answer in heavy])
    heads: dict[int, list[int]] = {}
    for at in range(len(heavy)):
        near = next((head for head in heads if not other[head, at]), at)
        heads.setdefault(near, []).append(at)
    weights = [math.fsum(weight[heavy[at]] for at in places) for places in heads.values()]
    shares = np.exp(np.array(weights) - max(weights))
    sides = [
        Side(tuple(one for at in places for one in by_answer[heavy[at]]), float(share))
        for places, share in zip(heads.values(), shares / shares.sum(), strict=True)
    ]
    return sorted(sides, key=lambda side: (-side.probability, side.members[0].one.task))


def _overlapping(given: Sequence[Sequence[Member]]) -> BoolArray:
    """Whether two numbers have a value in common within their bounds, the narrowest ones of each: shape (n, n)."""
    narrow = [
        min((one.ends for one in members if one.ends), key=lambda ends: ends[1] - ends[0], default=None)
        for members in given
    ]
    low = np.array([np.inf if ends is None else ends[0] for ends in narrow])
    high = np.array([-np.inf if ends is None else ends[1] for ends in narrow])
    found: BoolArray = (low[:, None] <= high[None]) & (low[None] <= high[:, None])
    return found


def _finding(case: Case, group: NearIdentical, sides: Sequence[Side], at: int, member: Member) -> Finding:
    own, best = sides[at], sides[1] if at == 0 else sides[0]
    others = sorted(other.one.task for place, side in enumerate(sides) if place != at for other in side.members)
    same = sorted(other.one.task for other in own.members if other is not member)
    numbers = {
        "similarity": member.similarity,
        "confidence": member.one.confidence,
        "tasks": float(len(group.tasks)),
        "probability": own.probability,
    }
    return Finding(
        task=member.one.task,
        control=case.consensus.control,
        kind="near_duplicate_conflict",
        severity=member.similarity * (1 - own.probability),
        reason=_reason(case, member, others, best),
        numbers=numbers,
        related=tuple(sorted([*others, *same][:MOST_RELATED])),
        correction=_correction(case, sides, at, member),
    )


def _reason(case: Case, member: Member, others: Sequence[int], best: Side) -> str:
    sure = max(best.members, key=lambda one: (one.confidence, -one.one.task))
    many = f"and {len(others) - 1} more of the like are" if len(others) > 1 else "is"
    return (
        f"Task {case.name_of(sure.one.task)}, which shows nearly the same, {many} answered differently: "
        f"{brief(sure.one.answer)} ({percent(sure.confidence)} certain), "
        f"not {brief(member.one.answer)} ({percent(member.one.confidence)} certain)."
    )


def _correction(case: Case, sides: Sequence[Side], at: int, member: Member) -> Answer | None:
    """The answer of the more probable side where that is clear; of regions only from a task equal to the letter."""
    control = case.evidence.control
    if at == 0 or sides[0].probability < case.thresholds.clear:
        return None
    places: Mapping[bool, Sequence[Member]] = {
        False: sides[0].members,
        True: [one for one in sides[0].members if one.raw == member.raw],
    }
    donors = places[placed(control)]
    return max(donors, key=lambda one: (one.confidence, -one.one.task)).one.answer if donors else None


def placed(control: Control) -> bool:
    """True where an answer names places in what is shown."""
    return control.per_region or control.family in APART - {Family.CHAT}
