"""Masks: how many pixels two of them share, straight from their runs, and masks beside outlines."""

from collections.abc import Sequence

import numpy as np
import shapely

from label_config.answers import Mask, Shape

from ...records import FloatArray, IntArray
from .outlines import Geometries, outlines
from .sizes import ratio

_BLOCK = 1 << 19
"""How many ends of runs are worked on at once."""


def iou(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """Pixels in both / pixels in either (Jaccard 1901); masks of images of different sizes share nothing.

    >>> iou([Mask(4, 1, (0, 3, 1)), Mask(4, 1, (1, 3))], np.array([0]), np.array([1])).tolist()
    [0.5]
    """
    shared, sizes = _shared(shapes, left, right)
    return ratio(shared, sizes - shared)


def dice(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """Twice the pixels in both / the pixels of the one and of the other (Dice 1945): 2 IoU / (1 + IoU).

    >>> dice([Mask(4, 1, (0, 3, 1)), Mask(4, 1, (1, 3))], np.array([0]), np.array([1])).round(3).tolist()
    [0.667]
    """
    shared, sizes = _shared(shapes, left, right)
    return ratio(2.0 * shared, sizes)


def outline_iou(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """Intersection over union of a mask on the right and an outline on the left, a pixel being a square of side 1.

    So the outline has to be in pixels of the mask's image, as all shapes on an image of known size are. Areas are
    exact: nothing is drawn, the outline is cut along the mask's runs.

    >>> from label_config.answers import Box
    >>> iou_ = outline_iou([Box(0.5, 0, 2, 1), Mask(3, 1, (0, 2, 1))], np.array([0]), np.array([1]))
    >>> iou_.tolist()
    [0.6]
    """
    drawn = outlines([shapes[place] for place in left])
    shared = np.array([_cut(outline, _mask(shapes[place])) for outline, place in zip(drawn, right, strict=True)])
    sizes = shapely.area(drawn) + _sizes([_mask(shapes[place]) for place in right])
    return ratio(shared, sizes - shared)


def overlap(left: Sequence[Mask], right: Sequence[Mask]) -> tuple[float, float]:
    """How many pixels both sides cover, and how many either does; masks of another size are on another image."""
    shared = union = 0
    for size in dict.fromkeys((mask.width, mask.height) for mask in (*left, *right)):
        sides = [[mask for mask in side if (mask.width, mask.height) == size] for side in (left, right)]
        merged = [covered(side) for side in sides if side]
        areas = [int((ends[1::2] - ends[::2]).sum()) for ends in merged]
        both = covered([*sides[0], *sides[1]])
        either = int((both[1::2] - both[::2]).sum())
        shared += max(0, sum(areas) - either)
        union += either
    return float(shared), float(union)


def covered(masks: Sequence[Mask]) -> IntArray:
    """The union of masks of one image: where its runs start and end, in turn."""
    ends = np.concatenate([_ends(mask) for mask in masks])
    steps = np.ones(len(ends), np.int64)
    steps[1::2] = -1
    order = np.argsort(ends, kind="stable")
    ends, depth = ends[order], np.cumsum(steps[order])
    last = np.concatenate((ends[1:] != ends[:-1], [True])) if len(ends) else np.zeros(0, np.bool_)
    ends, inside = ends[last], depth[last] > 0
    changes = inside != np.concatenate(([False], inside[:-1]))
    return np.asarray(ends[changes], np.int64)


def runs_as_boxes(mask: Mask) -> Geometries:
    """The mask's pixels as rectangles one pixel high, which do not overlap."""
    ends = _ends(mask)
    starts, stops = ends[::2], ends[1::2]
    rows = (stops - 1) // mask.width - starts // mask.width + 1
    each = np.repeat(np.arange(len(rows)), rows)
    row = starts[each] // mask.width + np.arange(len(each)) - np.repeat(np.cumsum(rows) - rows, rows)
    low = np.maximum(starts[each] - row * mask.width, 0)
    high = np.minimum(stops[each] - row * mask.width, mask.width)
    found: Geometries = np.asarray(shapely.box(low, row, high, row + 1))
    return found


def _shared(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> tuple[FloatArray, FloatArray]:
    """Of each pair: the pixels in both, and the pixels of the one and of the other."""
    masks = [_mask(shape) for shape in shapes]
    ends = [_ends(mask) for mask in masks]
    size = _sizes(masks)
    shared = np.zeros(len(left))
    image = np.array([(mask.width, mask.height) for mask in masks])
    reach = np.array([(one[0], one[-1]) if len(one) else (0, 0) for one in ends])
    meets = (reach[left, 0] < reach[right, 1]) & (reach[right, 0] < reach[left, 1])
    near = np.flatnonzero(meets & np.all(image[left] == image[right], axis=1))
    work = np.cumsum([len(ends[left[pair]]) + len(ends[right[pair]]) for pair in near])
    for block in np.split(near, np.flatnonzero(np.diff(work // _BLOCK)) + 1):
        if len(block):
            apart = _different([ends[place] for pair in block for place in (left[pair], right[pair])])
            shared[block] = (size[left[block]] + size[right[block]] - apart) / 2
    return shared, size[left] + size[right]


def _different(ends: Sequence[IntArray]) -> FloatArray:
    """How many pixels are in one of two masks only: ``ends`` are the first pair's left and right, the second's ...

    The ends of both in order are where it begins to differ and where it stops, in turn. All pairs are sorted at once,
    each on a stretch of its own.
    """
    sizes = np.array([len(one) for one in ends])
    pairs = sizes[::2] + sizes[1::2]
    flat = np.concatenate(ends)
    stretch = int(flat.max()) + 1
    flat += np.repeat(stretch * np.arange(len(pairs)), pairs)
    flat.sort(kind="stable")  # merges what is in order already
    return np.add.reduceat(flat[1::2] - flat[::2], (np.cumsum(pairs) - pairs) // 2).astype(np.float64)


def _ends(mask: Mask) -> IntArray:
    """Where the runs inside start and end, in turn, as numbers of pixels."""
    ends = np.cumsum(np.array(mask.runs, dtype=np.int64))
    return ends if len(ends) % 2 == 0 else ends[:-1]


def _sizes(masks: Sequence[Mask]) -> FloatArray:
    return np.array([sum(mask.runs[1::2]) for mask in masks], dtype=np.float64)


def _cut(outline: object, mask: Mask) -> float:
    boxes = runs_as_boxes(mask)
    left, top, right, bottom = shapely.bounds(outline)
    low = shapely.bounds(boxes).reshape(-1, 4)
    near = boxes[(low[:, 0] < right) & (low[:, 2] > left) & (low[:, 1] < bottom) & (low[:, 3] > top)]
    return float(shapely.area(shapely.intersection(outline, near)).sum())


def _mask(shape: Shape) -> Mask:
    if not isinstance(shape, Mask):
        raise TypeError(f"a {type(shape).__name__} is no mask")
    return shape
