"""Generated answers to every kind of control: ``CASES`` maps a name to a control and a strategy of valid answers.

Answers to one control are from one small world, so that equal, overlapping and unlike ones all occur.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from label_config.answers import (
    Answer,
    Box,
    Chat,
    Choices,
    Ellipse,
    KeyFrame,
    KeyPoint,
    Link,
    Mask,
    Message,
    Moment,
    Number,
    Part,
    PerRegion,
    Polygon,
    Ranking,
    Region,
    Regions,
    Relations,
    Segment,
    Shape,
    Span,
    Taxonomy,
    Text,
    Track,
    Vector,
    Whole,
)
from label_config.model import Control, Family

LABELS = ("a", "b", "c", "d")
CANVAS = (64.0, 48.0)
SIDE = 6
"""Width and height of a mask."""


@dataclass(frozen=True)
class Case:
    """A control, answers to it, and the answer that says nothing, where there is one."""

    control: Control
    answers: st.SearchStrategy[Answer]
    empty: Answer | None = None


def _control(
    tag: str, family: Family, labels: tuple[str, ...] = (), low: float | None = None, high: float | None = None
) -> Control:
    return Control("c", tag, ("t",), labels, family=family, low=low, high=high)


def _each_once(values: tuple[str, ...], least: int = 0, most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of the values, each at most once, in their own order."""
    chosen = st.lists(st.sampled_from(values), unique=True, min_size=least, max_size=most)
    return chosen.map(lambda found: tuple(sorted(found, key=values.index)))


PATHS = (("animal",), ("animal", "cat"), ("animal", "dog"), ("animal", "dog", "pug"), ("plant",), ("plant", "fern"))
WORDS = ("a red house", "the red house", "a house", "Häuser", "Ha\u0308user", "red  house a", "x", "")
DAY = 86_400

SINGLE = _control("Choices", Family.CHOICES, LABELS)
MULTIPLE = Control("c", "Choices", ("t",), LABELS, multiple=True)

single = st.sampled_from(LABELS).map(lambda label: Choices((label,)))
multiple = _each_once(LABELS).map(Choices)
taxonomy = st.sets(st.sampled_from(PATHS), max_size=4).map(lambda paths: Taxonomy(tuple(sorted(paths))))
rating = st.integers(1, 5).map(lambda value: Number(float(value)))
number = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e9, 1e9)).map(Number)
bounded = st.one_of(st.integers(0, 10).map(float), st.floats(0, 10)).map(Number)
moment = st.integers(-3 * DAY, 400 * DAY).map(lambda seconds: Moment(f"{seconds} s", float(seconds)))
text = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=3).map(
    lambda lines: Text(tuple(lines))
)
ranking = st.permutations(LABELS).flatmap(
    lambda items: st.integers(0, len(items)).map(lambda size: Ranking((("rank", tuple(items[:size])),)))
)


@st.composite
def bucketed(draw: st.DrawFn) -> Ranking:
    """Items in two buckets, or in none ("_")."""
    items = draw(st.permutations(LABELS))
    one, two = sorted(draw(st.tuples(st.integers(0, len(items)), st.integers(0, len(items)))))
    return Ranking((("best", tuple(items[:one])), ("worst", tuple(items[one:two])), ("_", tuple(items[two:]))))


_lengths = st.integers(1, 20).map(float)
_across, _down = st.integers(0, 40).map(float), st.integers(0, 30).map(float)
_turns = st.sampled_from([0.0, 0.0, 30.0, 90.0, 315.0])
_points = st.tuples(_across, _down)

spans = st.tuples(st.integers(0, 20), st.integers(1, 8)).map(lambda at: Span(at[0], at[0] + at[1]))
segments = st.tuples(_across, st.integers(0, 8)).map(lambda at: Segment(at[0], at[0] + at[1]))
upright = st.builds(Box, _across, _down, _lengths, _lengths)
boxes = st.builds(Box, _across, _down, _lengths, _lengths, _turns)
ellipses = st.builds(Ellipse, _across, _down, _lengths, _lengths, _turns)
key_points = _points.map(lambda at: KeyPoint(*at, CANVAS))
vectors = st.builds(
    lambda points, closed: Vector(tuple(points), closed, CANVAS),
    st.lists(_points, min_size=3, max_size=5, unique=True),
    st.booleans(),
)


@st.composite
def polygons(draw: st.DrawFn) -> Polygon:
    """An outline that does not cross itself: seen from its middle, its corners stand at growing angles."""
    x, y = draw(_points)
    more = draw(st.sets(st.sampled_from([30, 60, 90, 150, 180, 210, 270, 300]), max_size=4))
    corners = [(math.radians(angle), draw(_lengths)) for angle in sorted({0, 120, 240} | more)]
    return Polygon(tuple((x + 20 + far * math.cos(way), y + 20 + far * math.sin(way)) for way, far in corners))


