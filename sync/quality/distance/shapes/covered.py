"""How much two sets of shapes cover together."""

from collections.abc import Sequence

import numpy as np
import shapely

from label_config.answers import Box, Ellipse, Mask, Polygon, Segment, Shape, Span, Track, Vector

from . import lengths, masks
from .outlines import outlines
from .tracks import tracks_overlap

_AREAS = (Box, Ellipse, Polygon)


def overlap(left: Sequence[Shape], right: Sequence[Shape]) -> tuple[float, float]:
    """The sizes of intersection and union of what the shapes on either side cover together: what two of one side
    share counts once. Sizes are in characters, seconds, pixels or, for tracks, pixels x frames.

    All shapes are on one surface and of kinds that can be compared; their kinds' sizes are added otherwise. Key
    points, open vectors and wholes have no size: without any other shape both sizes are 0.

    >>> overlap([Span(0, 4), Span(2, 6)], [Span(5, 10)])
    (1.0, 10.0)
    """
    shared = union = 0.0
    for kinds, sizes in _SIZES:
        sides = [[shape for shape in side if isinstance(shape, kinds)] for side in (left, right)]
        if any(sides):
            found = sizes(*sides)
            shared, union = shared + found[0], union + found[1]
    return shared, union


def _areas(left: Sequence[Shape], right: Sequence[Shape]) -> tuple[float, float]:
    """Of areas: straight from the runs where all are masks, else as outlines."""
    ours, theirs = _masks(left), _masks(right)
    if len(ours) == len(left) and len(theirs) == len(right):
        return masks.overlap(ours, theirs)
    one, other = _united(left), _united(right)
    shared = shapely.area(shapely.intersection(one, other))
    return float(shared), float(shapely.area(one) + shapely.area(other) - shared)


def _masks(shapes: Sequence[Shape]) -> list[Mask]:
    return [shape for shape in shapes if isinstance(shape, Mask)]


def _united(shapes: Sequence[Shape]) -> shapely.Geometry:
    drawn = [shape for shape in shapes if isinstance(shape, _AREAS) or (isinstance(shape, Vector) and _loop(shape))]
    pieces = [outlines(drawn)] if drawn else []
    pieces += [masks.runs_as_boxes(mask) for mask in _masks(shapes)]
    return shapely.union_all(np.concatenate(pieces)) if pieces else shapely.Polygon()


def _loop(vector: Vector) -> bool:
    return vector.closed and len(vector.points) > 2


_SIZES = (
    (Span, lengths.overlap),
    (Segment, lengths.overlap),
    ((*_AREAS, Mask, Vector), _areas),
    (Track, tracks_overlap),
)
