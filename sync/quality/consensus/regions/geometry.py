"""Where a cluster's region is: one shape from all of its annotators', by their weight."""

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from label_config.answers import Ellipse, KeyPoint, Mask, Shape

from ...distance.shapes import similarity
from ...records import BoolArray, FloatArray, IntArray

MOST_COMPARED = 32
"""Of more shapes in a cluster, so many of those with the largest weight are compared to find the middle one."""
_EQUAL = 1e-9

Middle = Callable[[Sequence[Shape], FloatArray], Shape | None]
"""Shapes of one kind and the annotators' weights -> the shape in their middle; null where they have none."""


def grouped_medians(
    group: IntArray, values: FloatArray, weights: FloatArray, groups: int
) -> tuple[FloatArray, FloatArray]:
    """The lower and the upper weighted median of each group: different only where half of its weight is on either side.

    ``group``, ``values`` and ``weights`` are parallel; no group is empty. Gives two of shape (groups,).

    >>> low, high = grouped_medians(np.zeros(3, int), np.array([3.0, 1.0, 7.0]), np.array([1.0, 1.0, 2.0]), 1)
    >>> low.tolist(), high.tolist()
    ([3.0], [7.0])
    """
    order = np.lexsort((values, group))
    group, values, weights = group[order], values[order], weights[order]
    first = np.searchsorted(group, np.arange(groups))
    reached = np.cumsum(weights)
    reached -= (reached[first] - weights[first])[group]
    total = np.bincount(group, weights, minlength=groups)
    half, slack = total / 2, _EQUAL * total
    found = [
        first + np.bincount(group, reached < bound[group], minlength=groups) for bound in (half - slack, half + slack)
    ]
    last = np.append(first[1:], len(group)) - 1
    low, high = (values[np.minimum(place.astype(np.int64), last)] for place in found)
    return low, high


def between(low: FloatArray, high: FloatArray) -> FloatArray:
    """The middle between two medians that weigh the same."""
    return np.where(low == high, low, low / 2 + high / 2)


def _medians(rows: Sequence[Sequence[float]], weights: FloatArray) -> list[float]:
    """The weighted median of each column."""
    table = np.array(rows, dtype=np.float64)
    column = np.tile(np.arange(table.shape[1]), len(table))
    found = grouped_medians(column, table.ravel(), np.repeat(weights, table.shape[1]), table.shape[1])
    return [float(value) for value in between(*found)]


def _ellipses(shapes: Sequence[Shape], weights: FloatArray) -> Shape | None:
    """Centre and radii by themselves; only where all are turned alike."""
    drawn = [one for one in shapes if isinstance(one, Ellipse)]
    if any(one.rotation != drawn[0].rotation for one in drawn):
        return None
    x, y, across, down = _medians([(one.x, one.y, one.radius_x, one.radius_y) for one in drawn], weights)
    return Ellipse(x, y, across, down, drawn[0].rotation)


def _key_points(shapes: Sequence[Shape], weights: FloatArray) -> Shape | None:
    points = [one for one in shapes if isinstance(one, KeyPoint)]
    if any(one.canvas != points[0].canvas for one in points):
        return None
    x, y = _medians([(one.x, one.y) for one in points], weights)
    return KeyPoint(x, y, points[0].canvas)


def _masks(shapes: Sequence[Shape], weights: FloatArray) -> Shape | None:
    """The pixels that more than half of the weight is on, half of it where those are none."""
    drawn = [one for one in shapes if isinstance(one, Mask)]
    size = drawn[0].width, drawn[0].height
    if any((one.width, one.height) != size for one in drawn):
        return None
    ends = [np.cumsum(np.array(one.runs, dtype=np.int64)) for one in drawn]
    places = np.concatenate(ends)
    steps = np.concatenate(
        [np.where(np.arange(len(one)) % 2 == 0, w, -w) for one, w in zip(ends, weights, strict=True)]
    )
    changes, place = np.unique(places, return_inverse=True)
    depth = np.cumsum(np.bincount(place, steps, minlength=len(changes)))
    half, slack = float(weights.sum()) / 2, _EQUAL * float(weights.sum())
    for least in (half + slack, half - slack):
        runs = _runs(changes, depth > least, size[0] * size[1])
        if sum(runs[1::2]):
            return Mask(*size, runs)
    return None


def _runs(changes: IntArray, inside: BoolArray, pixels: int) -> tuple[int, ...]:
    """Run lengths of what is inside from each change on, outside first."""
    within = inside & (changes < pixels)
    turns = changes[np.flatnonzero(np.diff(within.astype(np.int8), prepend=0))]
    ends = [0, *turns.tolist(), pixels]
    runs = [later - earlier for earlier, later in itertools.pairwise(ends)]
    return tuple(runs[:-1] if len(runs) > 1 and runs[-1] == 0 else runs)


MIDDLES: Mapping[type, Middle] = {
    Ellipse: _ellipses,
    KeyPoint: _key_points,
    Mask: _masks,
}
"""Drawn shapes that have a middle between them; of all others the middle one is taken as it is (``medoids``)."""


def middle(shapes: Sequence[Shape], weights: FloatArray) -> Shape | None:
    """The shape in the middle of several, null where only one of them can stand for all.

    >>> middle([KeyPoint(1, 5), KeyPoint(2, 9), KeyPoint(7, 5)], np.ones(3))
    KeyPoint(x=2.0, y=5.0, canvas=(100.0, 100.0))
    """
    kind = type(shapes[0])
    if all(one == shapes[0] for one in shapes):
        return shapes[0]
    if kind not in MIDDLES or any(type(one) is not kind for one in shapes):
        return None
    return MIDDLES[kind](shapes, weights)


def medoids(groups: Sequence[tuple[Sequence[Shape], FloatArray]]) -> list[int]:
    """Of each group of shapes the one that is most like all others, by their weights: its place.

    Of equally good ones that with the larger weight, then the first by its text.
    """
    compared = [_heaviest(shapes, weights) for shapes, weights in groups]
    lefts = [shapes[i] for (shapes, _), kept in zip(groups, compared, strict=True) for i in kept for _ in kept]
    rights = [shapes[j] for (shapes, _), kept in zip(groups, compared, strict=True) for _ in kept for j in kept]
    alike = similarity(lefts, rights) if lefts else np.zeros(0)
    found, start = [], 0
    for (shapes, weights), kept in zip(groups, compared, strict=True):
        table = alike[start : start + len(kept) ** 2].reshape(len(kept), len(kept))
        start += len(kept) ** 2
        worth = table @ weights[kept]
        keys = [
            (-round(w, 9), -round(weights[i], 9), repr(shapes[i])) for w, i in zip(worth.tolist(), kept, strict=True)
        ]
        found.append(kept[min(range(len(kept)), key=keys.__getitem__)])
    return found


def _heaviest(shapes: Sequence[Shape], weights: FloatArray) -> list[int]:
    places = range(len(shapes))
    if len(shapes) <= MOST_COMPARED:
        return list(places)
    return sorted(places, key=lambda place: (-weights[place], repr(shapes[place])))[:MOST_COMPARED]
