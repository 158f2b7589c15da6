"""Which of the scored entries a run takes: budget, the cap per annotator, diversity."""

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Finding, IntArray
from .facts import Facts
from .policy import Policy
from .scoring import Scored

TAKEN, BELOW, CAPPED, SPENT, CROWDED = range(5)

WHY_NOT = {
    BELOW: "its priority is below review_from",
    CAPPED: "this run has as many entries about the same annotator's answers as annotator_cap allows",
    SPENT: "the budget of this run was spent on more urgent entries",
    CROWDED: "the budget of this run was spent while enough entries of the same answer, group or reason were in it",
}
"""Why something that was found is not in the queue."""


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What became of each scored task and control: a code each; ``ordered`` are their places, the most urgent first."""

    fate: IntArray
    ordered: IntArray

    def taken(self) -> IntArray:
        """The places of what is in the queue, the most urgent first."""
        places: IntArray = self.ordered[self.fate[self.ordered] == TAKEN]
        return places


def select(scored: Scored, found: Sequence[Finding], policy: Policy, facts: Facts, room: int | None) -> Selection:
    """Take the most urgent ones, at most ``room`` (null: any number).

    The cap per annotator holds in any case. What a share of the budget keeps out comes after everything else, should
    there be room left: diversity costs no reviewer's time.
    """
    ordered = np.lexsort((scored.control, scored.task, -scored.priority))
    fate = np.full(len(ordered), TAKEN)
    fate[scored.priority < policy.review_from] = BELOW
    able = ordered[fate[ordered] == TAKEN]
    limits = _limits(policy, room)
    if policy.annotator_cap is None and not limits:
        fate[able[room:] if room is not None else able[:0]] = SPENT
        return Selection(fate, ordered)
    fate[able] = SPENT
    people: Counter[int] = Counter()
    groups: Counter[Hashable] = Counter()
    left, waiting = len(able) if room is None else room, []
    for place in able.tolist():
        if not left:
            break
        crowds = [one for one in _crowds(scored, place, facts) if one[0] in limits] if limits else []
        if any(groups[one] >= limits[one[0]] for one in crowds):
            waiting.append(place)
            continue
        fate[place] = _take(scored, found, place, policy, people)
        if fate[place] == TAKEN:
            left -= 1
            groups.update(crowds)
    for place in waiting:
        fate[place] = _take(scored, found, place, policy, people) if left else CROWDED
        left -= int(fate[place] == TAKEN)
    return Selection(fate, ordered)


def _limits(policy: Policy, room: int | None) -> dict[str, int]:
    """How many of a kind of crowd fit into the budget; only shares that limit anything."""
    if room is None:
        return {}
    shares = {"label": policy.label_share, "cluster": policy.cluster_share, "kind": policy.kind_share}
    return {name: max(1, math.floor(share * room + 1e-9)) for name, share in shares.items() if share < 1}


def _crowds(scored: Scored, place: int, facts: Facts) -> Iterator[tuple[str, Hashable]]:
    """What an entry has in common with others: its main evidence, its answer, its group."""
    yield "kind", int(scored.main[place])
    control = scored.controls[scored.control[place]]
    fact = facts.get((int(scored.task[place]), control))
    if fact is not None and fact.labels:
        yield "label", (control, fact.labels)
    if fact is not None and fact.cluster is not None:
        yield "cluster", fact.cluster


def _take(scored: Scored, found: Sequence[Finding], place: int, policy: Policy, people: Counter[int]) -> int:
    """What becomes of an entry; counts the annotators that it is about where it is taken."""
    if policy.annotator_cap is None:
        return TAKEN
    about = {one for number in scored.findings(place) if (one := found[number].annotator) is not None}
    if any(people[one] >= policy.annotator_cap for one in about):
        return CAPPED
    people.update(about)
    return TAKEN
