"""What to thank people for: streaks, improvement, accepted answers. Nobody is ranked by speed."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evidence import ControlEvidence
from ..records import ControlConsensus, Estimate, FloatArray, IntArray
from .improvement import Improvement, improvements
from .means import means
from .reference import Reference, reference, ruler_of, similarity_to, truths
from .reliability import pooled
from .repeats import self_agreements
from .speed import too_fast
from .streaks import Streak, confirmations, least_alike, streaks

NONE_ACCEPTED = "none of their tasks was decided, or answered by somebody else too without a tie"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of somebody's answers: ``plain`` as counted (Jeffreys' interval), and ``drawn`` to everybody's.

    The fewer answers, the more ``drawn`` is what everybody has (hierarchical Beta-binomial): show that one.
    """

    plain: Estimate
    drawn: Estimate


@dataclass(frozen=True, slots=True)
class Recognition:
    """One annotator on one control.

    ``acceptance`` is the share of their answers that are the label that stands now, of those on tasks that have one: a
    ruling, a ground truth, or the consensus of two people or more without a tie (their own voice is part of it).
    ``first_pass`` is the share, of the same answers, that are so without any review of the task. ``self_agreement`` is
    the mean of 1 - distance to their own answers on tasks that they answered again.
    """

    annotator: int
    streak: Streak
    improvement: Improvement
    acceptance: Rate
    first_pass: Rate
    self_agreement: Rate


def recognitions(
    evidence: ControlEvidence,
    consensus: ControlConsensus,
    reviewed: Container[int] = (),
    data: Mapping[int, Mapping[str, Any]] | None = None,
    found: Reference | None = None,
    hasty: FloatArray | None = None,
) -> tuple[Recognition, ...]:
    """One a person, in ascending order of their ids.

    ``reviewed`` are the tasks that anybody was asked to review, ``data`` maps tasks to what they show (see
    ``profiles``). ``found`` is what ``reference`` gives and ``hasty`` what ``too_fast`` does, where they are known
    already.
    """
    coded = evidence.coded
    held = reference(evidence, consensus) if found is None else found
    accepted = _accepted(evidence, consensus)
    unreviewed = np.array([task not in reviewed for task in coded.tasks], dtype=np.bool_)[coded.task]
    first = np.where(np.isnan(accepted), np.nan, np.nan_to_num(accepted) * unreviewed)
    hasty = too_fast(coded, evidence.lead_time, data or {}) if hasty is None else hasty
    careful = confirmations(evidence, held, hasty)
    columns = zip(
        coded.annotators,
        streaks(evidence, careful),
        improvements(evidence, held),
        _rates(coded.annotator, accepted, len(coded.annotators)),
        _rates(coded.annotator, first, len(coded.annotators)),
        _drawn(self_agreements(evidence)),
        strict=True,
    )
    return tuple(Recognition(*one) for one in columns)


def _accepted(evidence: ControlEvidence, consensus: ControlConsensus) -> FloatArray:
    """1 for each row that is the label of its task that stands, 0 for each that is not, NaN where none does."""
    coded = evidence.coded
    place = {task: position for position, task in enumerate(coded.tasks)}
    labels = {
        place[one.task]: one.answer
        for one in consensus.tasks
        if one.task in place and one.annotations > 1 and not one.tie
    }
    labels |= truths(evidence)
    alike = similarity_to(ruler_of(evidence), coded, labels)
    least = least_alike(evidence.control.family)
    return np.where(np.isnan(alike), np.nan, np.nan_to_num(alike) >= least - 1e-9)


def _rates(person: IntArray, value: FloatArray, people: int) -> list[Rate]:
    return _drawn(means(person, value, people, NONE_ACCEPTED))


def _drawn(plain: list[Estimate]) -> list[Rate]:
    """The rates with what each is drawn to by all of them."""
    n = np.array([one.n for one in plain], dtype=np.int64)
    right = np.array([(one.value or 0.0) * one.n for one in plain])
    reason = next((one.reason for one in plain if one.reason), "")
    return [Rate(one, drawn) for one, drawn in zip(plain, pooled(right, n - right, n, reason), strict=True)]
