"""What is drawn on images and pages: boxes, ellipses, outlines, points, lines, masks.

Label Studio writes percent of the image; where the region says the original image's size, lengths become its pixels.
What is clearly outside the image is refused: points and upright boxes more than ``OVER`` percent over the edge; of a
turned box or an ellipse only the anchor counts, because what juts out there can be drawn.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ..answers import Box, Ellipse, KeyPoint, Mask, Polygon, Vector
from ..rle import runs_from_brush, runs_from_png
from .quantities import LARGEST, number, quoted

OVER = 2.0
"""Percent of the image's side by which something may be over its edge."""

_LOW, _HIGH = -OVER, 100 + OVER
_NUMBERS = frozenset({int, float})
CURVE = 8
"""Straight pieces that a curve between two points of a vector becomes."""

Point = tuple[float, float]


def size(region: Mapping[str, Any]) -> tuple[float, float] | None:
    """Width and height of the original image in pixels; null where the region does not say."""
    wide, high = region.get("original_width"), region.get("original_height")
    if type(wide) is int and type(high) is int and 0 < wide < LARGEST and 0 < high < LARGEST:
        return wide, high
    if wide is None or high is None:
        return None
    for length in (wide, high):
        if isinstance(length, bool) or not isinstance(length, int | float) or not 0 < length < LARGEST:
            raise ValueError(f"the original image's size is {quoted(wide)} x {quoted(high)}")
    return wide, high


def box(value: Mapping[str, Any], region: Mapping[str, Any]) -> Box:
    """``{"x", "y", "width", "height", "rotation"}``; x and y are the corner that is at the top left before turning."""
    try:
        x, y, width, height = value["x"], value["y"], value["width"], value["height"]
    except KeyError:
        _refuse_box(value)
    rotation = value.get("rotation") or 0.0
    if not (
        _NUMBERS.issuperset((type(x), type(y), type(width), type(height), type(rotation)))
        and _LOW <= x <= _HIGH
        and _LOW <= y <= _HIGH
        and 0 < width < LARGEST
        and 0 < height < LARGEST
        and (rotation or (x + width <= _HIGH and y + height <= _HIGH))
        and -LARGEST < rotation < LARGEST
    ):
        _refuse_box(value)
    pixels = size(region)
    if pixels is None:
        return Box(float(x), float(y), float(width), float(height), float(rotation))
    across, down = pixels[0] / 100, pixels[1] / 100
    return Box(x * across, y * down, width * across, height * down, float(rotation))


def _refuse_box(value: Mapping[str, Any]) -> NoReturn:
    """Say what is wrong with a box of which something is."""
    x, y, width, height = (number(value, key) for key in ("x", "y", "width", "height"))
    if value.get("rotation"):
        number(value, "rotation")
    if width <= 0 or height <= 0:
        raise ValueError(f"the box is {width:g} x {height:g}: it has no area")
    raise ValueError(f"the box at {x:g}, {y:g} of {width:g} x {height:g} percent is outside the image")


def page_box(value: Mapping[str, Any], _: Mapping[str, Any]) -> Box:
    """A box of OcrLabels, which says fractions of the page, as percent of it."""
    sides = {key: 100 * number(value, key) for key in ("x", "y", "width", "height")}
    return box({**sides, "rotation": value.get("rotation")}, {})


def ellipse(value: Mapping[str, Any], region: Mapping[str, Any]) -> Ellipse:
    """``{"x", "y", "radiusX", "radiusY", "rotation"}``."""
    x, y = _inside(number(value, "x"), number(value, "y"))
    across, down = number(value, "radiusX"), number(value, "radiusY")
    if not (0 < across <= _HIGH and 0 < down <= _HIGH):
        raise ValueError(f"the ellipse's radii are {across:g} x {down:g} percent")
    rotation = number(value, "rotation") if value.get("rotation") else 0.0
    wide, high = _scale(region)
    return Ellipse(x * wide, y * high, across * wide, down * high, float(rotation))


def key_point(value: Mapping[str, Any], region: Mapping[str, Any]) -> KeyPoint:
    """``{"x", "y", "width"}``; the width is only how large the point is shown."""
    x, y = _inside(number(value, "x"), number(value, "y"))
    wide, high = _scale(region)
    return KeyPoint(x * wide, y * high, _canvas(region))


def polygon(value: Mapping[str, Any], region: Mapping[str, Any]) -> Polygon:
    """``{"points": [[x, y], ...]}``; an outline may touch itself, and may not cross itself."""
    found = value.get("points")
    if not isinstance(found, list):
        raise ValueError("value.points is not a list of points")
    wide, high = _scale(region)
    points = tuple((x * wide, y * high) for x, y in map(_pair, found))
    if points and len(points) > 1 and points[0] == points[-1]:
        points = points[:-1]
    if len(set(points)) < 3:
        raise ValueError(f"the outline has {len(set(points))} points, and needs 3")
    _refuse_crossing(points)
    return Polygon(points)


def _pair(point: object) -> Point:
    if not isinstance(point, list) or len(point) != 2:
        raise ValueError(f"the point {quoted(point)} is not [x, y]")
    named = {"x": point[0], "y": point[1]}
    return _inside(number(named, "x"), number(named, "y"))


