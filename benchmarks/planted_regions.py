"""The worlds whose answers mark regions, or speak of some that are there (see ``planted_worlds``)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from label_config.answers import (
    Answer,
    Box,
    Choices,
    KeyFrame,
    KeyPoint,
    Link,
    Mask,
    Part,
    PerRegion,
    Polygon,
    Region,
    Regions,
    Relations,
    Segment,
    Shape,
    Span,
    Track,
    Vector,
)
from label_config.model import Family

from .planted_worlds import LABELS, Rng, World, control_of, same

CANVAS = (600.0, 400.0)
SIDE = 40
"""Width and height of a mask."""

Draw = Callable[[Rng, float, float], Shape]
Move = Callable[[Rng, Shape], Shape]


def _marked(tag: str, draw: Draw, move: Move) -> World:
    """Four regions side by side; a wrong answer swaps a label, moves a region, or loses one."""

    def truth(rng: Rng) -> Answer:
        return Regions(tuple(Region(draw(rng, 100.0 * at, 0.0), (str(rng.choice(LABELS)),)) for at in range(4)))

    def again(rng: Rng, answer: Answer) -> Answer:
        assert isinstance(answer, Regions)
        return Regions(tuple(replace(one, shape=move(rng, one.shape)) for one in answer.regions))

    def wrong(rng: Rng, answer: Answer) -> Answer:
        assert isinstance(answer, Regions)
        regions = list(answer.regions)
        at, how = int(rng.integers(len(regions))), int(rng.integers(3))
        if how == 0 and len(regions) > 1:
            del regions[at]
        elif how == 1:
            regions[at] = replace(regions[at], shape=draw(rng, 100.0 * at, 200.0))
        else:
            others = [label for label in LABELS if label not in regions[at].labels]
            regions[at] = replace(regions[at], labels=(str(rng.choice(others)),))
        return Regions(tuple(regions))

    return World(control_of(tag, Family.REGIONS), truth, again, wrong)


def _span(rng: Rng, x: float, y: float) -> Shape:
    start = int(x / 4 + y / 20 + rng.integers(4))
    return Span(start, start + int(rng.integers(5, 12)))


def _span_moved(rng: Rng, shape: Shape) -> Shape:
    """Now and then a character more or less: a blank, a full stop."""
    assert isinstance(shape, Span)
    return replace(shape, end=shape.end + int(rng.integers(-1, 2))) if rng.random() < 0.1 else shape


def _segment(rng: Rng, x: float, y: float) -> Shape:
    start = x + y / 5 + float(rng.uniform(0, 10))
    return Segment(start, start + float(rng.uniform(15, 40)))


def _segment_moved(rng: Rng, shape: Shape) -> Shape:
    assert isinstance(shape, Segment)
    one, other = rng.normal(0, 0.5, size=2).tolist()
    return Segment(shape.start + one, shape.end + other)


def _box(rng: Rng, x: float, y: float) -> Shape:
    return Box(x + float(rng.uniform(0, 20)), y + float(rng.uniform(0, 20)), *rng.uniform(40, 70, size=2).tolist())


def _box_moved(rng: Rng, shape: Shape) -> Shape:
    assert isinstance(shape, Box)
    left, top, right, bottom = rng.normal(0, 1.5, size=4).tolist()
    return Box(shape.x + left, shape.y + top, shape.width + right - left, shape.height + bottom - top, shape.rotation)


def _polygon(rng: Rng, x: float, y: float) -> Shape:
    turns = np.arange(8) * np.pi / 4
    radius = rng.uniform(25, 35, size=8)
    corners = np.stack([x + 50 + radius * np.cos(turns), y + 50 + radius * np.sin(turns)], axis=1)
    return Polygon(tuple((one, other) for one, other in corners.tolist()))


def _polygon_moved(rng: Rng, shape: Shape) -> Shape:
    assert isinstance(shape, Polygon)
    moved = np.array(shape.points) + rng.normal(0, 1.5, size=(len(shape.points), 2))
    return Polygon(tuple((one, other) for one, other in moved.tolist()))


def _mask(rng: Rng, x: float, y: float) -> Shape:
    column, row = int(x / 10), int(y / 10) + int(rng.integers(6))
    height, width = rng.integers(7, 10, size=2).tolist()
    pixels = np.zeros((SIDE, SIDE), dtype=np.bool_)
    pixels[row : row + height, column : column + width] = True
    return _of_pixels(pixels)


def _of_pixels(pixels: Any) -> Mask:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], pixels.ravel()]).astype(np.int64)))
    ends = [0, *edges.tolist(), pixels.size]
    return Mask(SIDE, SIDE, tuple(np.diff(ends).tolist()))


def _mask_moved(rng: Rng, shape: Shape) -> Shape:
    """A few of the pixels at its edge more or less."""
    assert isinstance(shape, Mask)
    inside = np.arange(len(shape.runs)) % 2 == 1
    pixels = np.repeat(inside, shape.runs).reshape(SIDE, SIDE)
    near = pixels | np.roll(pixels, 1, 0) | np.roll(pixels, -1, 0) | np.roll(pixels, 1, 1) | np.roll(pixels, -1, 1)
    flipped = (near & ~pixels) & (rng.random(pixels.shape) < 0.1)
    return _of_pixels(pixels | flipped)


def _point(rng: Rng, x: float, y: float) -> Shape:
    return KeyPoint(x + float(rng.uniform(0, 60)), y + float(rng.uniform(0, 60)), CANVAS)


def _point_moved(rng: Rng, shape: Shape) -> Shape:
    assert isinstance(shape, KeyPoint)
    x, y = rng.normal(0, 2, size=2).tolist()
    return replace(shape, x=shape.x + x, y=shape.y + y)


def _vector(rng: Rng, x: float, y: float) -> Shape:
    steps = rng.uniform(5, 15, size=(5, 2)).cumsum(axis=0)
    return Vector(tuple((x + one, y + other) for one, other in steps.tolist()), False, CANVAS)


def _vector_moved(rng: Rng, shape: Shape) -> Shape:
    assert isinstance(shape, Vector)
    moved = np.array(shape.points) + rng.normal(0, 1, size=(len(shape.points), 2))
    return replace(shape, points=tuple((one, other) for one, other in moved.tolist()))


def _track(rng: Rng, x: float, y: float) -> Shape:
    first, last = _box(rng, x, y), _box(rng, x, y)
    assert isinstance(first, Box)
    assert isinstance(last, Box)
    return Track((KeyFrame(1, first), KeyFrame(40, last)), 40)


def _track_moved(rng: Rng, shape: Shape) -> Shape:
    assert isinstance(shape, Track)
    moved = [(one, _box_moved(rng, one.box)) for one in shape.frames]
    return replace(shape, frames=tuple(replace(one, box=box) for one, box in moved if isinstance(box, Box)))


def _links(rng: Rng) -> Answer:
    """Three relations between six spans, of two kinds."""
    spans = [Region(Span(12 * at, 12 * at + 8), (LABELS[at % 4],)) for at in range(6)]
    ends = rng.permutation(6).reshape(3, 2).tolist()
    kinds = rng.choice(["causes", "follows"], size=3).tolist()
    links = [Link(spans[one], spans[other], "right", (kind,)) for (one, other), kind in zip(ends, kinds, strict=True)]
    return Relations(tuple(sorted(links, key=repr)))


def _links_wrong(rng: Rng, answer: Answer) -> Answer:
    """One of the relations is of the other kind, or is missing."""
    assert isinstance(answer, Relations)
    links = list(answer.links)
    at = int(rng.integers(len(links)))
    if rng.random() < 0.5 and len(links) > 1:
        del links[at]
    else:
        links[at] = replace(links[at], labels=("follows" if links[at].labels == ("causes",) else "causes",))
    return Relations(tuple(links))


def _parts(rng: Rng) -> Answer:
    spans = [Region(Span(20 * at, 20 * at + 10), ("billing",)) for at in range(3)]
    return PerRegion(tuple(Part(span, Choices((str(rng.choice(LABELS)),))) for span in spans))


def _parts_wrong(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, PerRegion)
    parts = list(answer.parts)
    at = int(rng.integers(len(parts)))
    others = [label for label in LABELS if parts[at].answer != Choices((label,))]
    parts[at] = replace(parts[at], answer=Choices((str(rng.choice(others)),)))
    return PerRegion(tuple(parts))


REGIONS: Mapping[str, World] = {
    "spans": _marked("Labels", _span, _span_moved),
    "segments": _marked("TimeSeriesLabels", _segment, _segment_moved),
    "boxes": _marked("RectangleLabels", _box, _box_moved),
    "polygons": _marked("PolygonLabels", _polygon, _polygon_moved),
    "masks": _marked("BrushLabels", _mask, _mask_moved),
    "key points": _marked("KeyPointLabels", _point, _point_moved),
    "vectors": _marked("VectorLabels", _vector, _vector_moved),
    "tracks": _marked("VideoRectangle", _track, _track_moved),
    "relations": World(control_of("Relations", Family.RELATIONS, ()), _links, same, _links_wrong),
    "per region": World(control_of("Choices", Family.CHOICES, per_region=True), _parts, same, _parts_wrong),
}
"""Name -> world."""
