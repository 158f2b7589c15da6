"""Runs of careful work: answers in a row that a known truth or the others confirm."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from label_config.model import Family

from ..evidence import ControlEvidence
from ..records import BoolArray, FloatArray, IntArray
from .reference import CLEAR, Reference

ALIKE, ALIKE_ON_SCALES = 0.7, 0.99
"""Answers that are right by degrees confirm each other from this 1 - distance on; what is further apart conflicts.
On scales, whose distances are squared, that is a tenth of the values in use."""
SCALES = frozenset({Family.RATING, Family.NUMBER, Family.MOMENT})
NO_TIME = "when the answers were given is not known"
NOTHING_CLEAR = "nothing known for certain or clear among the others says whether their answers are right"


@dataclass(frozen=True, slots=True)
class Streak:
    """The longest run of confirmed answers of somebody, and the one that goes on at their last answer.

    ``n`` answers could be confirmed, ``confirmed`` of them are. ``since`` is when the run that goes on began
    (microseconds since 1970), null where it has no answer. All are exact counts: they have no interval. ``longest`` and
    ``current`` are null together with a ``reason``.
    """

    longest: int | None
    current: int | None
    confirmed: int
    n: int
    since: int | None = None
    reason: str | None = None


def least_alike(family: Family) -> float:
    """The 1 - distance from which on two answers of a family are the same for whoever looks at them."""
    return ALIKE_ON_SCALES if family in SCALES else ALIKE


def confirmations(evidence: ControlEvidence, found: Reference, hasty: FloatArray) -> FloatArray:
    """1 for each row that is confirmed, 0 for each that is not, NaN where nothing clear speaks.

    A ruling or a ground truth confirms what equals it; without one, the consensus of the others does: of single
    choices where it is clear (``CLEAR``), of other answers from ``least_alike`` on. An answer faster than its task can
    be read (``hasty``, as from ``speed.too_fast``) is no careful work: it is NaN too.
    """
    told = found.heard & ~(hasty == 1)
    if found.probability is not None:
        told &= found.probability.max(axis=1, initial=0.0) >= CLEAR
    least = 1.0 if found.probability is not None else least_alike(evidence.control.family)
    return np.where(told, np.nan_to_num(found.score) >= least - 1e-9, np.nan)


def streaks(evidence: ControlEvidence, confirmed: FloatArray) -> list[Streak]:
    """Everybody's streaks, in the order of the annotators; ``confirmed`` as from ``confirmations``.

    Answers stand in the order in which they were given (at one moment: of their tasks' ids). What nothing clear speaks
    about neither goes on with a run nor ends it.
    """
    coded, time = evidence.coded, evidence.given_at
    if time is None:
        return [Streak(None, None, 0, 0, reason=NO_TIME) for _ in coded.annotators]
    tasks = np.array(coded.tasks, dtype=np.int64)
    rows = np.flatnonzero(~np.isnan(confirmed) & (time > 0))
    order = rows[np.lexsort((tasks[coded.task[rows]], time[rows], coded.annotator[rows]))]
    ends = np.searchsorted(coded.annotator[order], np.arange(len(coded.annotators) + 1)).tolist()
    return [_streak(confirmed[order[start:end]] == 1, time[order[start:end]]) for start, end in pairwise(ends)]


def _streak(right: BoolArray, time: IntArray) -> Streak:
    if not len(right):
        return Streak(None, None, 0, 0, reason=NOTHING_CLEAR)
    breaks = np.concatenate([[-1], np.flatnonzero(~right), [len(right)]])
    runs = np.diff(breaks) - 1
    current = int(runs[-1])
    since = int(time[len(right) - current]) if current else None
    return Streak(int(runs.max()), current, int(right.sum()), len(right), since)
