"""How much of what two answers mark is marked by both, however it is cut into regions."""

from collections import defaultdict
from dataclasses import replace

import numpy as np

from label_config.answers import Segment, Shape, Span

from ..records import BoolArray, FloatArray, IntArray
from .box_unions import without_shared_area
from .overlaps import overlaps, shared_extent
from .packed_regions import BOX, DRAWN, SEGMENT, SPAN, PackedRegions
from .regions import soft_f1
from .shapes import overlap as covered

_ROUNDING = 1e-9
"""Areas that differ by less, as a part of their union, are the same."""


def overlap(regions: PackedRegions, left: IntArray, right: IntArray, labels: bool = True) -> FloatArray:
    """1 - what both mark / what either marks, in characters, time, area or area times frames (Jaccard 1901).

    With ``labels`` each label apart, then added up: what was marked with two labels counts for both. What the regions
    of one answer share counts once. Points, open lines, instants and whole surfaces have no extent and count nothing;
    two answers that have none other are compared by their matched regions (``soft_f1``). Gives shape (pairs,), in
    [0, 1].
    """
    shared, united = _extents(regions, left, right, labels)
    return _or_matched(1 - _part(shared, united), united, regions, left, right, labels)


def dice(regions: PackedRegions, left: IntArray, right: IntArray, labels: bool = True) -> FloatArray:
    """1 - twice what both mark / what the one and what the other marks (Dice 1945); otherwise as ``overlap``."""
    shared, united = _extents(regions, left, right, labels)
    return _or_matched(1 - _part(2 * shared, united + shared), united, regions, left, right, labels)


def _part(shared: FloatArray, of: FloatArray) -> FloatArray:
    part: FloatArray = np.divide(shared, of, out=np.zeros(len(of)), where=of > 0)
    return part


def _or_matched(
    found: FloatArray, united: FloatArray, regions: PackedRegions, left: IntArray, right: IntArray, labels: bool
) -> FloatArray:
    """Where nothing has an extent, the matched regions decide."""
    found = np.clip(np.where(found < _ROUNDING, 0.0, found), 0.0, 1.0)
    without = np.flatnonzero(united <= 0)
    if len(without):
        found[without] = soft_f1(regions, left[without], right[without], labels)
    return found


def _extents(regions: PackedRegions, left: IntArray, right: IntArray, labels: bool) -> tuple[FloatArray, FloatArray]:
    """What both mark, and what either marks: each of shape (pairs,)."""
    parts = _merged(_by_label(regions, labels))
    drawn, used = _drawn(parts), np.union1d(left, right)
    used = used[~drawn[used]]
    parts = without_shared_area(parts, _sharing(parts, used))
    x, y, far_x, far_y = np.where(parts.kind <= BOX, parts.bounds, 0.0)
    size = np.bincount(parts.answers, (far_x - x) * (far_y - y), minlength=len(parts.sizes))
    shared = np.zeros(len(left))
    drawn[parts.answers[_sharing(parts, used)]] = True
    slow = drawn[left] | drawn[right]
    sums = np.flatnonzero(~slow)
    for found in overlaps(parts, left[sums], right[sums], alike=shared_extent):
        shared[sums[found.places]] = found.sums()
    united = size[left] + size[right] - shared
    for pair in np.flatnonzero(slow).tolist():
        shared[pair], united[pair] = _covered(parts, int(left[pair]), int(right[pair]))
    return shared, united


def _by_label(regions: PackedRegions, labels: bool) -> PackedRegions:
    """Each region as often as it has labels, with one label each; or all with the same."""
    if not labels:
        return replace(regions, labels=np.zeros(len(regions.labels), dtype=np.int64), label_sets=(frozenset(),))
    names = sorted({label for one in regions.label_sets for label in one})
    if all(len(one) <= 1 for one in regions.label_sets):
        return regions
    number = {name: place + 1 for place, name in enumerate(names)}
    codes = [sorted(number[label] for label in one) or [0] for one in regions.label_sets]
    times = np.array([len(one) for one in codes])[regions.labels]
    source = np.repeat(np.arange(len(regions.labels)), times)
    label = np.array([code for place in regions.labels.tolist() for code in codes[place]], dtype=np.int64)
    return _taken(regions, source, label, (frozenset(), *(frozenset((name,)) for name in names)))


def _taken(
    regions: PackedRegions, source: IntArray, labels: IntArray, label_sets: tuple[frozenset[str], ...]
) -> PackedRegions:
    """The regions at these positions, which ascend by answer."""
    size = np.bincount(regions.answers[source], minlength=len(regions.sizes))
    return PackedRegions(
        offsets=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
        bounds=regions.bounds[:, source],
        kind=regions.kind[source],
        where=regions.where[source],
        labels=labels,
        label_sets=label_sets,
        shapes={new: regions.shapes[old] for new, old in enumerate(source.tolist()) if old in regions.shapes},
    )


def _merged(regions: PackedRegions) -> PackedRegions:
    """Spans and segments of one answer, surface and label that touch become one; everything else stays."""
    flat = regions.kind <= SEGMENT
    if not flat.any():
        return regions
    start, end = regions.bounds[0], regions.bounds[2]
    order = np.lexsort((start, regions.labels, regions.where, regions.kind, regions.answers))
    groups = np.stack([regions.answers, regions.where, regions.labels, regions.kind.astype(np.int64)])[:, order]
    new = np.concatenate([[True], np.any(groups[:, 1:] != groups[:, :-1], axis=0)]) | ~flat[order]
    values, rank = np.unique(end, return_inverse=True)
    reached = np.maximum.accumulate(np.cumsum(new) * len(values) + rank[order])
    until = values[reached % len(values)]
    new[1:] |= start[order][1:] > until[:-1]
    first = np.flatnonzero(new)
    merged = _taken(regions, order[first], regions.labels[order[first]], regions.label_sets)
    last = np.append(first[1:], len(order)) - 1
    merged.bounds[2] = np.where(merged.kind <= SEGMENT, until[last], merged.bounds[2])
    return merged


def _drawn(regions: PackedRegions) -> BoolArray:
    """(answers,): true where shapes are needed."""
    found: BoolArray = np.bincount(regions.answers, regions.kind == DRAWN, minlength=len(regions.sizes)) > 0
    return found


def _sharing(regions: PackedRegions, answers: IntArray) -> IntArray:
    """The positions of regions that share area with another of their answer, surface and label."""
    sharing = [
        found.touching.left[found.touching.left != found.touching.right]
        for found in overlaps(regions, answers, answers, alike=shared_extent)
    ]
    places: IntArray = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *sharing]))
    return places


def _covered(regions: PackedRegions, left: int, right: int) -> tuple[float, float]:
    """The same of two answers whose regions have shapes, surface by surface and label by label."""
    sides: dict[tuple[int, int], tuple[list[Shape], list[Shape]]] = defaultdict(lambda: ([], []))
    for side, answer in enumerate((left, right)):
        for place in range(int(regions.offsets[answer]), int(regions.offsets[answer + 1])):
            if regions.kind[place] in (SPAN, SEGMENT, BOX, DRAWN):
                key = int(regions.where[place]), int(regions.labels[place])
                sides[key][side].append(_shape(regions, place))
    found = [covered(*both) for both in sides.values()]
    return sum(one for one, _ in found), sum(other for _, other in found)


def _shape(regions: PackedRegions, place: int) -> Shape:
    if regions.kind[place] in (SPAN, SEGMENT):
        start, end = regions.bounds[[0, 2], place].tolist()
        return Segment(start, end) if regions.kind[place] == SEGMENT else Span(int(start), int(end))
    return regions.shape(place)