def _refuse_crossing(points: Sequence[Point]) -> None:
    import shapely

    outline = shapely.Polygon(points)
    if outline.is_valid:
        return
    why = shapely.is_valid_reason(outline)
    if not why.startswith("Ring Self-intersection"):
        raise ValueError(f"the outline crosses itself ({why})")


def vector(value: Mapping[str, Any], region: Mapping[str, Any]) -> Vector:
    """``{"vertices": [{"x", "y", "id", "prevPointId", ...}], "closed"}`` as one line.

    A curve becomes ``CURVE`` straight pieces, and a branch of a skeleton starts by going back to where it leaves.
    """
    found = value.get("vertices")
    if not isinstance(found, list) or len(found) < 2 or not all(isinstance(one, dict) for one in found):
        raise ValueError("value.vertices is not a list of two points or more")
    wide, high = _scale(region)
    closed = value.get("closed", False)
    if not isinstance(closed, bool | None):
        raise ValueError(f"value.closed is {quoted(closed)}, not true or false")
    spots = [_inside(number(one, "x"), number(one, "y")) for one in found]
    order = _walk(found)
    points = [spots[order[0]]]
    for start, end in zip(order, order[1:] + order[:1] if closed else order[1:], strict=bool(closed)):
        points += _curve(spots[start], spots[end], found[start], found[end])
    line = points[:-1] if closed else points
    return Vector(tuple((x * wide, y * high) for x, y in line), bool(closed), _canvas(region))


def _walk(vertices: Sequence[Mapping[str, Any]]) -> list[int]:
    """The order in which one line visits the points: the list's own, with ways back before branches."""
    names = [one.get("id") for one in vertices]
    place = {name: at for at, name in enumerate(names) if isinstance(name, str)}
    before: list[int | None] = []
    for at, one in enumerate(vertices):
        previous = one.get("prevPointId")
        known = place.get(previous) if isinstance(previous, str) else None
        before.append(known if known is not None and known < at else (at - 1 if at else None))
    order = [0]
    for at in range(1, len(vertices)):
        order += [*_way(before, order[-1], before[at] or 0), at]
    return order


def _way(before: Sequence[int | None], start: int, end: int) -> list[int]:
    """The points after ``start`` on the way to ``end`` along earlier pieces."""
    if start == end:
        return []
    up, down = _ancestors(before, start), _ancestors(before, end)
    meet = next(at for at in up if at in set(down))
    return [*up[1 : up.index(meet) + 1], *reversed(down[: down.index(meet)])]


def _ancestors(before: Sequence[int | None], at: int) -> list[int]:
    found, here = [at], before[at]
    while here is not None:
        found.append(here)
        here = before[here]
    return found


def _curve(start: Point, end: Point, left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Point]:
    """The points after ``start``: of a curve where one of its ends has a control point on this side."""
    one, two = _handle(left, "controlPoint2"), _handle(right, "controlPoint1")
    if one is None and two is None:
        return [end]
    # the editor's own handle for an end that has none: three tenths of the way
    one = one or (start[0] + 0.3 * (end[0] - start[0]), start[1] + 0.3 * (end[1] - start[1]))
    two = two or (end[0] - 0.3 * (end[0] - start[0]), end[1] - 0.3 * (end[1] - start[1]))
    corners = (start, one, two, end)
    weights = [((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3) for t in _steps()]
    return [
        (
            math.fsum(w * p[0] for w, p in zip(weight, corners, strict=True)),
            math.fsum(w * p[1] for w, p in zip(weight, corners, strict=True)),
        )
        for weight in weights
    ]


def _steps() -> list[float]:
    return [step / CURVE for step in range(1, CURVE + 1)]


def _handle(vertex: Mapping[str, Any], key: str) -> Point | None:
    found = vertex.get(key) if vertex.get("isBezier") else None
    if found is None:
        return None
    if not isinstance(found, dict):
        raise ValueError(f"{key} of a vertex is {quoted(found)}, not a point")
    return number(found, "x"), number(found, "y")


def mask(value: Mapping[str, Any], region: Mapping[str, Any]) -> Mask:
    """``{"format": "rle", "rle": [...]}`` or ``{"imageDataURL": "data:image/png;base64,..."}``."""
    pixels = size(region)
    sides = (None, None) if pixels is None else (int(pixels[0]), int(pixels[1]))
    if "imageDataURL" in value:
        return Mask(*runs_from_png(value["imageDataURL"], *sides))
    if sides[0] is None or sides[1] is None:
        raise ValueError("the mask needs the original image's size, and original_width or original_height is missing")
    return Mask(sides[0], sides[1], runs_from_brush(value.get("rle"), sides[0], sides[1]))


def _inside(x: float, y: float) -> Point:
    if not (_LOW <= x <= _HIGH and _LOW <= y <= _HIGH):
        raise ValueError(f"the point {x:g}, {y:g} (percent) is outside the image")
    return x, y


def _scale(region: Mapping[str, Any]) -> Point:
    wide, high = _canvas(region)
    return wide / 100, high / 100


def _canvas(region: Mapping[str, Any]) -> Point:
    wide, high = size(region) or (100.0, 100.0)
    return float(wide), float(high)
