"""Findings -> one ordered queue, each entry with its reasons and how its number came about."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .consensus import TIE
from .records import CodedAnswers, ControlConsensus, Finding, Priority, TaskConsensus

KINDS: Mapping[str, str] = {
    "disagreement": "annotators gave different answers",
    "tie": "no answer is more probable than another",
    "low_confidence": "the probable answer is not certain enough",
    "model_conflict": "the model is confident of another answer",
}
"""Kind of finding -> what it means."""

DISPUTES = frozenset({"disagreement", "tie"})
"""Kinds that are about people: they are adjudicated. The others are checked."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model that was not trained on a task thinks of it; ``confidence`` in [0, 1] is calibrated."""

    labels: tuple[str, ...]
    probabilities: Mapping[str, float]
    confidence: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How findings become an order.

    ``weights`` in [0, 1] say how much a finding of severity 1 alone makes a priority. A consensus below
    ``certain`` is a finding; so is a model at or above ``model_sure`` that contradicts. ``p1_from`` and
    ``p2_from`` are the lowest priorities of the bands.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"disagreement": 0.62, "tie": 0.4, "low_confidence": 0.5, "model_conflict": 0.6}
    )
    certain: float = 0.9
    model_sure: float = 0.6
    p1_from: float = 0.6
    p2_from: float = 0.35


def findings(
    consensus: ControlConsensus,
    agreement: Mapping[int, float],
    coded: CodedAnswers,
    opinions: Mapping[int, Opinion],
    policy: Policy,
) -> list[Finding]:
    """Everything about this control that a person may have to look at, in the order of the tasks.

    ``agreement`` maps tasks that two or more answered to the mean of 1 - distance over their pairs of answers.
    Tasks with a ruling or a ground truth have nothing left to find, nor have tasks that nobody answered.
    """
    ruled = {coded.tasks[place] for place in coded.fixed}
    votes = _votes(coded)
    found: list[Finding] = []
    for one in consensus.tasks:
        if one.task in ruled or not one.annotations:
            continue
        agreed = agreement.get(one.task)
        even = _even(one, multiple=coded.multiple)
        makers = (
            _disagreement(consensus.control, one, agreed, votes[one.task]),
            _tie(consensus.control, one, even, multiple=coded.multiple),
            _low_confidence(consensus.control, one, policy),
            _model_conflict(consensus.control, one, even, opinions.get(one.task), policy),
        )
        found += [finding for finding in makers if finding is not None]
    return found


def _votes(coded: CodedAnswers) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {}
    sets = coded.label_sets()
    for task, answer in zip(coded.task.tolist(), coded.answer.tolist(), strict=True):
        found.setdefault(coded.tasks[task], Counter())[_words(sets[answer])] += 1
    return found


def _words(labels: Sequence[str]) -> str:
    return ", ".join(labels) or "nothing"


def _disagreement(control: str, one: TaskConsensus, agreed: float | None, votes: Counter[str]) -> Finding | None:
    if agreed is None or agreed >= 1:
        return None
    given = ", ".join(f"{answer} ({n})" for answer, n in sorted(votes.items(), key=lambda pair: (-pair[1], pair[0])))
    reason = f"{one.annotations} annotators gave {len(votes)} different answers: {given}."
    return Finding(one.task, control, "disagreement", 1 - agreed, reason, {"agreement": agreed})


def _even(one: TaskConsensus, *, multiple: bool) -> list[str]:
    """The labels between which the consensus could not choose (for multiple choices: as probable as not)."""
    if not one.tie:
        return []
    level = 0.5 if multiple else one.confidence
    return [label for label, probability in one.posterior.items() if abs(probability - level) <= TIE]


def _tie(control: str, one: TaskConsensus, even: Sequence[str], *, multiple: bool) -> Finding | None:
    if not one.tie or one.annotations < 2:
        return None
    labels = ", ".join(label or "nothing" for label in even)
    if multiple:
        reason = f"As probable as not ({_percent(0.5)}): {labels}."
    else:
        reason = f"No answer is more probable than another: {labels}, each {_percent(one.confidence)}."
    return Finding(one.task, control, "tie", 1.0, reason, {"confidence": one.confidence})


def _low_confidence(control: str, one: TaskConsensus, policy: Policy) -> Finding | None:
    if one.annotations < 2 or one.confidence >= policy.certain:
        return None
    reason = f"The probable answer {_words(one.answer)} is only {_percent(one.confidence)} certain."
    severity = (policy.certain - one.confidence) / policy.certain
    return Finding(one.task, control, "low_confidence", severity, reason, {"confidence": one.confidence})


def _model_conflict(
    control: str, one: TaskConsensus, even: Sequence[str], opinion: Opinion | None, policy: Policy
) -> Finding | None:
    """A model that is sure of one of the tied answers takes a side and contradicts nobody."""
    if opinion is None or opinion.confidence < policy.model_sure:
        return None
    if set(opinion.labels) ^ set(one.answer) <= {label for label in even if label}:
        return None
    reason = (
        f"The model, which has not learned from this task, is {_percent(opinion.confidence)} sure of "
        f"{_words(opinion.labels)}, not of {_words(one.answer)}."
    )
    numbers = {"model_confidence": opinion.confidence, "confidence": one.confidence}
    return Finding(one.task, control, "model_conflict", opinion.confidence, reason, numbers)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def rank(found: Sequence[Finding], policy: Policy) -> list[Priority]:
    """One entry a task and control, the most urgent first; equal ones in the order of task and control.

    The priority in [0, 1] is 1 - product of (1 - weight x severity) over the findings (noisy or): each finding
    raises it, none alone decides. ``parts`` share it out in proportion to the logarithms, so they add up to it.
    Raises ValueError for a kind that the policy has no weight for.

    >>> policy = Policy(weights={"disagreement": 0.5, "tie": 0.5})
    >>> entry, = rank([Finding(1, "c", "disagreement", 1.0, ""), Finding(1, "c", "tie", 1.0, "")], policy)
    >>> entry.priority, entry.band, entry.action, dict(entry.parts)
    (0.75, 1, 'adjudicate', {'disagreement': 0.375, 'tie': 0.375})
    """
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in found:
        if finding.kind not in policy.weights:
            raise ValueError(f"the policy has no weight for {finding.kind!r}; it has: {', '.join(policy.weights)}")
        groups.setdefault((finding.task, finding.control), []).append(finding)
    entries = [_entry(task, control, group, policy) for (task, control), group in groups.items()]
    return sorted(entries, key=lambda entry: (-entry.priority, entry.task, entry.control))


def _entry(task: int, control: str, group: Sequence[Finding], policy: Policy) -> Priority:
    logs = [-math.log1p(-min(policy.weights[one.kind] * one.severity, 1 - 1e-12)) for one in group]
    total = math.fsum(logs)
    priority = -math.expm1(-total)
    parts: dict[str, float] = {}
    for one, log in zip(group, logs, strict=True):
        parts[one.kind] = parts.get(one.kind, 0.0) + (priority * log / total if total else 0.0)
    heavy_first = sorted(zip(logs, group, strict=True), key=lambda pair: (-pair[0], pair[1].kind, pair[1].reason))
    return Priority(
        task=task,
        control=control,
        priority=priority,
        band=1 if priority >= policy.p1_from else 2 if priority >= policy.p2_from else 3,
        action="adjudicate" if any(one.kind in DISPUTES for one in group) else "check",
        findings=tuple(one for _, one in heavy_first),
        parts=parts,
    )
