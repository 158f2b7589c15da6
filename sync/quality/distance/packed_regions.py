"""Regions as flat arrays: what every distance between them works on."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from label_config.answers import Box, Ellipse, Polygon, Region, Regions, Segment, Shape, Span, Whole

from ..records import FloatArray, IntArray

SPAN, SEGMENT, BOX, WHOLE, DRAWN = range(5)
"""Kinds of places: the first three are their bounds, WHOLE is all of its surface, DRAWN needs its shape."""

_KINDS: dict[type, int] = {Span: SPAN, Segment: SEGMENT, Box: BOX, Whole: WHOLE}

V = TypeVar("V", bound=Hashable)
M = TypeVar("M", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class PackedRegions:
    """The regions of many answers, one after another.

    Answer a has the regions ``offsets[a]`` to ``offsets[a + 1]``: shape (answers + 1,). ``bounds``, shape (4,
    regions), are left, top, right and bottom; a span or segment goes from left to right, and from 0 to 1 in height.
    ``kind``, ``where`` and ``labels`` have the shape (regions,): one of the kinds above, a number for each surface,
    and a number for each set of labels. ``label_sets`` says which set: of a region without labels the empty one.
    ``shapes`` are the shapes of DRAWN regions by their position.
    """

    offsets: IntArray
    bounds: FloatArray
    kind: NDArray[np.int8]
    where: IntArray
    labels: IntArray
    label_sets: tuple[frozenset[str], ...]
    shapes: dict[int, Shape]

    @property
    def sizes(self) -> IntArray:
        """How many regions each answer has, shape (answers,)."""
        return np.diff(self.offsets)

    @property
    def answers(self) -> IntArray:
        """Whose each region is, shape (regions,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.sizes)

    def shape(self, place: int) -> Shape:
        """The shape of a region that is DRAWN or a box."""
        if place in self.shapes:
            return self.shapes[place]
        left, top, right, bottom = self.bounds[:, place].tolist()
        return Box(left, top, right - left, bottom - top)


def pack_boxes(corners: FloatArray, labels: IntArray, offsets: IntArray, names: Sequence[str]) -> PackedRegions:
    """Axis-aligned boxes that are arrays already, with one label each.

    ``corners`` has the shape (boxes, 4): left, top, right, bottom, in any unit. ``labels``, shape (boxes,), are
    positions in ``names``. Answer a has the boxes ``offsets[a]`` to ``offsets[a + 1]``. Raises ValueError where these
    do not fit together, or a number is not finite.

    >>> packed = pack_boxes(np.array([[0.0, 0, 2, 2], [1, 1, 3, 3]]), np.array([0, 0]), np.array([0, 1, 1, 2]), "a")
    >>> packed.sizes.tolist()
    [1, 0, 1]
    """
    if corners.ndim != 2 or corners.shape[1] != 4:
        raise ValueError(f"corners have the shape (boxes, 4), not {corners.shape}")
    return _packed(BOX, corners.T.astype(np.float64, copy=False), labels, offsets, names)


def pack_spans(ends: FloatArray | IntArray, labels: IntArray, offsets: IntArray, names: Sequence[str]) -> PackedRegions:
    """The same of spans of text: ``ends`` has the shape (spans, 2), the first character and the one after the last.

    >>> pack_spans(np.array([[0, 3], [5, 9]]), np.array([0, 1]), np.array([0, 2]), ["PER", "LOC"]).bounds.tolist()
    [[0.0, 5.0], [0.0, 0.0], [3.0, 9.0], [1.0, 1.0]]
    """
    if ends.ndim != 2 or ends.shape[1] != 2:
        raise ValueError(f"ends have the shape (spans, 2), not {ends.shape}")
    start, end = ends.T.astype(np.float64)
    return _packed(SPAN, np.stack([start, np.zeros(len(ends)), end, np.ones(len(ends))]), labels, offsets, names)


