"""A project's tasks and the answers to them as arrays, and which answer made which task complete."""

from dataclasses import dataclass

import numpy as np

from ..records import BoolArray, FloatArray, IntArray

DAY = 86_400_000_000
"""Microseconds."""
HOUR = DAY // 24
NEVER = -1
"""Where something has not happened."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """``created_at`` and ``wanted`` (answers to a task, at least 1) have a value a task; the others one an answer.

    ``task`` holds places among the tasks. Of one person on a task there is one answer, ``at`` its time. Times are
    microseconds since 1970, ``lead_time`` is in seconds, NaN where it is unknown.
    """

    created_at: IntArray
    wanted: IntArray
    task: IntArray
    annotator: IntArray
    at: IntArray
    lead_time: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Completion:
    """``counts`` has a value an answer: it is one of those that its task wants, the first ones.

    ``at`` has a value a task: when the last of these came, NEVER where some are missing; ``missing`` is how many.
    """

    counts: BoolArray
    at: IntArray
    missing: IntArray


def completion(work: Work) -> Completion:
    """Which answers count towards what their tasks want, and when that was reached.

    >>> two = np.array([2, 1])
    >>> work = Work(two * 0, two, np.array([0, 0, 0, 1]), np.arange(4), np.array([30, 10, 20, 5]), np.ones(4))
    >>> found = completion(work)
    >>> found.counts.tolist(), found.at.tolist(), found.missing.tolist()
    ([False, True, True, True], [20, 5], [0, 0])
    """
    order = np.lexsort((work.annotator, work.at, work.task))
    task = work.task[order]
    given = np.bincount(work.task, minlength=len(work.wanted))
    first = np.cumsum(given) - given
    rank = np.arange(len(order)) - first[task]
    wanted = work.wanted[task]
    counts = np.zeros(len(order), dtype=np.bool_)
    counts[order] = rank < wanted
    at = np.full(len(work.wanted), NEVER, dtype=np.int64)
    last = rank == wanted - 1
    at[task[last]] = work.at[order[last]]
    return Completion(counts, at, np.maximum(work.wanted - given, 0))
