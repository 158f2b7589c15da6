"""Findings -> one ordered queue, each entry with its reasons and how its number came about."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..records import Finding, FloatArray, IntArray
from .accepted import accepted_quality
from .audit import draw
from .explaining import explain
from .facts import Fact, Facts, Key, facts_of
from .families import ACTIONS, DISPUTES, FAMILIES
from .leading import ASSIGN, DISMISS, LEAD, RAISE, Decided, led
from .policy import Policy
from .policy_keys import PolicyError, policy_of
from .queue import Queue
from .scoring import Scored, score
from .selecting import Selection, select

__all__ = [
    "ACTIONS",
    "ASSIGN",
    "DISMISS",
    "DISPUTES",
    "FAMILIES",
    "LEAD",
    "RAISE",
    "Decided",
    "Fact",
    "Facts",
    "Key",
    "Policy",
    "PolicyError",
    "Queue",
    "accepted_quality",
    "explain",
    "facts_of",
    "policy_of",
    "rank",
]


def rank(
    found: Sequence[Finding],
    policy: Policy,
    facts: Facts | None = None,
    decided: Mapping[Key, Decided] | None = None,
) -> Queue:
    """One entry a task and control, the most urgent first; equal ones in the order of task and control.

    The priority in [0, 1] is the probability that the answer is wrong times what a mistake there matters, raised by
    age (see ``score``). ``facts`` say what is known beside the findings; without them nothing is boosted, deemed more
    important, or audited, and every dispute is adjudicated. ``decided`` is what leads decided, which changes numbers or
    keeps an entry out. Audits are drawn from the accepted tasks that are not in the queue anyway, and stand at random
    places in it. The same findings in any order, facts and policy give the same queue. Raises ValueError for
    a kind that the policy has no weight for.

    >>> found = [Finding(1, "c", "tie", 0.5, ""), Finding(1, "c", "model_conflict", 1.0, "")]
    >>> (entry,) = rank(found, Policy(weights={"tie": 1.0, "model_conflict": 0.5}))
    >>> entry.priority, entry.band, entry.action, dict(entry.parts)
    (0.75, 1, 'check', {'model_conflict': 0.375, 'tie': 0.375})
    """
    known = facts or {}
    scored, dismissed = led(score(found, policy, known), found, policy, known, decided or {})
    accepted = [key for key, fact in known.items() if fact.accepted] if policy.audit_share else []
    room = None if policy.budget is None else policy.budget - min(_audits(policy, policy.budget), len(accepted))
    selection = select(scored, found, policy, known, room, dismissed)
    audits, urgency = _audited(scored, selection, policy, accepted)
    places = _in_order(scored, selection.taken(), audits, urgency)
    return Queue(found, policy, known, scored, selection, tuple(audits), urgency, places)


def _in_order(scored: Scored, taken: IntArray, audits: Sequence[Key], urgency: FloatArray) -> IntArray:
    """What was taken and the audits, the latter as -1 - their place, by priority, task and control."""
    names = sorted({*scored.controls, *(control for _, control in audits)})
    alphabetical = {name: place for place, name in enumerate(names)}
    ours = np.array([alphabetical[name] for name in scored.controls], dtype=np.int64)
    control = np.append(ours[scored.control[taken]], [alphabetical[name] for _, name in audits]).astype(np.int64)
    task = np.append(scored.task[taken], [task for task, _ in audits]).astype(np.int64)
    places: IntArray = np.append(taken, -1 - np.arange(len(audits)))
    ordered: IntArray = places[np.lexsort((control, task, -np.append(scored.priority[taken], urgency)))]
    return ordered


def _audits(policy: Policy, budget: int) -> int:
    """How many of the budget are audits: its share, rounded to the nearest number."""
    return min(budget, int(policy.audit_share * budget + 0.5))


def _audited(
    scored: Scored, selection: Selection, policy: Policy, accepted: Sequence[Key]
) -> tuple[list[Key], FloatArray]:
    """The audits, and the priorities of the entries beside which they stand."""
    taken = selection.taken()
    if policy.budget is None:
        share = min(policy.audit_share, 1 - 1e-9)
        count = int(share / (1 - share) * len(taken) + 0.5)
    else:
        count = min(_audits(policy, policy.budget), policy.budget - len(taken))
    queued: set[Key] = set()
    if count > 0:
        names = [scored.controls[code] for code in scored.control[taken].tolist()]
        queued = set(zip(scored.task[taken].tolist(), names, strict=True))
    audits, places = draw(accepted, count, policy.seed, queued)
    beside = (np.array(places) * len(taken)).astype(np.int64)
    return audits, scored.priority[taken][beside] if len(taken) else np.zeros(len(audits))
