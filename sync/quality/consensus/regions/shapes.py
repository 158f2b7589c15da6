"""The consensus regions of clusters: their shapes in the middle of their annotators', with the label that was found."""

import numpy as np

from label_config.answers import Box, Region, Segment, Shape, Span

from ...distance.packed_regions import DRAWN, SEGMENT, SPAN
from ...distance.shapes import similarity
from ...records import FloatArray, IntArray
from .clusters import Clusters, Marked
from .existence import STRENGTH
from .geometry import between, grouped_medians, medoids, middle

MOST_LEARNED = 10_000
"""In about so many clusters it is looked how near to the middle annotators are."""


def regions_of(found: Marked, clusters: Clusters, kept: IntArray, label: IntArray, weight: FloatArray) -> list[Region]:
    """One region for each of these clusters, with these labels, (kept,); ``weight`` (regions,) is their annotators'.

    Rulings have no weight of their own: clusters that only a ruling knows are not to be asked for.
    """
    place = np.full(len(clusters.task), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    members = np.flatnonzero((place[clusters.of] >= 0) & (found.annotator >= 0))
    members = members[np.argsort(place[clusters.of[members]], kind="stable")]
    group = place[clusters.of[members]]
    first = members[np.searchsorted(group, np.arange(len(kept)))]
    shapes: list[Shape] = [found.regions[one].shape for one in first.tolist()]
    made = _unlike(found, members, group, first, weight)
    better = weight * _exactness(found, members, group, made)
    for at, shape in _unlike(found, members, group, first, better) if np.any(better != weight) else made:
        shapes[at] = shape
    return [
        Region(shape, found.label_sets[code], found.regions[one].where)
        for shape, code, one in zip(shapes, label.tolist(), first.tolist(), strict=True)
    ]


def _exactness(found: Marked, members: IntArray, group: IntArray, made: list[tuple[int, Shape]]) -> FloatArray:
    """How much nearer than all others each region's annotator usually is to the middle of three or more: (regions,).

    The usual distance (1 - similarity) of all over that of the annotator, which is drawn to it as by ``STRENGTH``
    regions.
    """
    chosen = np.array([at for at, _ in made], dtype=np.int64)
    start, end = np.searchsorted(group, chosen), np.searchsorted(group, chosen, side="right")
    several = np.flatnonzero(end - start >= 3)
    several = several[:: max(1, len(several) // MOST_LEARNED)]
    if not len(several):
        return np.ones(len(found.regions))
    places = np.concatenate([members[start[one] : end[one]] for one in several.tolist()])
    middles = [made[one][1] for one in several.tolist() for _ in range(start[one], end[one])]
    apart = 1 - similarity([found.regions[place].shape for place in places.tolist()], middles)
    who = found.annotator[places]
    people = int(found.annotator.max()) + 1
    far, times = np.bincount(who, apart, minlength=people), np.bincount(who, minlength=people)
    usual = float(apart.mean())
    if usual == 0:
        return np.ones(len(found.regions))
    nearer = usual / ((far + STRENGTH * usual) / (times + STRENGTH))
    exactness: FloatArray = np.append(nearer, 1.0)[found.annotator]
    return exactness


def _unlike(
    found: Marked, members: IntArray, group: IntArray, first: IntArray, weight: FloatArray
) -> list[tuple[int, Shape]]:
    """The shapes of the clusters whose members are not all in the same place."""
    packed = found.packed
    plain = (packed.kind[members] != DRAWN) & (packed.kind[members] == packed.kind[first[group]])
    differ = np.any(packed.bounds[:, members] != packed.bounds[:, first[group]], axis=0)
    by_bounds = np.bincount(group, ~plain, minlength=len(first)) == 0
    moved = by_bounds & (np.bincount(group, differ, minlength=len(first)) > 0)
    changed = _by_sides(found, members, group, np.flatnonzero(moved), weight)
    return changed + _drawn(found, members, group, np.flatnonzero(~by_bounds), weight)


def _by_sides(
    found: Marked, members: IntArray, group: IntArray, chosen: IntArray, weight: FloatArray
) -> list[tuple[int, Shape]]:
    """Spans, segments and boxes: the weighted median of each side.

    Of two sides that weigh the same, a segment or a box has the middle, a span what makes it longer.
    """
    place = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    at = np.flatnonzero(place[group] >= 0)
    own = place[group[at]]
    sides = [grouped_medians(own, side[members[at]], weight[members[at]], len(chosen)) for side in found.packed.bounds]
    kind = np.zeros(len(chosen), dtype=np.int64)
    kind[own] = found.packed.kind[members[at]]
    longer = [*zip(sides[0][0].tolist(), sides[2][1].tolist(), strict=True)]
    middles = [*zip(*(between(low, high).tolist() for low, high in sides), strict=True)]
    return [
        (one, Span(int(start), int(end)) if code == SPAN else _shape(code, sides_))
        for one, code, (start, end), sides_ in zip(chosen.tolist(), kind.tolist(), longer, middles, strict=True)
    ]


def _shape(kind: int, sides: tuple[float, float, float, float]) -> Shape:
    left, top, right, bottom = sides
    return Segment(left, right) if kind == SEGMENT else Box(left, top, right - left, bottom - top)


def _drawn(
    found: Marked, members: IntArray, group: IntArray, chosen: IntArray, weight: FloatArray
) -> list[tuple[int, Shape]]:
    """All other shapes: in their middle, or the middle one of them."""
    start, end = np.searchsorted(group, chosen), np.searchsorted(group, chosen, side="right")
    made: list[tuple[int, Shape]] = []
    rest: list[tuple[int, list[Shape], FloatArray]] = []
    for one, low, high in zip(chosen.tolist(), start.tolist(), end.tolist(), strict=True):
        places = members[low:high]
        shapes = [found.regions[place].shape for place in places.tolist()]
        shape = middle(shapes, weight[places])
        if shape is None:
            rest.append((one, shapes, weight[places]))
        else:
            made.append((one, shape))
    best = medoids([(shapes, weights) for _, shapes, weights in rest])
    return made + [(one, shapes[place]) for (one, shapes, _), place in zip(rest, best, strict=True)]
