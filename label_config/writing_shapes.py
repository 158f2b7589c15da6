"""Shapes -> the values of Label Studio's result JSON."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .answers import Box, Ellipse, KeyPoint, Mask, Polygon, Segment, Shape, Span, Track, Vector
from .model import Control
from .rle import brush_from_runs, png_from_runs

Json = dict[str, Any]
Size = tuple[float, float]
"""Width and height of the original image in pixels."""


def shape_value(tag: str, shape: Shape, size: Size | None) -> tuple[Json, Json]:
    """What a shape is in the value of a result of this tag, and what it is beside the value.

    ``size`` turns pixels into percent; without it they are percent already. Raises ValueError for a shape that the
    tag cannot have.
    """
    if type(shape) not in _SHAPES:
        raise ValueError(f"{type(shape).__name__} cannot be drawn")
    canvas = getattr(shape, "canvas", None)
    if tag == "OcrLabels":
        size = None  # fractions of a page, whose size nothing says
    elif canvas is not None:
        size = None if tuple(canvas) == (100.0, 100.0) else canvas
    if isinstance(shape, Mask):
        size = (shape.width, shape.height)
    wide, high = size or (100.0, 100.0)
    value = _SHAPES[type(shape)](tag, shape, 100 / wide, 100 / high)
    sized = size is not None and not isinstance(shape, Span | Segment | Track)
    return value, {"original_width": wide, "original_height": high, "image_rotation": 0} if sized else {}


def on_surface(control: Control, where: str) -> tuple[str, str, Json, Json]:
    """The object, the repetition, and what says the rest of a surface beside the value and in it."""
    about, index, root, inside = control.to_names[0], "", Json(), Json()
    for target in control.to_names:
        if where == target or where.startswith(target + "/"):
            about, where = target, where[len(target) + 1 :]
            break
    if control.index_flag is not None:
        index, _, where = where.partition("/")
    first, _, rest = where.partition("/")
    if first.isdigit():
        root["item_index"], where = int(first), rest
    kind, _, which = where.partition(" ")
    if kind == "channel":
        inside["channel"] = int(which) if which.isdigit() else which
    elif kind == "page" and which.isdigit():
        inside["pageIndex"] = int(which)
    elif kind == "paragraph":
        inside.update(start=which, end=which)
    elif where:
        inside.update(start=where, end=where)
    return about, index, root, inside


def _span(tag: str, shape: Span, *_: float) -> Json:
    if tag == "HyperTextLabels":
        ends = {"start": shape.start, "end": shape.end}
        return {**ends, "startOffset": shape.start, "endOffset": shape.end, "globalOffsets": ends}
    if tag == "ParagraphLabels":
        return {"start": "0", "end": "0", "startOffset": shape.start, "endOffset": shape.end}
    return {"start": shape.start, "end": shape.end}


def _segment(tag: str, shape: Segment, *_: float) -> Json:
    if tag == "TimelineLabels":
        return {"ranges": [{"start": int(shape.start), "end": int(shape.end) - 1}]}
    instant = {"instant": shape.start == shape.end} if tag == "TimeSeriesLabels" else {}
    return {"start": shape.start, "end": shape.end, **instant}


def _box(tag: str, shape: Box, across: float, down: float) -> Json:
    unit = 0.01 if tag == "OcrLabels" else 1.0
    return {
        "x": shape.x * across * unit,
        "y": shape.y * down * unit,
        "width": shape.width * across * unit,
        "height": shape.height * down * unit,
        "rotation": shape.rotation,
    }


def _ellipse(_: str, shape: Ellipse, across: float, down: float) -> Json:
    radii = {"radiusX": shape.radius_x * across, "radiusY": shape.radius_y * down}
    return {"x": shape.x * across, "y": shape.y * down, **radii, "rotation": shape.rotation}


def _polygon(_: str, shape: Polygon, across: float, down: float) -> Json:
    return {"points": [[x * across, y * down] for x, y in shape.points], "closed": True}


def _key_point(_: str, shape: KeyPoint, across: float, down: float) -> Json:
    return {"x": shape.x * across, "y": shape.y * down, "width": 0.5}


def _vector(_: str, shape: Vector, across: float, down: float) -> Json:
    names: Sequence[str | None] = [None, *(f"point-{place}" for place in range(len(shape.points)))]
    vertices = [
        {"id": names[at + 1], "x": x * across, "y": y * down, "prevPointId": names[at], "isBezier": False}
        for at, (x, y) in enumerate(shape.points)
    ]
    return {"vertices": vertices, "closed": shape.closed}


def _mask(tag: str, shape: Mask, *_: float) -> Json:
    if tag.startswith("Bitmask"):
        return {"imageDataURL": png_from_runs(shape.runs, shape.width, shape.height)}
    return {"format": "rle", "rle": brush_from_runs(shape.runs, shape.width, shape.height)}


def _track(_: str, shape: Track, *__: float) -> Json:
    sequence = [
        {**_box("", one.box, 1.0, 1.0), "frame": one.frame, "enabled": one.enabled, "time": 0.0} for one in shape.frames
    ]
    return {"framesCount": shape.length, "duration": 0, "sequence": sequence}


_SHAPES: Mapping[type, Callable[..., Json]] = {
    Span: _span,
    Segment: _segment,
    Box: _box,
    Ellipse: _ellipse,
    Polygon: _polygon,
    KeyPoint: _key_point,
    Vector: _vector,
    Mask: _mask,
    Track: _track,
}