def mask_of(pixels: list[bool], width: int) -> Mask:
    """Pixels row by row -> a mask."""
    runs, now = [0], False
    for pixel in pixels:
        if pixel != now:
            runs, now = [*runs, 0], pixel
        runs[-1] += 1
    return Mask(width, len(pixels) // width, tuple(runs))


masks = st.lists(st.booleans(), min_size=SIDE * SIDE, max_size=SIDE * SIDE).map(lambda pixels: mask_of(pixels, SIDE))


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Key frames in order within a video of 20 frames."""
    frames = sorted(draw(st.sets(st.integers(1, 20), min_size=1, max_size=4)))
    return Track(tuple(KeyFrame(frame, draw(upright), draw(st.booleans())) for frame in frames), 20)


def regions_with(
    shapes: st.SearchStrategy[Shape], where: tuple[str, ...] = ("", "", "page 2"), most: int = 4
) -> st.SearchStrategy[Regions]:
    """Answers that mark such shapes, with one or two labels each."""
    regions = region_with(shapes, where)
    return st.lists(regions, max_size=most).map(lambda found: Regions(tuple(found)))


def region_with(
    shapes: st.SearchStrategy[Shape], where: tuple[str, ...] = ("", "", "page 2")
) -> st.SearchStrategy[Region]:
    """Regions of such shapes."""
    return st.builds(Region, shapes, _each_once(LABELS, least=1, most=2), st.sampled_from(where))


SHAPES: Mapping[str, tuple[str, st.SearchStrategy[Shape]]] = {
    "spans": ("Labels", spans),
    "segments": ("TimeSeriesLabels", segments),
    "upright boxes": ("RectangleLabels", upright),
    "boxes": ("RectangleLabels", boxes),
    "ellipses": ("EllipseLabels", ellipses),
    "polygons": ("PolygonLabels", polygons()),
    "masks": ("BrushLabels", masks),
    "key points": ("KeyPointLabels", key_points),
    "vectors": ("VectorLabels", vectors),
    "tracks": ("VideoRectangle", tracks()),
    "wholes": ("Labels", st.just(Whole())),
}
"""Kind of shape -> a tag that draws it, and such shapes."""


@st.composite
def links(draw: st.DrawFn) -> Link:
    """A relation between two spans."""
    source, target = draw(region_with(spans, ("",))), draw(region_with(spans, ("",)))
    direction = draw(st.sampled_from(["right", "left", "bi"]))
    return Link(source, target, direction, draw(_each_once(LABELS, most=1)))


def parts_with(answers: st.SearchStrategy[Answer]) -> st.SearchStrategy[PerRegion]:
    """Answers that say one thing about each of a few boxes, or leave it open."""
    part = st.builds(Part, region_with(upright, ("",)), st.one_of(st.none(), answers))
    return st.lists(part, max_size=3).map(lambda parts: PerRegion(tuple(parts)))


def _per_region(control: Control) -> Control:
    return Control(
        control.name,
        control.tag,
        control.to_names,
        control.labels,
        multiple=control.multiple,
        family=control.family,
        per_region=True,
        low=control.low,
        high=control.high,
    )


messages = st.builds(Message, st.sampled_from(["user", "assistant"]), st.sampled_from(WORDS[:4]) | st.text(max_size=5))
conversations = st.lists(messages, max_size=4).map(lambda found: Chat(tuple(found)))
relations = st.lists(links(), max_size=3).map(lambda found: Relations(tuple(found)))

STARS = _control("Rating", Family.RATING, low=1.0, high=5.0)
TEXTAREA = _control("TextArea", Family.TEXT)

CASES: Mapping[str, Case] = {
    "single choice": Case(SINGLE, single),
    "multiple choice": Case(MULTIPLE, multiple, Choices(())),
    "taxonomy": Case(_control("Taxonomy", Family.TAXONOMY), taxonomy, Taxonomy(())),
    "rating": Case(STARS, rating),
    "number": Case(_control("Number", Family.NUMBER), number),
    "number in bounds": Case(_control("Number", Family.NUMBER, low=0.0, high=10.0), bounded),
    "moment": Case(_control("DateTime", Family.MOMENT), moment),
    "text": Case(TEXTAREA, text, Text(())),
    "ranking": Case(_control("Ranker", Family.RANKING), ranking, Ranking(())),
    "ranking in buckets": Case(_control("Ranker", Family.RANKING), bucketed(), Ranking(())),
    "chat": Case(_control("ChatMessage", Family.CHAT), conversations, Chat(())),
    "relations": Case(_control("Relations", Family.RELATIONS, LABELS), relations, Relations(())),
    **{
        name: Case(_control(tag, Family.REGIONS, LABELS), regions_with(shapes), Regions(()))
        for name, (tag, shapes) in SHAPES.items()
    },
    "choice per region": Case(_per_region(SINGLE), parts_with(single), PerRegion(())),
    "choices per region": Case(_per_region(MULTIPLE), parts_with(multiple), PerRegion(())),
    "rating per region": Case(_per_region(STARS), parts_with(rating), PerRegion(())),
    "text per region": Case(_per_region(TEXTAREA), parts_with(text), PerRegion(())),
}
"""What is asked -> a control, answers to it and its empty answer."""
