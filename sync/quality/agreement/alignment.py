"""The best alignment of the units of several annotators on one continuum, and its disorder.

Mathet, Widlöcher, Métivier (2015), "The unified and holistic method gamma (γ) for inter-annotator agreement measure
and alignment", Computational Linguistics 41(3), sections 4 and 5.1. A unitary alignment holds at most one unit of each
annotator; an alignment is a set of them that holds each unit once; the best one has the least disorder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..records import BoolArray, FloatArray, IntArray

POSITION, CATEGORY = 3.0, 1.0
"""The weights of the two dissimilarities (alpha and beta), as in the authors' own program."""

_EACH = 1e-6
"""What a unitary alignment costs beside its disorder, so that of equally good alignments the one with fewer is best."""

NO_UNIT = 1.0
"""The dissimilarity of a unit and no unit (the paper's delta of the empty unit)."""

MOST_CANDIDATES = 20_000
"""Unitary alignments among which the best are chosen, at most."""

MOST_PAIRS = 1_000_000
"""Units of one annotator times units of another, at most: each of these pairs is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The units of one annotator on one continuum: ``start``, ``end``, ``category`` (units,)."""

    start: FloatArray
    end: FloatArray
    category: IntArray

    def __len__(self) -> int:
        return len(self.start)

    def of(self, units: IntArray) -> "Marks":
        """Those at the places ``units``."""
        return Marks(self.start[units], self.end[units], self.category[units])


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """``members`` (unitary alignments, annotators) are places of units, -1 for none; ``disorders`` theirs.

    ``weighed`` is how many unitary alignments there were to choose from: what the search cost.
    """

    members: IntArray
    disorders: FloatArray
    weighed: int


def place_apart(left: Marks, right: Marks) -> FloatArray:
    """How far apart units lie: ((|starts| + |ends|) / (sum of lengths)) squared, unit by unit, broadcast.

    0 for equal places; infinite for different places without length.
    """
    off = np.abs(left.start - right.start) + np.abs(left.end - right.end)
    size = (left.end - left.start) + (right.end - right.start)
    ratio = np.divide(off, size, out=np.where(off > 0, np.inf, 0.0), where=size > 0)
    return np.asarray(NO_UNIT * ratio**2, dtype=np.float64)


def dissimilarity(left: Marks, right: Marks) -> FloatArray:
    """Position and category together, (left units, right units).

    >>> first = Marks(np.array([0.0]), np.array([20.0]), np.array([0]))
    >>> dissimilarity(first, Marks(np.array([0.0]), np.array([5.0]), np.array([1]))).round(2).tolist()
    [[2.08]]
    """
    each = Marks(left.start[:, None], left.end[:, None], left.category[:, None])
    found = POSITION * place_apart(each, right) + CATEGORY * NO_UNIT * (each.category != right.category)
    return np.asarray(found, dtype=np.float64)


def best_alignment(lines: Sequence[Marks]) -> Alignment | None:
    """The alignment of the least disorder; null where there are too many candidates to choose from.

    Of equally good ones (to a millionth) it is the one with the fewest unitary alignments.
    With two annotators that is an assignment; with more an integer program: choose candidates so that each unit is in
    one of them. ``lines`` are those of two annotators or more.
    """
    fewer, most = sorted(len(line) for line in lines)[-2:]
    if fewer * most > MOST_PAIRS:
        return None
    if len(lines) == 2:
        return _assigned(lines[0], lines[1])
    members, disorders = _candidates(lines)
    if len(members) > MOST_CANDIDATES:
        return None
    if len(members) == 0:
        return Alignment(members, disorders, 0)
    before = np.cumsum([0, *(len(line) for line in lines[:-1])])
    candidate, annotator = np.nonzero(members >= 0)
    unit = before[annotator] + members[candidate, annotator]
    chosen = _cheapest(disorders + _EACH, sparse.csr_array((np.ones(len(unit)), (unit, candidate))))
    return None if chosen is None else Alignment(members[chosen], disorders[chosen], len(members))


def _cheapest(costs: FloatArray, holds: sparse.csr_array) -> BoolArray | None:
    """Which candidates to choose so that each unit is held once at the least cost; ``holds`` is (units, candidates).

    Mostly the linear program already has a whole solution, which is then the best one.
    """
    from scipy import optimize  # half a second that most runs need not wait for

    for whole in (0, 1):
        once = optimize.LinearConstraint(holds, 1, 1)
        found = optimize.milp(
            costs, integrality=np.full(len(costs), whole), bounds=optimize.Bounds(0, 1), constraints=once
        )
        if found.x is not None and np.all(np.minimum(found.x, 1 - found.x) < 1e-6):
            return np.asarray(found.x > 0.5)
    return None


def _assigned(left: Marks, right: Marks) -> Alignment:
    """Two annotators: a pair saves what it costs to leave both alone, 2 less its dissimilarity."""
    from scipy.optimize import linear_sum_assignment  # see _cheapest

    apart = dissimilarity(left, right)
    one, other = linear_sum_assignment(np.minimum(apart, 2 * NO_UNIT))
    kept = apart[one, other] <= 2 * NO_UNIT
    one, other = one[kept], other[kept]
    lone = _without(one, len(left)), _without(other, len(right))
    members = np.full((len(one) + len(lone[0]) + len(lone[1]), 2), -1)
    disorders = np.full(len(members), NO_UNIT)
    members[: len(one), 0], members[: len(one), 1], disorders[: len(one)] = one, other, apart[one, other]
    members[len(one) : len(left), 0], members[len(left) :, 1] = lone
    return Alignment(members, disorders, apart.size)


def _without(some: IntArray, size: int) -> IntArray:
    """The places below ``size`` that are not among ``some``."""
    left_out = np.ones(size, dtype=np.bool_)
    left_out[some] = False
    return np.flatnonzero(left_out)


def _candidates(lines: Sequence[Marks]) -> tuple[IntArray, FloatArray]:
    """Unitary alignments that can be part of a best alignment, and their disorders.

    One that is dearer than its units alone is not (section 5.1.1); nor is one from which a unit is better left out,
    which the search sees as soon as that unit comes in. It stops early once there are too many.
    """
    n = len(lines)
    pairs = n * (n - 1) / 2
    members: IntArray = np.arange(-1, len(lines[0]))[:, None]
    apart: FloatArray = np.zeros(len(members))
    for place in range(1, n):
        added = _added(lines, members, place)
        row, unit = np.nonzero(added <= NO_UNIT * (pairs + n - 1))
        if len(row) > 4 * MOST_CANDIDATES:
            return np.full((MOST_CANDIDATES + 1, n), -1), np.zeros(MOST_CANDIDATES + 1)
        apart = apart[row] + added[row, unit]
        members = np.column_stack([members[row], unit - 1])
    size = (members >= 0).sum(axis=1)
    disorders = (apart + NO_UNIT * (pairs - size * (size - 1) / 2)) / pairs
    kept = (size > 0) & (disorders <= NO_UNIT * size)
    return members[kept], disorders[kept]


def _added(lines: Sequence[Marks], members: IntArray, place: int) -> FloatArray:
    """What each unit of annotator ``place`` adds to each of ``members``, (members, 1 + units): none adds nothing."""
    added = np.zeros((len(members), len(lines[place]) + 1))
    for earlier in range(place):
        apart = np.zeros((len(lines[earlier]) + 1, len(lines[place]) + 1))
        apart[1:, 1:] = dissimilarity(lines[earlier], lines[place])
        added += apart[members[:, earlier] + 1]
    return added
