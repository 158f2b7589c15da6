"""Areas by their outlines: boxes, turned or not, ellipses, polygons, closed vectors."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from label_config.answers import Box, Ellipse, Polygon, Shape, Vector

from ...records import BoolArray, FloatArray, IntArray
from . import trapezoids
from .sizes import coordinates, ratio

ELLIPSE_POINTS = 128
"""An ellipse is taken as a polygon of so many points and of its exact area, never off by more than 0.0005 radii."""

MOST_EDGES = 1 << 12
"""Outlines with more pairs of edges are cut by GEOS, whose cost grows with the edges, not with their pairs."""

Geometries = NDArray[np.object_]

_TURN = 2.0 * np.pi * np.arange(ELLIPSE_POINTS) / ELLIPSE_POINTS
_CIRCLE = np.column_stack((np.cos(_TURN), np.sin(_TURN))) * np.sqrt(_TURN[1] / np.sin(_TURN[1]))


def box_iou(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """Intersection over union of boxes that are not turned, in closed form.

    >>> box_iou([Box(0, 0, 4, 4), Box(2, 0, 4, 4)], np.array([0]), np.array([1])).round(3).tolist()
    [0.333]
    """
    sides = [(shape.x, shape.y, shape.width, shape.height) for shape in shapes if isinstance(shape, Box)]
    x, y, width, height = coordinates(sides, 4).T
    return boxes_iou((x[left], y[left], width[left], height[left]), (x[right], y[right], width[right], height[right]))


def boxes_iou(left: Sequence[FloatArray], right: Sequence[FloatArray]) -> FloatArray:
    """The same of columns x, y, width, height."""
    shared, union = boxes_shared(left, right)
    return ratio(shared, union)


def boxes_shared(left: Sequence[FloatArray], right: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """The areas of intersection and union of boxes by columns x, y, width, height."""
    across = [_shared(left[side], left[side + 2], right[side], right[side + 2]) for side in (0, 1)]
    shared = across[0] * across[1]
    return shared, np.abs(left[2] * left[3]) + np.abs(right[2] * right[3]) - shared


def _shared(start: FloatArray, length: FloatArray, other: FloatArray, other_length: FloatArray) -> FloatArray:
    """What two sides share, on one axis; computed so that a side shares its whole length with itself."""
    low, other_low = np.minimum(start, start + length), np.minimum(other, other + other_length)
    length, other_length = np.abs(length), np.abs(other_length)
    shift = other_low - low
    reach = np.where(shift >= 0, np.minimum(length - shift, other_length), np.minimum(other_length + shift, length))
    return np.asarray(np.maximum(reach, 0.0), np.float64)


def iou(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """Intersection over union of any areas that have an outline; what has no area shares nothing.

    >>> square, diamond = Box(0, 0, 2, 2), Polygon(((1, 0), (2, 1), (1, 2), (0, 1)))
    >>> iou([square, diamond], np.array([0]), np.array([1])).tolist()
    [0.5]
    """
    corners = [coordinates(_corners(shape), 2) for shape in shapes]
    found = _valid(corners)
    area = shapely.area(found)
    near = np.flatnonzero(_meet(found[left], found[right]))
    shared = np.zeros(len(left))
    shared[near] = _shared_area(corners, found, left[near], right[near])
    return ratio(np.minimum(shared, np.minimum(area[left], area[right])), area[left] + area[right] - shared)


def _shared_area(corners: Sequence[FloatArray], found: Geometries, left: IntArray, right: IntArray) -> FloatArray:
    """By their edges, unless an outline had to be mended, or there are so many that sorting them is faster."""
    size = np.array([len(points) for points in corners])
    whole = np.array([outline.geom_type == "Polygon" for outline in found]) & (
        shapely.get_num_coordinates(found) == size + 1
    )
    direct = whole[left] & whole[right] & (size[left] * size[right] <= MOST_EDGES)
    shared = np.zeros(len(left))
    shared[direct] = trapezoids.shared_area(trapezoids.edges(corners), left[direct], right[direct])
    cut = ~direct
    shared[cut] = shared_area(found[left[cut]], found[right[cut]])
    return shared


def shared_area(left: Geometries, right: Geometries) -> FloatArray:
    """The area of each intersection; only where the bounding boxes meet are outlines cut."""
    shared = np.zeros(len(left))
    near = np.flatnonzero(_meet(left, right))
    shared[near] = shapely.area(shapely.intersection(left[near], right[near]))
    return shared


def _meet(left: Geometries, right: Geometries) -> BoolArray:
    one, other = shapely.bounds(left), shapely.bounds(right)
    with np.errstate(invalid="ignore"):  # the bounds of what is empty are NaN, and meet nothing
        return np.asarray(np.all((one[:, :2] < other[:, 2:]) & (other[:, :2] < one[:, 2:]), axis=1))


def outlines(shapes: Sequence[Shape]) -> Geometries:
    """Each shape as a valid polygon.

    An outline that crosses itself is what a browser fills by it: all that it goes around, whichever way and however
    often (non-zero winding), which is how Label Studio shows it.
    """
    return _valid([_corners(shape) for shape in shapes])


def _valid(corners: Sequence[FloatArray]) -> Geometries:
    sizes = [len(points) for points in corners]
    points = coordinates(np.concatenate(corners), 2)
    rings = shapely.linearrings(points, indices=np.repeat(np.arange(len(corners)), sizes))
    found: Geometries = shapely.polygons(rings)
    crossing = np.flatnonzero(~shapely.is_valid(found))
    found[crossing] = shapely.make_valid(found[crossing], method="structure", keep_collapsed=False)
    return found


def _corners(shape: Shape) -> FloatArray:
    """The points of an outline, three or more: shape (points, 2)."""
    if isinstance(shape, Box):
        along, down = (shape.width, 0.0), (0.0, shape.height)
        points = np.array([(0.0, 0.0), along, (shape.width, shape.height), down])
        return np.add(_turned(points, shape.rotation), (shape.x, shape.y))
    if isinstance(shape, Ellipse):
        return np.add(_turned(_CIRCLE * (shape.radius_x, shape.radius_y), shape.rotation), (shape.x, shape.y))
    if isinstance(shape, Polygon | Vector):
        return np.array([*shape.points, *shape.points[-1:] * (3 - len(shape.points))], dtype=np.float64)
    raise TypeError(f"a {type(shape).__name__} has no outline")


def _turned(points: FloatArray, degrees: float) -> FloatArray:
    """Turned clockwise about the origin, where y points down."""
    if degrees % 360 == 0:
        return points
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray(points @ np.array([[cosine, sine], [-sine, cosine]]), np.float64)
