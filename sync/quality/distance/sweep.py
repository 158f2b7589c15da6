"""Which of very many regions touch: by sorting, and for crowded surfaces by a tree."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import shapely

from ..records import BoolArray, IntArray
from .packed_regions import PackedRegions

_AT_ONCE = 1 << 21
"""How many candidates are laid out at once."""
_MOST_CANDIDATES = 1 << 22
"""With more regions that touch along one axis, a tree looks along both."""
MOST_OVERLAPS = 10_000_000
"""More overlapping regions than that in a block of answers are refused: there is no memory to match them in."""


class TooManyOverlaps(ValueError):
    """Two answers overlap in too many places to be matched one to one: a hundred thousand copies of one region, say."""


class Touching(NamedTuple):
    """Regions that touch: which pair of answers, their positions, and numbers of them that differ between pairs."""

    pair: IntArray
    left: IntArray
    right: IntArray
    row: IntArray
    column: IntArray

    def of(self, kept: IntArray | BoolArray) -> "Touching":
        """Those alone that are kept."""
        return Touching(*(array[kept] for array in self))


def sweep(regions: PackedRegions, left: IntArray, right: IntArray) -> Touching:
    """All regions that touch on one surface.

    ``left`` and ``right``, shape (pairs,), are positions of answers. Two intervals touch when one starts within the
    other, so that with starts in order each region finds its own by two binary searches: O((n + found) log n) along
    an axis (Bentley and Ottmann's sweep without crossings). Of the two axes the one that leaves less is taken.
    Raises TooManyOverlaps.
    """
    pair, lefts = _spread(regions, left)
    other_pair, rights = _spread(regions, right)
    surfaces = int(regions.where.max(initial=0)) + 1
    group, other_group = pair * surfaces + regions.where[lefts], other_pair * surfaces + regions.where[rights]
    ranges = [_Ranges(regions, axis, (group, lefts), (other_group, rights)) for axis in (0, 1)]
    best = min(ranges, key=lambda one: one.count)
    if best.count <= _MOST_CANDIDATES:
        row, column = best.touching()
    else:
        row, column = _by_tree(regions, (group, lefts), (other_group, rights))
    return Touching(pair[row], lefts[row], rights[column], row, column)


def _spread(regions: PackedRegions, answers: IntArray) -> tuple[IntArray, IntArray]:
    """The regions of these answers one after another: which of the answers, and the region's position."""
    size = regions.sizes[answers]
    answer = np.repeat(np.arange(len(answers)), size)
    within = np.arange(len(answer)) - np.repeat(np.cumsum(size) - size, size)
    return answer, regions.offsets[answers][answer] + within


class _Ranges:
    """Along one axis: each left region finds those on the right that start in it, and the other way round."""

    def __init__(
        self, regions: PackedRegions, axis: int, left: tuple[IntArray, IntArray], right: tuple[IntArray, IntArray]
    ) -> None:
        (group, lefts), (other_group, rights) = left, right
        near, far, self._across = regions.bounds[axis], regions.bounds[axis + 2], regions.bounds[[1 - axis, 3 - axis]]
        self._lefts, self._rights = lefts, rights
        ends = np.concatenate([near[lefts], far[lefts], near[rights], far[rights]])
        values, rank = np.unique(ends, return_inverse=True)
        start, end, other_start, other_end = np.split(
            np.concatenate([group, group, other_group, other_group]) * len(values) + rank,
            np.cumsum([len(lefts), len(lefts), len(rights)]),
        )
        self._order, self._other_order = np.argsort(start, kind="stable"), np.argsort(other_start, kind="stable")
        starts, other_starts = start[self._order], other_start[self._other_order]
        self._first = np.searchsorted(other_starts, start, "left")
        self._size = np.searchsorted(other_starts, end, "right") - self._first
        self._other_first = np.searchsorted(starts, other_start, "right")
        self._other_size = np.searchsorted(starts, other_end, "right") - self._other_first
        self.count = int(self._size.sum() + self._other_size.sum())

    def touching(self) -> tuple[IntArray, IntArray]:
        """The positions of left and right regions that touch along both axes, in ascending order."""
        found = [
            *((row, self._other_order[place]) for row, place in _expand(self._first, self._size)),
            *((self._order[place], row) for row, place in _expand(self._other_first, self._other_size)),
        ]
        near, far = self._across
        rows, columns, count = [], [], 0
        for row, column in found:
            one, other = self._lefts[row], self._rights[column]
            kept = np.flatnonzero((near[one] <= far[other]) & (near[other] <= far[one]))
            rows.append(row[kept])
            columns.append(column[kept])
            count = _counted(count + len(kept))
        return _in_order(rows, columns)


def _expand(first: IntArray, size: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Each range laid out, in blocks: whose it is, and the numbers from its first on."""
    cuts = np.flatnonzero(np.diff(np.cumsum(size) // _AT_ONCE)) + 1
    for owners in np.split(np.arange(len(first)), cuts):
        count = size[owners]
        owner = np.repeat(owners, count)
        yield owner, np.arange(len(owner)) + np.repeat(first[owners] - (np.cumsum(count) - count), count)


def _by_tree(
    regions: PackedRegions, left: tuple[IntArray, IntArray], right: tuple[IntArray, IntArray]
) -> tuple[IntArray, IntArray]:
    """The same by a tree of rectangles (Leutenegger, Lopez and Edgington 1997), surface by surface."""
    (group, lefts), (other_group, rights) = left, right
    finite = regions.bounds[np.isfinite(regions.bounds)]
    edge = float(np.abs(finite).max(initial=0.0)) + 1.0
    rectangles = shapely.box(*np.clip(regions.bounds, -edge, edge))
    rows, columns, count = [], [], 0
    for surface in np.intersect1d(group, other_group).tolist():
        here, there = np.flatnonzero(group == surface), np.flatnonzero(other_group == surface)
        tree = shapely.STRtree(rectangles[rights[there]])
        at_once = max(1, _MOST_CANDIDATES // len(there))
        for some in np.split(here, range(at_once, len(here), at_once)):
            row, column = tree.query(rectangles[lefts[some]])
            rows.append(some[row])
            columns.append(there[column])
            count = _counted(count + len(row))
    return _in_order(rows, columns)


def _counted(overlaps: int) -> int:
    if overlaps > MOST_OVERLAPS:
        raise TooManyOverlaps(f"more than {MOST_OVERLAPS:,} regions of two annotators overlap; no more can be matched")
    return overlaps


def _in_order(rows: list[IntArray], columns: list[IntArray]) -> tuple[IntArray, IntArray]:
    row, column = np.concatenate(rows), np.concatenate(columns)
    order = np.lexsort((column, row))
    return row[order], column[order]
