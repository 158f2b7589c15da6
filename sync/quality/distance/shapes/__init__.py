"""How alike shapes are: similarity in [0, 1] of any two, and how much two sets of shapes cover together.

| shapes | similarity |
|---|---|
| spans, segments | intersection over union of the lengths |
| boxes, ellipses, polygons, closed vectors, also mixed | intersection over union of the areas |
| masks; a mask and an area | intersection over union of the pixels; of the areas, a pixel being a square of side 1 |
| key points; vectors of which one is open | by their distance, as part of the canvas's diagonal (see ``points``) |
| tracks | intersection over union of the areas, summed over the frames |
| wholes | 1 |

Equal shapes have similarity 1, also those without any size; a shape without size has 0 to every other one, and so
have shapes of kinds that can't be compared, such as a span and a box.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from label_config.answers import Box, Ellipse, KeyPoint, Mask, Polygon, Segment, Shape, Span, Track, Vector, Whole

from ...records import BoolArray, FloatArray, IntArray
from . import lengths, masks, outlines, points, tracks
from .covered import overlap as overlap

Similar = Callable[[Sequence[Shape], IntArray, IntArray], FloatArray]
"""Distinct shapes, and the pairs of them as positions left and right -> a similarity a pair."""

KINDS = ("span", "segment", "box", "outline", "loop", "mask", "line", "point", "track", "whole")
"""A box is not turned, a loop is a closed vector; turned boxes, ellipses and polygons are outlines."""

_AREAS = ("box", "outline", "loop")
_OF_TYPE = {Span: "span", Segment: "segment", Ellipse: "outline", Polygon: "outline", Mask: "mask", KeyPoint: "point"}


def _alike(_: Sequence[Shape], left: IntArray, __: IntArray) -> FloatArray:
    return np.ones(len(left))


SIMILARITIES: Mapping[tuple[str, str], Similar] = {
    ("span", "span"): lengths.iou,
    ("segment", "segment"): lengths.iou,
    **{(one, other): outlines.iou for one in _AREAS for other in _AREAS},
    ("box", "box"): outlines.box_iou,
    **{(area, "mask"): masks.outline_iou for area in _AREAS},
    ("mask", "mask"): masks.iou,
    ("loop", "line"): points.lines,
    ("line", "line"): points.lines,
    ("point", "point"): points.key_points,
    ("track", "track"): tracks.iou,
    ("whole", "whole"): _alike,
}
"""Two kinds, in the order of ``KINDS`` -> how alike shapes of them are; others are not alike at all."""


def similarity(left: Sequence[Shape], right: Sequence[Shape]) -> FloatArray:
    """How alike the shapes are, pair by pair, in [0, 1]: shape (pairs,); the same both ways round.

    Raises ValueError where one sequence is longer. A shape that is in many pairs is prepared once, if it is one
    object there.

    >>> similarity([Box(0, 0, 4, 4), Span(0, 2)], [Box(0, 0, 2, 4), Box(0, 0, 2, 2)]).tolist()
    [0.5, 0.0]
    """
    if len(left) != len(right):
        raise ValueError(f"pairs are of as many shapes on the left as on the right, not {len(left)} and {len(right)}")
    shapes = list({id(shape): shape for side in (left, right) for shape in side}.values())
    place = {id(shape): number for number, shape in enumerate(shapes)}
    one = np.fromiter((place[id(shape)] for shape in left), np.int64, len(left))
    other = np.fromiter((place[id(shape)] for shape in right), np.int64, len(right))
    return _similarity(shapes, one, other)


def _similarity(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    found = np.zeros(len(left))
    kind = np.array([KINDS.index(_kind(shape)) for shape in shapes], dtype=np.int64)
    key = np.array([hash(shape) for shape in shapes], dtype=np.int64)
    left, right = _in_order(kind, key, left, right)
    same = _same(shapes, key, left, right)
    both = kind[left] * len(KINDS) + kind[right]
    for code in np.unique(both[~same]):
        how = SIMILARITIES.get((KINDS[code // len(KINDS)], KINDS[code % len(KINDS)]))
        if how is not None:
            pairs = np.flatnonzero((both == code) & ~same)
            found[pairs] = _of(how, shapes, left[pairs], right[pairs])
    found[same] = 1.0
    return found


def _kind(shape: Shape) -> str:
    if isinstance(shape, Box):
        return "box" if shape.rotation % 360 == 0 else "outline"
    if isinstance(shape, Vector):
        return "loop" if shape.closed and len(shape.points) > 2 else "line"
    if isinstance(shape, Track):
        return "track"
    return "whole" if isinstance(shape, Whole) else _OF_TYPE[type(shape)]


def _in_order(kind: IntArray, key: IntArray, left: IntArray, right: IntArray) -> tuple[IntArray, IntArray]:
    """Each pair in an order that does not depend on which was left: rounding must not either."""
    turned = (kind[left] > kind[right]) | ((kind[left] == kind[right]) & (key[left] > key[right]))
    return np.where(turned, right, left), np.where(turned, left, right)


def _same(shapes: Sequence[Shape], key: IntArray, left: IntArray, right: IntArray) -> BoolArray:
    same: BoolArray = key[left] == key[right]
    alike = np.flatnonzero(same)
    same[alike] = [shapes[left[pair]] == shapes[right[pair]] for pair in alike]
    return same


def _of(how: Similar, shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """``how`` over the shapes that are in these pairs only."""
    used, place = np.unique(np.concatenate((left, right)), return_inverse=True)
    return how([shapes[number] for number in used], place[: len(left)], place[len(left) :])
