"""Small answers of regions that are their bounds, compared all with all, thousands of answers in step."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..matching import largest_sum
from ..records import BoolArray, FloatArray, IntArray
from .packed_regions import BOX, PackedRegions

SMALL = 64
"""Answers of up to so many regions times regions are small."""
_CELLS = 1 << 17
"""How many regions times regions are laid out at once: few enough to stay near the processor (measured)."""
_TOGETHER = 1 << 19
"""Of how many the conflicts are solved together."""


def same_size(n: IntArray, m: IntArray, cells: int) -> Iterator[IntArray]:
    """Pairs of small answers in groups of equally many regions, of up to so many regions times regions together."""
    small = np.flatnonzero((n > 0) & (m > 0) & (n * m <= SMALL))
    size = n[small] * (SMALL + 1) + m[small]
    order = np.argsort(size, kind="stable")
    for group in np.split(small[order], np.flatnonzero(np.diff(size[order])) + 1):
        if len(group):
            at_once = max(1, cells // int(n[group[0]] * m[group[0]]))
            yield from np.split(group, range(at_once, len(group), at_once))


def agreed(
    regions: PackedRegions, left: IntArray, right: IntArray, labels: bool, threshold: float | None
) -> tuple[FloatArray, BoolArray]:
    """How much the matched regions of each pair agree, and which pairs that was computed of; each of shape (pairs,).

    The largest sum of IoU over one-to-one matchings, or the largest number of matches with at least the IoU
    ``threshold``. Computed of small answers; of none where any region is not its bounds, or has no area.
    """
    done, found = np.zeros(len(left), dtype=np.bool_), np.zeros(len(left))
    if not _all_bounds(regions):
        return found, done
    sizes, offsets = regions.sizes, regions.offsets
    n, m = sizes[left], sizes[right]
    told_apart = [_narrow(part) for part in (regions.where, regions.labels)[: 1 + labels] if _differ(part)]
    for places in same_size(n, m, _TOGETHER):
        shape = int(n[places[0]]), int(m[places[0]])
        first, other_first = offsets[left[places]], offsets[right[places]]
        conflicts, tables = [], []
        at_once = max(1, _CELLS // (shape[0] * shape[1]))
        for start in range(0, len(places), at_once):
            some = slice(start, start + at_once)
            lefts, rights = (
                one[some] + np.arange(k)[:, None] for one, k in zip((first, other_first), shape, strict=True)
            )
            table = _iou(regions.bounds, lefts, rights)
            for part in told_apart:
                table *= part[lefts][:, None] == part[rights]
            if threshold is not None:
                table = (table >= threshold).astype(np.float64)
            found[places[some]], rest = _first_choices(table)
            conflicts.append(places[some][rest])
            tables.append(np.maximum(table[:, :, rest], 0.0))
        found[np.concatenate(conflicts)] = largest_sum(np.concatenate(tables, axis=2))
        done[places] = True
    return found, done


def _all_bounds(regions: PackedRegions) -> bool:
    left, top, right, bottom = regions.bounds
    plain = len(regions.kind) > 0 and regions.kind[0] <= BOX and not _differ(regions.kind)
    return bool(plain and np.all(right > left) and np.all(bottom > top))


def _differ(values: NDArray[np.integer]) -> bool:
    return bool(len(values) and np.any(values != values[0]))


def _narrow(codes: IntArray) -> NDArray[np.integer]:
    """The same numbers in as few bytes as they fit in: those are compared fastest."""
    return codes.astype(np.min_scalar_type(int(codes.max())))


def _iou(bounds: FloatArray, left: IntArray, right: IntArray) -> FloatArray:
    """Of regions at positions (n, pairs) and (m, pairs): intersection over union, shape (n, m, pairs).

    Where there is no intersection the number may be negative.
    """
    x, y, far_x, far_y = (side[left] for side in bounds)
    other_x, other_y, other_far_x, other_far_y = (side[right] for side in bounds)
    area, other_area = (far_x - x) * (far_y - y), (other_far_x - other_x) * (other_far_y - other_y)
    shared = np.minimum(far_x[:, None], other_far_x)
    shared -= np.maximum(x[:, None], other_x)
    np.maximum(shared, 0.0, out=shared)
    height = np.minimum(far_y[:, None], other_far_y)
    height -= np.maximum(y[:, None], other_y)
    shared *= height
    union: FloatArray = np.add(area[:, None], other_area, out=height)
    union -= shared
    shared /= union
    iou: FloatArray = shared
    return iou


def _first_choices(table: FloatArray) -> tuple[FloatArray, IntArray]:
    """The sum of what every row likes best, and in which tables that is no matching: tables (n, m, pairs).

    Where the best of all rows are in different columns, nothing is better than to take them; the same with columns.
    """
    total, rest = _one_side(table, axis=1)
    by_column, conflicts = _one_side(table[:, :, rest], axis=0)
    total[rest] = by_column
    return total, rest[conflicts]


def _one_side(table: FloatArray, axis: int) -> tuple[FloatArray, IntArray]:
    most = table.max(axis=axis, keepdims=True)
    np.maximum(most, 0.0, out=most)
    total: FloatArray = most.sum(axis=(0, 1))
    most[most <= 0] = np.inf
    takers = (table == most).view(np.int8).sum(axis=1 - axis, dtype=np.int8)
    return total, np.flatnonzero(takers.max(axis=0) > 1)
