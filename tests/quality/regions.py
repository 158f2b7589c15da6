"""Answers that mark regions, for tests: generated ones, and what plain Python makes of them."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from label_config.answers import Answer, Box, Polygon, Region, Regions, Segment, Shape, Span
from label_config.model import Control, Family
from sync.quality.distance import distance
from sync.quality.distance.comparison import every_pair
from sync.quality.records import FloatArray

CONTROL = Control("r", "RectangleLabels", ("image",), ("a", "b"), family=Family.REGIONS)

SMALL = st.integers(0, 6)
SPANS = st.builds(lambda start, length: Span(start, start + length), SMALL, st.integers(1, 5))
SEGMENTS = st.builds(lambda start, length: Segment(start / 2, (start + length) / 2), SMALL, st.integers(0, 5))
BOXES = st.builds(Box, SMALL, SMALL, st.integers(0, 4), st.integers(1, 4))
TRIANGLES = st.builds(
    lambda x, y, size: Polygon(((x, y), (x + size, y), (x, y + size))), SMALL, SMALL, st.integers(1, 4)
)
LABELS = st.sampled_from([(), ("a",), ("b",), ("a", "b"), ("b", "a")])
WHERE = st.sampled_from(["", "", "page 2"])


def answers(shapes: st.SearchStrategy[Shape], most: int = 4) -> st.SearchStrategy[list[Regions]]:
    """Up to three answers of few regions."""
    one = st.lists(st.builds(Region, shapes, LABELS, WHERE), max_size=most).map(lambda found: Regions(tuple(found)))
    return st.lists(one, min_size=1, max_size=3)


def boxes(*corners: tuple[float, float, float, float], label: str = "a") -> Regions:
    """Boxes by x, y, width and height."""
    return Regions(tuple(Region(Box(*corner), (label,)) for corner in corners))


def apart(name: str, *answers: Answer, control: Control = CONTROL) -> FloatArray:
    """The distances of every answer to every one."""
    return distance(control, name)(every_pair(control, answers)).reshape(len(answers), len(answers))


def most_agreed(one: Sequence[Region], other: Sequence[Region], worth: Callable[[Region, Region], float]) -> float:
    """The most that any one-to-one matching is worth, by trying all of them."""
    short, long = sorted((one, other), key=len)
    return max(
        sum(worth(region, fellow) for region, fellow in zip(short, chosen, strict=True))
        for chosen in itertools.permutations(long, len(short))
    )


def as_set(answer: Answer) -> set[tuple[Shape, frozenset[str], str]]:
    """What an answer marks; neither its regions nor their labels have an order."""
    assert isinstance(answer, Regions)
    return {(one.shape, frozenset(one.labels), one.where) for one in answer.regions}


def cells(shape: Shape) -> set[tuple[float, float]]:
    """The middles of the cells, half a unit wide, that a shape of half units covers."""
    if isinstance(shape, Box):
        across, down = (shape.x, shape.x + shape.width), (shape.y, shape.y + shape.height)
    else:
        assert isinstance(shape, Span | Segment)
        across, down = (shape.start, shape.end), (0.0, 0.5)
    xs, ys = (np.arange(*side, 0.5).tolist() for side in (across, down))
    return set(itertools.product(xs, ys))


def covered(regions: Sequence[Region], label: str | None) -> set[tuple[str, float, float]]:
    """The cells that the regions of a label cover; of a null label those of all regions."""
    return {
        (region.where, *cell)
        for region in regions
        if label is None or label in (region.labels or ("",))
        for cell in cells(region.shape)
    }


def iou(one: Region, other: Region, *, labels: bool = True) -> float:
    """Intersection over union by counting cells; 1 for equal places."""
    if one.where != other.where or (labels and set(one.labels) != set(other.labels)):
        return 0.0
    if one.shape == other.shape:
        return 1.0
    ours, theirs = cells(one.shape), cells(other.shape)
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 0.0
