"""Answers that mark regions: matched one to one so that as much as can be agrees, then compared.

Regions match only on one surface, and where their labels are equal (as sets); a distance whose name ends in "_blind"
does not look at labels. All are 0 for answers that both mark nothing, and 1 where one of them does. Regions whose
shapes have no extent, points and lines, overlap as far as ``shapes`` says that they are near each other.
"""

from dataclasses import replace

import numpy as np

from label_config.answers import Shape

from ..records import BoolArray, FloatArray, IntArray
from . import tables
from .overlaps import ROUNDING, overlaps
from .packed_regions import BOX, WHOLE, PackedRegions


def soft_f1(regions: PackedRegions, left: IntArray, right: IntArray, labels: bool = True) -> FloatArray:
    """1 - 2 sum of the IoU of matched regions / (n + m): F1 in which a match counts as far as it overlaps.

    The matching is the one with the largest sum. ``left`` and ``right``, shape (pairs,), are positions of answers.
    Gives shape (pairs,), in [0, 1].

    >>> from .packed_regions import pack_boxes
    >>> corners = np.array([[0.0, 0, 2, 2], [5, 5, 6, 6], [0, 0, 2, 1]])
    >>> packed = pack_boxes(corners, np.array([0, 0, 0]), np.array([0, 2, 3]), ["cat"])
    >>> soft_f1(packed, np.array([0, 0]), np.array([1, 0])).round(3).tolist()
    [0.667, 0.0]
    """
    agreed, done = tables.agreed(regions, left, right, labels, None)
    rest = np.flatnonzero(~done)
    for found in overlaps(regions, left[rest], right[rest], labels=labels):
        agreed[rest[found.places]] = found.matched().sums()
    return _one_less_f1(regions, left, right, agreed)


def f1_at(
    regions: PackedRegions, left: IntArray, right: IntArray, labels: bool = True, *, threshold: float = 0.5
) -> FloatArray:
    """1 - F1, where regions match that have at least the IoU ``threshold``: as many as can be one to one."""
    agreed, done = tables.agreed(regions, left, right, labels, threshold)
    rest = np.flatnonzero(~done)
    for found in overlaps(regions, left[rest], right[rest], labels=labels):
        agreed[rest[found.places]] = found.of(found.similarity >= threshold - ROUNDING).as_many_as_can_be().counts()
    return _one_less_f1(regions, left, right, agreed)


def f1_exact(regions: PackedRegions, left: IntArray, right: IntArray, labels: bool = True) -> FloatArray:
    """1 - F1, where only equal regions match."""
    place = _equal_places(regions, labels)
    (pair, one), (other_pair, other) = _every_region(regions, left), _every_region(regions, right)
    kinds = int(place.max(initial=0)) + 1
    keys, counts = np.unique(pair * kinds + place[one], return_counts=True)
    other_keys, other_counts = np.unique(other_pair * kinds + place[other], return_counts=True)
    shared, here, there = np.intersect1d(keys, other_keys, assume_unique=True, return_indices=True)
    equal = np.minimum(counts[here], other_counts[there])
    agreed = np.bincount(shared // kinds, equal, minlength=len(left)).astype(np.float64)
    return _one_less_f1(regions, left, right, agreed)


def boundary(
    regions: PackedRegions, left: IntArray, right: IntArray, labels: bool = True, *, tolerance: float = 0.5
) -> FloatArray:
    """1 - F1, where spans and segments match whose both ends are at most ``tolerance`` apart, as many as can be.

    The tolerance is in the unit of the answer: seconds of segments, characters of spans (Turnbull et al. 2007 take 0.5
    and 3 seconds). Of boxes all four sides have to be as near; every other shape matches an equal one alone.
    """

    def alike(_: PackedRegions, one: IntArray, other: IntArray) -> FloatArray:
        return _ends_near(regions, one, other, tolerance)

    # Widened by a little more than half of it on each side, whatever is near enough touches.
    wider = regions.bounds + np.array([[-1.0], [-1.0], [1.0], [1.0]]) * (0.51 * tolerance)
    agreed = np.zeros(len(left))
    for found in overlaps(replace(regions, bounds=wider), left, right, labels=labels, alike=alike):
        agreed[found.places] = found.as_many_as_can_be().counts()
    return _one_less_f1(regions, left, right, agreed)


def _one_less_f1(regions: PackedRegions, left: IntArray, right: IntArray, agreed: FloatArray) -> FloatArray:
    total = (regions.sizes[left] + regions.sizes[right]).astype(np.float64)
    f1 = np.divide(2 * agreed, total, out=np.ones(len(left)), where=total > 0)
    return np.clip(1 - f1, 0.0, 1.0)


def _every_region(regions: PackedRegions, answers: IntArray) -> tuple[IntArray, IntArray]:
    """The regions of these answers one after another: which of the answers, and the region's position."""
    size = regions.sizes[answers]
    answer = np.repeat(np.arange(len(answers)), size)
    return answer, np.arange(len(answer)) + (regions.offsets[answers] - (np.cumsum(size) - size))[answer]


def _equal_places(regions: PackedRegions, labels: bool) -> IntArray:
    """A number for each region: the same for equal places, on one surface, with equal labels if they count."""
    shape = np.zeros(len(regions.kind), dtype=np.int64)
    numbers: dict[Shape, int] = {}
    for place, drawn in regions.shapes.items():
        shape[place] = numbers.setdefault(drawn, len(numbers))
    columns = [*regions.bounds, regions.kind, regions.where, shape, *([regions.labels] if labels else [])]
    told_apart = [column for column in columns if len(column) and np.any(column != column[0])]
    if not told_apart:
        return np.zeros(len(regions.kind), dtype=np.int64)
    order = np.lexsort(told_apart)
    new = np.any([column[order][1:] != column[order][:-1] for column in told_apart], axis=0)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.concatenate([[0], np.cumsum(new)])
    return number


def _ends_near(regions: PackedRegions, left: IntArray, right: IntArray, tolerance: float) -> FloatArray:
    """1 where every end or side is near enough, else 0."""
    plain: BoolArray = (regions.kind[left] == regions.kind[right]) & (regions.kind[left] <= BOX)
    near = plain.copy()
    for side in regions.bounds:
        near[near] = np.abs(side[left[near]] - side[right[near]]) <= tolerance
    rest = np.flatnonzero(~plain)
    rest = rest[np.all(regions.bounds[:, left[rest]] == regions.bounds[:, right[rest]], axis=0)]
    near[rest] = [_equal(regions, *places) for places in zip(left[rest].tolist(), right[rest].tolist(), strict=True)]
    return near.astype(np.float64)


def _equal(regions: PackedRegions, left: int, right: int) -> bool:
    """Of two regions whose bounds do not decide."""
    if regions.kind[left] != regions.kind[right]:
        return False
    return bool(regions.kind[left] == WHOLE) or regions.shapes[left] == regions.shapes[right]
