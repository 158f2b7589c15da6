"""Key points and lines, which have no area: how near they are, for the size of what they are drawn on."""

from collections.abc import Sequence

import numpy as np
import shapely

from label_config.answers import KeyPoint, Shape, Vector

from ...records import FloatArray, IntArray
from .outlines import Geometries
from .sizes import coordinates

SPREAD = 0.025
"""The distance, as part of the canvas's diagonal, at which similarity has fallen to exp(-1/2) = 0.61."""
SAMPLES = 64
"""At how many places of a line, evenly along it, the distance to the other one is taken."""


def key_points(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """exp(-(d / diagonal)^2 / (2 spread^2)): object keypoint similarity as COCO defines it, its object the canvas.

    With ``SPREAD`` it is 0.5 at 2.9 % of the diagonal and below 0.01 from 7.6 % on.

    >>> near = [KeyPoint(0, 0, (60, 80)), KeyPoint(2.5, 0, (60, 80)), KeyPoint(60, 80, (60, 80))]
    >>> key_points(near, np.array([0, 0]), np.array([1, 2])).round(4).tolist()
    [0.6065, 0.0]
    """
    points = [(shape.x, shape.y, *shape.canvas) for shape in shapes if isinstance(shape, KeyPoint)]
    place = coordinates(points, 4)
    canvas = (place[left, 2:] + place[right, 2:]) / 2
    apart = (place[left, :2] / place[left, 2:] - place[right, :2] / place[right, 2:]) * canvas
    return _nearness(np.hypot(*apart.T) / np.hypot(*canvas.T))


def lines(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """The same of the mean distance between two lines, from each to the other (average symmetric distance).

    The mean is over ``SAMPLES`` places of either line. Which end a line was begun at makes no difference.

    >>> level = [Vector(((0, y), (60, y)), False, (60, 80)) for y in (0, 2.5)]
    >>> lines(level, np.array([0]), np.array([1])).round(4).tolist()
    [0.6065]
    """
    vectors = [shape for shape in shapes if isinstance(shape, Vector)]
    canvas = coordinates([vector.canvas for vector in vectors], 2)
    common = (canvas[left] + canvas[right]) / 2
    one, other = _drawn(vectors, left, common), _drawn(vectors, right, common)
    apart = (_mean_distance(one, other) + _mean_distance(other, one)) / 2
    return _nearness(apart / np.hypot(*common.T))


def _nearness(distance: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * (distance / SPREAD) ** 2), np.float64)


def _drawn(vectors: Sequence[Vector], places: IntArray, canvas: FloatArray) -> Geometries:
    """The vectors at these places as lines on these canvases; a closed one comes back to its start."""
    points = [_path(vector) for vector in vectors]
    sizes = np.array([len(path) for path in points])[places]
    scale = canvas / np.array([vector.canvas for vector in vectors], dtype=np.float64)[places]
    flat = np.concatenate([points[place] for place in places]) * np.repeat(scale, sizes, axis=0)
    found: Geometries = shapely.linestrings(flat, indices=np.repeat(np.arange(len(places)), sizes))
    return found


def _path(vector: Vector) -> FloatArray:
    back = vector.points[:1] if vector.closed or len(vector.points) == 1 else ()
    return coordinates([*vector.points, *back], 2)


def _mean_distance(one: Geometries, other: Geometries) -> FloatArray:
    """From the middles of ``SAMPLES`` equal parts of the one to the other."""
    along = (np.arange(SAMPLES) + 0.5) / SAMPLES
    places = shapely.line_interpolate_point(one[:, None], along, normalized=True)
    return np.asarray(shapely.distance(places, other[:, None]).mean(axis=1), np.float64)
