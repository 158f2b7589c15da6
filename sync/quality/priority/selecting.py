"""Which of the scored entries a run takes: budget, the cap per annotator, diversity."""

import itertools
import math
from collections import Counter, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records import Finding, IntArray
from .facts import Facts
from .policy import Policy
from .scoring import Scored

TAKEN, BELOW, CAPPED, SPENT, CROWDED, DISMISSED = range(6)

WHY_NOT = {
    BELOW: "its priority is below review_from",
    CAPPED: "this run has as many entries about the same annotator's answers as annotator_cap allows",
    SPENT: "the budget of this run was spent on more urgent entries",
    CROWDED: "the budget of this run was spent while enough entries of the same answer, group or reason were in it",
    DISMISSED: "a lead dismissed it; with another kind of finding or one more answer it comes back",
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


def select(
    scored: Scored,
    found: Sequence[Finding],
    policy: Policy,
    facts: Facts,
    room: int | None,
    dismissed: NDArray[np.bool_],
) -> Selection:
    """Take the most urgent ones, at most ``room`` (null: any number).

    The cap per annotator holds in any case. What a share of the budget keeps out comes after everything else, should
    there be room left: diversity costs no reviewer's time.
    """
    ordered = np.lexsort((scored.control, scored.task, -scored.priority))
    fate = np.full(len(ordered), TAKEN)
    fate[scored.priority < policy.review_from] = BELOW
    fate[dismissed] = DISMISSED
    able = ordered[fate[ordered] == TAKEN]
    limits = _limits(policy, room)
    if policy.annotator_cap is None and not limits:
        fate[able[room:] if room is not None else able[:0]] = SPENT
        return Selection(fate, ordered)
    fate[able] = SPENT
    people: Counter[int] = Counter()
    groups: Counter[Crowd] = Counter()
    left, waiting = len(able) if room is None else room, deque[int]()
    for place, crowds in zip(able.tolist(), _crowds(scored, able, facts, limits), strict=True):
        if not left:
            break
        if any(groups[crowd] >= limits[crowd[0]] for crowd in crowds):
            waiting.append(place)
            continue
        fate[place] = _take(scored, found, place, policy, people)
        if fate[place] == TAKEN:
            left -= 1
            groups.update(crowds)
    while waiting and left:
        place = waiting.popleft()
        fate[place] = _take(scored, found, place, policy, people)
        left -= int(fate[place] == TAKEN)
    fate[list(waiting)] = CROWDED
    return Selection(fate, ordered)


def _limits(policy: Policy, room: int | None) -> dict[str, int]:
    """How many of a kind of crowd fit into the budget; only shares that limit anything."""
    if room is None:
        return {}
    shares = {"label": policy.label_share, "cluster": policy.cluster_share, "kind": policy.kind_share}
    return {name: max(1, math.floor(share * room + 1e-9)) for name, share in shares.items() if share < 1}


Crowd = tuple[str, Hashable]
"""What several entries have in common: "label", "cluster" or "kind", and which."""


def _crowds(scored: Scored, able: IntArray, facts: Facts, limits: Mapping[str, int]) -> Iterator[Sequence[Crowd]]:
    """The crowds of each entry that are limited; entries of nothing known are in none."""
    if not limits:
        yield from itertools.repeat((), len(able))
        return
    beside = facts if limits.keys() & {"label", "cluster"} else {}
    for task, code, main in zip(
        scored.task[able].tolist(), scored.control[able].tolist(), scored.main[able].tolist(), strict=True
    ):
        crowds: list[Crowd] = [("kind", main)] if "kind" in limits else []
        fact = beside.get((task, scored.controls[code])) if beside else None
        if fact is not None and fact.labels and "label" in limits:
            crowds.append(("label", (code, fact.labels)))
        if fact is not None and fact.cluster is not None and "cluster" in limits:
            crowds.append(("cluster", fact.cluster))
        yield crowds


def _take(scored: Scored, found: Sequence[Finding], place: int, policy: Policy, people: Counter[int]) -> int:
    """What becomes of an entry; counts the annotators that it is about where it is taken."""
    if policy.annotator_cap is None:
        return TAKEN
    about = {one for number in scored.findings(place) if (one := found[number].annotator) is not None}
    if any(people[one] >= policy.annotator_cap for one in about):
        return CAPPED
    people.update(about)
    return TAKEN
