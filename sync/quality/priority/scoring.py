"""The number of each task and control that something was found on, from columns: no loop over findings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import Finding, FloatArray, IntArray
from .facts import Fact, Facts
from .families import PEOPLE, doubt_of, family_of
from .policy import Policy

MOST = 1 - 1e-12
"""No finding alone is certainty itself, whose logarithm is no number."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Each task and control with findings, g of them, in the order of task and control.

    ``task``, ``control`` (place in ``controls``), ``wrong`` (the probability that the answer is wrong), ``importance``,
    ``boost`` (from age), ``priority``, ``main`` (place in ``families`` of what weighs most) and ``lead`` (what of the
    priority is a lead's word) have one value each.
    ``order`` (findings) holds places of findings, those of one task and control together: the n-th has those from
    ``start[n]`` to ``start[n + 1]``.
    """

    task: IntArray
    control: IntArray
    controls: tuple[str, ...]
    wrong: FloatArray
    importance: FloatArray
    boost: FloatArray
    priority: FloatArray
    main: IntArray
    families: tuple[str, ...]
    order: IntArray
    start: IntArray
    lead: FloatArray

    def findings(self, place: int) -> list[int]:
        """The places of the findings of the ``place``-th task and control."""
        places: list[int] = self.order[self.start[place] : self.start[place + 1]].tolist()
        return places


def score(found: Sequence[Finding], policy: Policy, facts: Facts) -> Scored:
    """Expected gain of looking: the probability that the answer is wrong, times what a mistake there matters.

    Findings of one family are the same evidence, of which the strongest counts; families are independent, so that
    the answer is right only if all of them are mistaken (noisy or; Pearl 1988, section 4.3.2). Age then adds its
    share of what is missing to 1. Raises ValueError for a kind that the policy has no weight for.
    """
    task = np.array([one.task for one in found], dtype=np.int64)
    names, control = _coded([one.control for one in found])
    kinds, kind = _coded([one.kind for one in found])
    families, family_of_kind = _coded([*(family_of(name) for name in kinds), PEOPLE])
    weight = np.array([policy.weight(name) for name in kinds])
    doubt = np.array([doubt_of(one) for one in found], dtype=np.float64)
    believed = np.minimum(weight[kind] * doubt, MOST) if len(found) else doubt
    outvoted = np.array([one.doubt is not None for one in found], dtype=np.bool_)
    family = np.where(outvoted, family_of_kind[-1], family_of_kind[kind])
    order = _together(task, control * len(families) + family)
    task, control, family = task[order], control[order], family[order]
    new_task = _changes(task, control)
    start = np.append(np.flatnonzero(new_task), len(found))
    new_family = np.flatnonzero(new_task | _changes(family))
    strongest = np.maximum.reduceat(believed[order], new_family) if len(found) else believed
    group, family = (np.cumsum(new_task) - 1)[new_family], family[new_family]
    logs = -np.log1p(-strongest)
    wrong = -np.expm1(-np.bincount(group, logs, minlength=len(start) - 1))
    first = np.lexsort((-logs, group))
    main = family[first][_changes(group[first])]
    task, control = task[start[:-1]], control[start[:-1]]
    importance, boost = _beside(task, [names[code] for code in control.tolist()], policy, facts)
    worth = importance * wrong
    boost = np.where(worth > 0, boost, 0.0)
    priority, lead = worth + boost * (1 - worth), np.zeros(len(worth))
    return Scored(task, control, names, wrong, importance, boost, priority, main, families, order, start, lead)


def _together(task: IntArray, within: IntArray) -> IntArray:
    """The order of task, then of ``within`` (from 0 on); as one number where that fits, which is faster."""
    least, width = int(task.min(initial=0)), int(within.max(initial=0)) + 1
    if (int(task.max(initial=0)) - least + 1) * width < 2**63:
        together: IntArray = np.argsort((task - least) * width + within)
        return together
    apart: IntArray = np.lexsort((within, task))
    return apart


def _coded(names: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    """The distinct names in alphabetical order, and the place of each."""
    distinct = tuple(sorted(set(names)))
    place = {name: number for number, name in enumerate(distinct)}
    return distinct, np.array([place[name] for name in names], dtype=np.int64)


def _changes(*columns: IntArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True at the first row, and where any of the columns differs from the row before."""
    changed = np.zeros(len(columns[0]), dtype=np.bool_)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return changed


def _beside(task: IntArray, control: Sequence[str], policy: Policy, facts: Facts) -> tuple[FloatArray, FloatArray]:
    """Importance and boost of each task and control; 1 and 0 where nothing is known."""
    important: FloatArray = np.ones(len(task))
    boost: FloatArray = np.zeros(len(task))
    if not facts or not (policy.importance or policy.age_boost):
        return important, boost
    known = [facts.get(key) for key in zip(task.tolist(), control, strict=True)]
    if policy.importance:
        important = np.array(
            [1.0 if fact is None else importance(name, fact, policy) for name, fact in zip(control, known, strict=True)]
        )
    if policy.age_boost:
        waited = np.array([0.0 if fact is None or fact.age is None else fact.age for fact in known])
        boost = policy.age_boost * np.clip(waited / policy.age_days, 0.0, 1.0)
    return important, boost


def importance(control: str, fact: Fact, policy: Policy) -> float:
    """What a mistake matters: of several labels the most important one counts.

    >>> policy = Policy(importance={"tone": {"bad": 1.0, "good": 0.25}})
    >>> importance("tone", Fact(3, ("good",)), policy), importance("tone", Fact(3), policy)
    (0.25, 1.0)
    """
    said = policy.importance.get(control)
    return max((said.get(label, 1.0) for label in fact.labels), default=1.0) if said else 1.0
