"""Spans of text and segments of time: intersection over union on a line."""

from collections.abc import Sequence

import numpy as np

from label_config.answers import Segment, Shape, Span

from ...records import FloatArray, IntArray
from .sizes import ratio


def iou(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """Intersection over union of spans or segments; what has no length shares nothing.

    >>> iou([Span(0, 4), Span(2, 6)], np.array([0]), np.array([1])).round(3).tolist()
    [0.333]
    """
    start, end = _ends(shapes).T
    shared = np.minimum(end[left], end[right]) - np.maximum(start[left], start[right])
    shared = np.maximum(shared, 0.0)
    length = end - start
    return ratio(shared, length[left] + length[right] - shared)


def covered(shapes: Sequence[Shape]) -> FloatArray:
    """The union as intervals that do not touch, in order: shape (intervals, 2)."""
    ends = _ends(shapes)
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ends[:, 1])
    first = np.flatnonzero(np.concatenate(([True], ends[1:, 0] > reach[:-1])))
    return np.column_stack((ends[first, 0], reach[np.concatenate((first[1:], [len(ends)])) - 1]))


def overlap(left: Sequence[Shape], right: Sequence[Shape]) -> tuple[float, float]:
    """How much both sides cover, and how much either covers."""
    sides = [covered(side) if side else np.empty((0, 2)) for side in (left, right)]
    sizes = [float((side[:, 1] - side[:, 0]).sum()) for side in sides]
    together = covered([*left, *right])
    union = float((together[:, 1] - together[:, 0]).sum())
    return max(0.0, sum(sizes) - union), union


def _ends(shapes: Sequence[Shape]) -> FloatArray:
    ends = [(shape.start, shape.end) for shape in shapes if isinstance(shape, Span | Segment)]
    return np.sort(np.array(ends, dtype=np.float64).reshape(-1, 2), axis=1)
