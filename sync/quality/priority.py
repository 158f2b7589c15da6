"""Findings -> one ordered queue, each entry with its reasons and how its number came about."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .records import Finding, Priority

DISPUTES = frozenset({"low_agreement", "tie"})
"""Kinds that are about people: they are adjudicated. The others are checked."""

ACTIONS: Mapping[str, str] = {
    "adjudicate": "somebody decides between the answers in a review project",
    "check": "somebody checks the answer in a review project",
}
"""What is to be done about an entry of the queue -> in words."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How findings become an order.

    ``weights`` in [0, 1] say how much a finding of severity 1 alone makes a priority. ``p1_from`` and
    ``p2_from`` are the lowest priorities of the bands.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "low_agreement": 0.62,
            "tie": 0.4,
            "low_confidence": 0.5,
            "model_conflict": 0.6,
            "near_duplicate_conflict": 0.8,
        }
    )
    p1_from: float = 0.6
    p2_from: float = 0.35


def rank(found: Sequence[Finding], policy: Policy) -> list[Priority]:
    """One entry a task and control, the most urgent first; equal ones in the order of task and control.

    The priority in [0, 1] is 1 - product of (1 - weight x severity) over the findings (noisy or): each finding
    raises it, none alone decides. ``parts`` share it out in proportion to the logarithms, so they add up to it.
    Raises ValueError for a kind that the policy has no weight for.

    >>> policy = Policy(weights={"low_agreement": 0.5, "tie": 0.5})
    >>> entry, = rank([Finding(1, "c", "low_agreement", 1.0, ""), Finding(1, "c", "tie", 1.0, "")], policy)
    >>> entry.priority, entry.band, entry.action, dict(entry.parts)
    (0.75, 1, 'adjudicate', {'low_agreement': 0.375, 'tie': 0.375})
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
