"""The changes that are people's own: who only answers beside somebody that got worse did not get worse."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..evidence import ControlEvidence
from ..records import BoolArray, ControlConsensus
from .bias import Differences, differences
from .drift import changes
from .profile import ChangePoint
from .reference import Reference, reference, truths

ROUNDS = 5
"""So many who got worse are told from those beside them, at most."""


def own_changes(
    evidence: ControlEvidence, consensus: ControlConsensus, found: Reference, apart: Differences
) -> list[tuple[ChangePoint, ...]]:
    """Everybody's changes as by ``drift.changes``, without those that another's answers explain.

    Where several got worse, the one with the largest fall is taken at their word: what they answered since is left out,
    and the others are looked at again without it. That is repeated until at most one other is left who got worse.
    """
    every = changes(evidence, found, apart)
    settled: dict[int, tuple[ChangePoint, ...]] = {}
    out = np.zeros(len(evidence.coded.task), dtype=np.bool_)
    for _ in range(ROUNDS):
        falls = {who: fall for who, mine in enumerate(every) if who not in settled and (fall := _fall(mine)) > 0}
        if len(falls) < 2:
            break
        worst = max(falls, key=lambda who: (falls[who], -who))
        settled[worst] = every[worst]
        out |= _since(evidence, worst, every[worst])
        rest = _without(evidence, out)
        found = reference(rest, consensus)
        every = changes(rest, found, differences(rest.coded, found, truths(rest)))
    return [settled.get(who, mine) for who, mine in enumerate(every)]


def is_worse(change: ChangePoint) -> bool:
    """Less agreement, or a label more often against the others."""
    if change.series == "agreement":
        return change.after < change.before
    return change.series == "answers" and change.measure in ("given", "left") and change.after > change.before


def _fall(some: Sequence[ChangePoint]) -> float:
    return max((abs(one.after - one.before) for one in some if is_worse(one)), default=0.0)


def _since(evidence: ControlEvidence, who: int, some: Sequence[ChangePoint]) -> BoolArray:
    """The rows of an annotator since their first change for the worse."""
    assert evidence.given_at is not None
    first = min(one.at for one in some if is_worse(one))
    since: BoolArray = (evidence.coded.annotator == who) & (evidence.given_at >= first)
    return since


def _without(evidence: ControlEvidence, out: BoolArray) -> ControlEvidence:
    coded, kept = evidence.coded, ~out
    fewer = replace(coded, task=coded.task[kept], annotator=coded.annotator[kept], answer=coded.answer[kept])
    given_at = None if evidence.given_at is None else evidence.given_at[kept]
    lead_time = None if evidence.lead_time is None else evidence.lead_time[kept]
    return replace(evidence, coded=fewer, given_at=given_at, lead_time=lead_time)
