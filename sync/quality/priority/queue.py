"""The queue: its entries are made when somebody looks at them, so that a million of them cost little."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from ..records import Finding, FloatArray, IntArray, Priority
from .facts import Facts, Key
from .families import action_of, doubt_of, source_of
from .leading import LEAD
from .policy import Policy
from .scoring import MOST, Scored
from .selecting import BELOW, DISMISSED, Selection


@dataclass(frozen=True, slots=True, eq=False)
class _AsWritten:
    """Ordered by what it looks like, which is written only where nothing before tells two findings apart."""

    one: Finding

    def __lt__(self, other: "_AsWritten") -> bool:
        return repr(self.one) < repr(other.one)


@dataclass(frozen=True, slots=True, eq=False)
class Queue(Sequence[Priority]):
    """The entries, the most urgent first, with everything that they came from.

    ``places`` says for each entry which of ``scored`` it is; for an audit -1 - its place in ``audits``, whose
    priorities are ``urgency``.
    """

    found: Sequence[Finding]
    policy: Policy
    facts: Facts
    scored: Scored
    selection: Selection
    audits: tuple[Key, ...]
    urgency: FloatArray
    places: IntArray

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, place: int) -> Priority: ...
    @overload
    def __getitem__(self, place: slice) -> list[Priority]: ...
    def __getitem__(self, place: int | slice) -> Priority | list[Priority]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        number = int(self.places[place])
        return self._audit(-1 - number) if number < 0 else self.entry(number)

    def found_tasks(self) -> set[int]:
        """The tasks that something was found on which is worth a review, also those that a budget keeps out.

        What a lead dismissed is not worth one.

        >>> from . import Policy, rank
        >>> found = [Finding(task, "c", "tie", 0.1 * task, "") for task in (1, 2, 3)]
        >>> queue = rank(found, Policy(budget=1, review_from=0.15, audit_share=0))
        >>> [entry.task for entry in queue], queue.found_tasks()
        ([3], {2, 3})
        """
        found: set[int] = set(self.scored.task[~np.isin(self.selection.fate, (BELOW, DISMISSED))].tolist())
        return found

    def _audit(self, number: int) -> Priority:
        (task, control), priority = self.audits[number], float(self.urgency[number])
        return Priority(task, control, priority, self.policy.band(priority), "audit", (), {"audit": priority})

    def entry(self, place: int) -> Priority:
        """The ``place``-th of ``scored``, whether it is in the queue or not."""
        scored = self.scored
        task, control = int(scored.task[place]), scored.controls[scored.control[place]]
        priority = float(scored.priority[place])
        mine = [self.found[one] for one in scored.findings(place)]
        if len(mine) > 1:
            mine.sort(key=self._heavy_first)
        fact = self.facts.get((task, control))
        main = scored.families[scored.main[place]]
        annotations = None if fact is None else fact.annotations
        return Priority(
            task=task,
            control=control,
            priority=priority,
            band=self.policy.band(priority),
            action=action_of([one.kind for one in mine], main, annotations, self.policy.enough),
            findings=tuple(mine),
            parts=self.parts(place, mine),
        )

    def _heavy_first(self, one: Finding) -> "tuple[float, str, str, int, _AsWritten]":
        weight, annotator = self.policy.weights[one.kind], -1 if one.annotator is None else one.annotator
        return -weight * doubt_of(one), one.kind, one.reason, annotator, _AsWritten(one)

    def parts(self, place: int, heavy_first: Sequence[Finding]) -> Mapping[str, float]:
        """What each kind contributes to the priority, and age, and a lead's word; they add up to it.

        The strongest kind of each family has the family's part, the others 0: they are the same evidence.
        """
        scored = self.scored
        parts = dict.fromkeys((one.kind for one in heavy_first), 0.0)
        for one, share in self.shares(place, heavy_first).values():
            parts[one.kind] += share
        if aged := float(scored.boost[place] * (1 - scored.importance[place] * scored.wrong[place])):
            parts["age"] = aged
        if moved := float(scored.lead[place]):
            parts[LEAD] = moved
        return parts

    def shares(self, place: int, heavy_first: Sequence[Finding]) -> Mapping[str, tuple[Finding, float]]:
        """The strongest finding of each family, and what it contributes to the priority."""
        scored, weights = self.scored, self.policy.weights
        strongest: dict[str, Finding] = {}
        for one in heavy_first:
            strongest.setdefault(source_of(one), one)
        logs = [-math.log1p(-min(weights[one.kind] * doubt_of(one), MOST)) for one in strongest.values()]
        worth = float(scored.importance[place] * scored.wrong[place])
        per_log = worth / sum(logs) if sum(logs) > 0 else 0.0
        return {family: (one, per_log * log) for (family, one), log in zip(strongest.items(), logs, strict=True)}
