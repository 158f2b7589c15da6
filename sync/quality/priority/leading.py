"""What leads decided about entries of the queue, and what that makes of their numbers."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..records import Finding
from .facts import Facts, Key
from .policy import Policy
from .scoring import Scored

DISMISS, RAISE, ASSIGN = "dismiss", "raise", "assign"
LEAD = "lead"
"""The part of a priority that a lead's decision is."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a lead decided about one task and control: DISMISS, RAISE, or ASSIGN to ``band``.

    ``kinds`` were found then, and ``answers`` were there: what was dismissed comes back with another kind of finding
    or with more answers.
    """

    action: str
    band: int | None = None
    kinds: frozenset[str] = frozenset()
    answers: int = 0

    def dismisses(self, kinds: Set[str], answers: int | None) -> bool:
        """Whether an entry that these kinds were found on, with so many answers (null: unknown), stays away.

        >>> one = Decided(DISMISS, kinds=frozenset({"tie"}), answers=2)
        >>> one.dismisses({"tie"}, 2), one.dismisses({"tie"}, 3), one.dismisses({"tie", "outlier"}, 2)
        (True, False, False)
        """
        return self.action == DISMISS and kinds <= self.kinds and (answers is None or answers <= self.answers)

    def priority(self, found: float, policy: Policy) -> float:
        """The priority in the place of what was ``found``: 1 for what was raised, in its band for what was assigned.

        >>> [round(Decided(ASSIGN, band).priority(0.3, Policy()), 3) for band in (1, 2, 3)]
        [0.4, 0.3, 0.2]
        >>> Decided(RAISE).priority(0.3, Policy()), Decided(DISMISS).priority(0.3, Policy())
        (1.0, 0.3)
        """
        if self.action == RAISE:
            return 1.0
        if self.action != ASSIGN:
            return found
        low = {1: policy.p1_from, 2: policy.p2_from}.get(self.band or 3, policy.review_from)
        high = {1: 1.0, 2: math.nextafter(policy.p1_from, 0)}.get(self.band or 3, math.nextafter(policy.p2_from, 0))
        return max(low, min(found, high))


def led(
    scored: Scored, found: Sequence[Finding], policy: Policy, facts: Facts, decided: Mapping[Key, Decided]
) -> tuple[Scored, NDArray[np.bool_]]:
    """The numbers as leads decided, and which of the tasks and controls are dismissed."""
    dismissed = np.zeros(len(scored.task), dtype=np.bool_)
    priority, code = scored.priority.copy(), {name: place for place, name in enumerate(scored.controls)}
    for (task, control), one in decided.items():
        first, last = np.searchsorted(scored.task, [task, task + 1]).tolist()
        for place in range(first, last):
            if scored.control[place] == code.get(control):
                kinds = {found[number].kind for number in scored.findings(place)}
                fact = facts.get((task, control))
                dismissed[place] = one.dismisses(kinds, None if fact is None else fact.annotations)
                priority[place] = one.priority(float(priority[place]), policy)
    return replace(scored, priority=priority, lead=priority - scored.priority), dismissed
