"""Looks over time: each window of tasks against everything before it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..records import BoolArray, IntArray

FEWEST = 20
"""Tasks in a window."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One comparison: ``after`` marks the window, ``before`` what is earlier; shape (tasks,) both."""

    at: int
    until: int
    before: BoolArray
    after: BoolArray


def looks(times: IntArray, windows: int = 6, least: int = FEWEST) -> Iterator[Look]:
    """The windows from the second one on, each against all before it.

    ``times`` (microseconds since 1970, 0 unknown: left out) are cut into at most ``windows`` windows of about equally
    many tasks, ``least`` or more; tasks of one instant stay together. Nothing where that makes fewer than two.

    >>> [(look.at, int(look.before.sum()), int(look.after.sum())) for look in looks(np.arange(1, 61), 3)]
    [(21, 20, 20), (41, 40, 20)]
    """
    known = np.sort(times[times > 0])
    count = min(windows, len(known) // least)
    if count < 2:
        return
    cuts = np.unique(known[[len(known) * part // count for part in range(1, count)]])
    edges = [int(cut) for cut in cuts if cut > known[0]]
    for at, until in itertools.pairwise([*edges, int(known[-1]) + 1]):
        before, after = (times > 0) & (times < at), (times >= at) & (times < until)
        if min(before.sum(), after.sum()) >= least // 2:
            yield Look(at, until, before, after)