def _packed(kind: int, bounds: FloatArray, labels: IntArray, offsets: IntArray, names: Sequence[str]) -> PackedRegions:
    """Regions of one kind, each with one label."""
    regions = bounds.shape[1]
    if labels.shape != (regions,) or (regions and not (labels.min() >= 0 and labels.max() < len(names))):
        raise ValueError(f"there is a label for each of {regions} regions: its position in {len(names)} names")
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != regions or np.any(np.diff(offsets) < 0):
        raise ValueError(f"offsets ascend from 0 to the number of regions, {regions}")
    if (regions and not np.isfinite(bounds.max() - bounds.min())) or np.any(bounds[:2] > bounds[2:]):
        raise ValueError("bounds are finite, and none ends before it starts")
    label_sets, codes = _numbers(list(names), lambda name: frozenset((name,)))
    return PackedRegions(
        offsets=offsets.astype(np.int64),
        bounds=bounds,
        kind=np.full(regions, kind, dtype=np.int8),
        where=np.zeros(regions, dtype=np.int64),
        labels=codes[labels],
        label_sets=label_sets,
        shapes={},
    )


def pack(answers: Sequence[Regions]) -> PackedRegions:
    """Answers as arrays.

    >>> one = Regions((Region(Span(2, 5), ("PER", "LOC")), Region(Span(7, 9), ("LOC", "PER"))))
    >>> packed = pack([one, Regions(())])
    >>> packed.offsets.tolist(), packed.bounds[[0, 2]].tolist(), packed.labels.tolist()
    ([0, 2, 2], [[2.0, 7.0], [5.0, 9.0]], [0, 0])
    """
    return pack_regions([answer.regions for answer in answers])


def pack_regions(answers: Sequence[Sequence[Region]]) -> PackedRegions:
    """The same of the regions alone."""
    regions = [region for answer in answers for region in answer]
    shapes = [region.shape for region in regions]
    label_sets, labels = _numbers([region.labels for region in regions], frozenset)
    _, where = _numbers([region.where for region in regions], str)
    kind, bounds = _places(shapes)
    return PackedRegions(
        offsets=np.concatenate([[0], np.cumsum([len(answer) for answer in answers], dtype=np.int64)]),
        bounds=bounds,
        kind=kind,
        where=where,
        labels=labels,
        label_sets=label_sets,
        shapes={place: shapes[place] for place in np.flatnonzero(kind == DRAWN).tolist()},
    )


def _numbers(values: Sequence[V], meaning: Callable[[V], M]) -> tuple[tuple[M, ...], IntArray]:
    """A number for each value, the same for values of one meaning; and the meanings in the order of their numbers."""
    numbers: dict[M, int] = {}
    number = {value: numbers.setdefault(meaning(value), len(numbers)) for value in dict.fromkeys(values)}
    return tuple(numbers), np.fromiter(map(number.__getitem__, values), dtype=np.int64, count=len(values))


def _places(shapes: Sequence[Shape]) -> tuple[NDArray[np.int8], FloatArray]:
    """Kinds and bounds."""
    kinds = {one: _KINDS.get(one, DRAWN) for one in set(map(type, shapes))}
    kind = np.fromiter(map(kinds.__getitem__, map(type, shapes)), dtype=np.int8, count=len(shapes))
    bounds = np.tile(np.array([[-np.inf], [-np.inf], [np.inf], [np.inf]]), len(shapes))
    for flat in (SPAN, SEGMENT):
        if len(there := np.flatnonzero(kind == flat)):
            start, end = (_read(shapes, there, name) for name in ("start", "end"))
            bounds[:, there] = start, np.zeros(len(there)), end, np.ones(len(there))
    if len(there := np.flatnonzero(kind == BOX)):
        x, y, width, height, turn = (_read(shapes, there, name) for name in ("x", "y", "width", "height", "rotation"))
        bounds[:, there] = x, y, x + width, y + height
        kind[there[turn % 360 != 0]] = DRAWN
    for place in np.flatnonzero(kind == DRAWN).tolist():
        bounds[:, place] = _around(shapes[place])
    return kind, bounds


def _read(shapes: Sequence[Shape], there: IntArray, name: str) -> FloatArray:
    chosen = shapes if len(there) == len(shapes) else [shapes[place] for place in there.tolist()]
    return np.fromiter(map(attrgetter(name), chosen), np.float64, len(there))


def _around(shape: Shape) -> tuple[float, float, float, float]:
    """Bounds that the shape does not leave, if not the narrowest; infinite where only the shape itself can tell."""
    match shape:
        case Box(x, y, width, height):
            reach = math.hypot(width, height)
        case Ellipse(x, y, radius_x, radius_y):
            reach = max(radius_x, radius_y)
        case Polygon(points):
            across, down = zip(*points, strict=True)
            return min(across), min(down), max(across), max(down)
        case _:
            x, y, reach = 0.0, 0.0, math.inf
    return x - reach, y - reach, x + reach, y + reach
