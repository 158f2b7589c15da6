"""Similarity of shapes: by hand, and beside areas that are counted point by point."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pycocotools.mask as coco
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import (
    Box,
    Ellipse,
    KeyFrame,
    KeyPoint,
    Mask,
    Polygon,
    Segment,
    Shape,
    Span,
    Track,
    Vector,
    Whole,
)
from sync.quality.distance.shapes import KINDS, SIMILARITIES, masks, outlines, overlap, points, similarity
from sync.quality.records import BoolArray, FloatArray

from ..thorough import up_to


def alike(left: Shape, right: Shape) -> float:
    return float(similarity([left], [right])[0])


SQUARE = Box(0, 0, 2, 2)
DIAMOND = Polygon(((1, 0), (2, 1), (1, 2), (0, 1)))
PENTAGRAM = Polygon(tuple((math.sin(0.8 * math.pi * k), math.cos(0.8 * math.pi * k)) for k in range(5)))
PENTAGRAM_AREA = 10 * math.tan(math.radians(18)) / (3 - math.tan(math.radians(18)) ** 2)
"""Of the star in a circle of radius 1, its middle included."""


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (Span(0, 4), Span(2, 6), 2 / 6),
        (Span(0, 4), Span(4, 6), 0),
        (Segment(0.5, 2.5), Segment(1.5, 4.5), 1 / 4),
        (Segment(0, 10), Segment(2, 7), 1 / 2),
        (SQUARE, Box(1, 1, 2, 2), 1 / 7),
        (SQUARE, Box(2, 0, 2, 2), 0),
        (SQUARE, Box(0, 0, 2, 1), 1 / 2),
        pytest.param(SQUARE, Box(2, 0, 2, 2, 90), 1, id="turned clockwise about the corner at its top left"),
        pytest.param(SQUARE, Box(2, 2, 2, 2, 180), 1, id="turned by half a turn"),
        pytest.param(SQUARE, Box(0, 2, 2, 2, -90), 1, id="turned the other way"),
        pytest.param(SQUARE, Box(0, 0, 2, 2, 90), 0, id="turned away"),
        (DIAMOND, Box(1, 0, math.sqrt(2), math.sqrt(2), 45), 1),
        (SQUARE, DIAMOND, 1 / 2),
        (Ellipse(1, 1, 1, 1), SQUARE, math.pi / 4),
        (Ellipse(1, 1, 1, 2, 90), Box(-1, 0, 4, 2), math.pi / 4),
        (Ellipse(0, 0, 3, 2), Ellipse(0, 0, 6, 4), 1 / 4),
        (Ellipse(0, 0, 3, 2, 30), Ellipse(0, 0, 3, 2, 210), 1),
        pytest.param(
            Ellipse(0, 0, 1, 1),
            Ellipse(1, 0, 1, 1),
            (2 * math.pi / 3 - math.sqrt(3) / 2) / (4 * math.pi / 3 + math.sqrt(3) / 2),
            id="two circles through each other's centres",
        ),
        pytest.param(Polygon(((0, 0), (2, 2), (2, 0), (0, 2))), SQUARE, 1 / 2, id="a bow tie is its two triangles"),
        pytest.param(PENTAGRAM, Box(-1, -1, 2, 2), PENTAGRAM_AREA / 4, id="the middle of a star is inside"),
        (Vector(((0, 0), (2, 0), (2, 2), (0, 2)), True), SQUARE, 1),
        (Vector(((0, 0), (2, 0), (2, 2), (0, 2)), True), Vector(((0, 0), (1, 0), (1, 2), (0, 2)), True), 1 / 2),
        (Mask(4, 2, (0, 4, 4)), Mask(4, 2, (2, 4, 2)), 2 / 6),
        pytest.param(Mask(4, 2, (0, 4, 4)), Mask(2, 4, (0, 4, 4)), 0, id="masks of different images"),
        (Mask(4, 2, (0, 2, 2, 2, 2)), SQUARE, 1),
        (Mask(4, 2, (0, 8)), SQUARE, 1 / 2),
        (Mask(4, 2, (0, 2, 2, 2, 2)), Box(0.5, 0.5, 2, 2), 2.25 / 5.75),
        (Mask(4, 2, (0, 2, 2, 2, 2)), Box(-2, 0, 4, 2), 1 / 2),
        (KeyPoint(0, 0, (60, 80)), KeyPoint(0, 2.5, (60, 80)), math.exp(-1 / 2)),
        (KeyPoint(0, 0, (60, 80)), KeyPoint(3, 4, (60, 80)), math.exp(-2)),
        pytest.param(KeyPoint(25, 50), KeyPoint(150, 400, (600, 800)), 1, id="in percent and in pixels"),
        (Vector(((0, 0), (9, 0)), False, (60, 80)), Vector(((9, 5), (0, 5)), False, (60, 80)), math.exp(-2)),
        pytest.param(
            Vector(((0, 0), (9, 0), (5, 0)), False), Vector(((9, 0), (0, 0)), False), 1, id="from either end, and back"
        ),
        (Whole(), Whole(), 1),
        (Whole(), Span(0, 1), 0),
        (Span(0, 2), Segment(0, 2), 0),
        (KeyPoint(1, 1), SQUARE, 0),
        (Vector(((0, 0), (2, 2)), False), SQUARE, 0),
        (Track((KeyFrame(1, SQUARE),), 1), SQUARE, 0),
    ],
)
def test_similarity_by_hand(left: Shape, right: Shape, expected: float) -> None:
    assert alike(left, right) == pytest.approx(expected, abs=2e-4)
    assert alike(left, right) == alike(right, left)


NOTHING: Sequence[Shape] = (
    Span(3, 3),
    Segment(3, 3),
    Box(1, 1, 0, 2),
    Box(1, 1, 0, 2, 30),
    Ellipse(1, 1, 0, 1),
    Polygon(((0, 0), (1, 1), (2, 2))),
    Polygon(((1, 1), (1, 1), (1, 1))),
    Vector(((1, 1), (1, 1), (1, 1)), True),
    Mask(3, 3, (9,)),
    Track((KeyFrame(1, Box(1, 1, 0, 2)),), 3),
)
SOMETHING: Sequence[Shape] = (
    Span(0, 9),
    Segment(0, 9),
    Box(0, 0, 9, 9),
    Ellipse(0, 0, 9, 9),
    Polygon(((0, 0), (9, 0), (9, 9))),
    Mask(3, 3, (0, 9)),
    Track((KeyFrame(1, Box(0, 0, 9, 9)),), 3),
)


@pytest.mark.parametrize("shape", NOTHING)
def test_what_has_no_size_is_like_itself_alone(shape: Shape) -> None:
    assert alike(shape, replace(shape)) == 1
    for other in (*NOTHING, *SOMETHING):
        assert alike(shape, other) == (shape == other)


def test_lines_of_one_point_are_compared_as_points() -> None:
    one, other = (Vector(((x, 0),), False, (60, 80)) for x in (0, 2.5))
    assert alike(one, other) == pytest.approx(math.exp(-1 / 2))


LINE = Vector(((0, 0), (1, 1)), False)
STILL = Track((KeyFrame(1, SQUARE),), 5)

NUMBER = st.integers(-40, 40).map(lambda number: number / 4)
LENGTH = st.integers(0, 40).map(lambda number: number / 4)
ANGLE = st.sampled_from([0.0, 30.0, 45.0, 90.0, 200.0, 360.0, -17.5])
POINT = st.tuples(NUMBER, NUMBER)
BOXES = st.builds(Box, NUMBER, NUMBER, LENGTH, LENGTH, ANGLE)
ELLIPSES = st.builds(Ellipse, NUMBER, NUMBER, LENGTH, LENGTH, ANGLE)
POLYGONS = st.builds(Polygon, st.lists(POINT, min_size=3, max_size=7).map(tuple))
CANVAS = st.sampled_from([(100.0, 100.0), (30.0, 40.0)])
PATH = st.lists(POINT, min_size=1, max_size=5).map(tuple)
VECTORS = st.builds(Vector, PATH, st.booleans(), CANVAS)
AREAS = BOXES | ELLIPSES | POLYGONS
KEYS = st.lists(
    st.builds(KeyFrame, st.integers(1, 12), BOXES, st.booleans()), min_size=1, max_size=4, unique_by=lambda k: k.frame
).map(lambda keys: tuple(sorted(keys, key=lambda key: key.frame)))
TRACKS = st.builds(Track, KEYS, st.sampled_from([0, 12, 15]))


@st.composite
def drawn_masks(draw: st.DrawFn, width: int = 7, height: int = 5) -> Mask:
    return mask_of(np.array(draw(st.lists(st.booleans(), min_size=width * height, max_size=width * height))), width)


def mask_of(inside: BoolArray, width: int) -> Mask:
    flat = inside.ravel()
    ends = [*(np.flatnonzero(flat[1:] != flat[:-1]) + 1).tolist(), flat.size]
    runs = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return Mask(width, flat.size // width, (*((0,) if flat[0] else ()), *runs))


def pixels(mask: Mask) -> BoolArray:
    inside = np.arange(len(mask.runs)) % 2 == 1
    return np.repeat(inside, mask.runs).reshape(mask.height, mask.width)


SHAPES: st.SearchStrategy[Shape] = st.one_of(
    st.builds(lambda one, other: Span(min(one, other), max(one, other)), st.integers(0, 9), st.integers(0, 9)),
    st.builds(lambda one, other: Segment(min(one, other), max(one, other)), NUMBER, NUMBER),
    AREAS,
    VECTORS,
    drawn_masks(),
    st.builds(KeyPoint, NUMBER, NUMBER, CANVAS),
    TRACKS,
    st.just(Whole()),
)


@settings(deadline=None)
@given(st.lists(SHAPES, min_size=1, max_size=8))
def test_similarity_is_symmetric_in_range_and_one_to_itself(shapes: list[Shape]) -> None:
    left = [shape for shape in shapes for _ in shapes]
    right = shapes * len(shapes)
    found = similarity(left, right).reshape(len(shapes), -1)
    assert np.array_equal(found, found.T)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(similarity(shapes, [replace(shape) for shape in shapes]) == 1.0)
    one_by_one = [alike(one, other) for one, other in zip(left, right, strict=True)]
    assert found.ravel() == pytest.approx(one_by_one, abs=1e-12), "what else is compared makes no difference"


@pytest.mark.parametrize(
    "shape",
    [
        Box(0, 0, 1e31, 1),
        Box(math.nan, 0, 1, 1, 5),
        KeyPoint(math.inf, 0),
        Polygon(((0, 0), (1, 1), (1, -1e300))),
        Vector(((0, 0), (1e200, 1)), False),
        Track((KeyFrame(1, Box(0, 0, 1e99, 1)),), 5),
    ],
)
def test_what_is_far_beyond_any_image_is_refused(shape: Shape) -> None:
    other = next(one for one in (SQUARE, KeyPoint(1, 1), DIAMOND, LINE, STILL) if type(one) is type(shape))
    with pytest.raises(ValueError, match=r"numbers from -1e\+30 to 1e\+30"):
        similarity([shape], [other])


def test_every_kind_is_compared_with_itself_and_pairs_of_kinds_are_in_order() -> None:
    assert {(kind, kind) for kind in KINDS} <= SIMILARITIES.keys()
    assert all(
        KINDS.index(one) <= KINDS.index(other)
        for one, other in SIMILARITIES
        if (other, one) != (one, other) and (other, one) not in SIMILARITIES
    )


def test_pairs_have_two_sides() -> None:
    assert similarity([], []).shape == (0,)
    with pytest.raises(ValueError, match="not 1 and 2"):
        similarity([Whole()], [Whole(), Whole()])


def moved(shape: Shape, by: float, times: float) -> Shape:
    """The same shape elsewhere and larger."""
    if isinstance(shape, Polygon):
        return Polygon(tuple((times * x + by, times * y - by) for x, y in shape.points))
    assert isinstance(shape, Box | Ellipse)
    x, y = times * shape.x + by, times * shape.y - by
    if isinstance(shape, Ellipse):
        return Ellipse(x, y, times * shape.radius_x, times * shape.radius_y, shape.rotation)
    return Box(x, y, times * shape.width, times * shape.height, shape.rotation)


@settings(deadline=None)
@given(AREAS, AREAS, st.integers(-500, 500), st.sampled_from([0.125, 3.0, 1000.0]))
def test_where_areas_are_and_how_large_makes_no_difference(one: Shape, other: Shape, by: int, times: float) -> None:
    assert alike(moved(one, by, times), moved(other, by, times)) == pytest.approx(alike(one, other), abs=1e-6)


GRID = np.stack(np.meshgrid(*[np.arange(-25, 25, 0.1) + 0.05] * 2), axis=-1).reshape(-1, 2)


def inside(shape: Shape, at: FloatArray = GRID) -> BoolArray:
    """Which points a shape covers, from its definition."""
    if isinstance(shape, Polygon):
        return np.asarray(_winding(np.array(shape.points), at) != 0)
    assert isinstance(shape, Box | Ellipse)
    angle = math.radians(shape.rotation)
    x, y = at[:, 0] - shape.x, at[:, 1] - shape.y
    x, y = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    if isinstance(shape, Ellipse):
        if not (shape.radius_x and shape.radius_y):
            return np.zeros(len(at), np.bool_)
        return np.asarray((x / shape.radius_x) ** 2 + (y / shape.radius_y) ** 2 < 1)
    return np.asarray((x > 0) & (x < shape.width) & (y > 0) & (y < shape.height))


def _winding(corners: FloatArray, at: FloatArray) -> FloatArray:
    """How often the outline goes around each point: what crosses the ray to its right upwards, less downwards."""
    turns = np.zeros(len(at))
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side = (x1 - x0) * (at[:, 1] - y0) - (at[:, 0] - x0) * (y1 - y0)
        turns += (y0 <= at[:, 1]) & (y1 > at[:, 1]) & (side > 0)
        turns -= (y0 > at[:, 1]) & (y1 <= at[:, 1]) & (side < 0)
    return turns


def counted(one: BoolArray, other: BoolArray) -> float:
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 0.0


@settings(deadline=None, max_examples=up_to(60))
@given(AREAS, AREAS)
def test_areas_are_those_that_are_counted_point_by_point(one: Shape, other: Shape) -> None:
    ours, theirs = inside(one), inside(other)
    if min(ours.sum(), theirs.sum()) > 400 and one != other:
        assert alike(one, other) == pytest.approx(counted(ours, theirs), abs=0.03)
    if ours.any() and theirs.any():
        both, either = overlap([one], [other])
        assert both / 0.01 == pytest.approx(np.count_nonzero(ours & theirs), abs=0.03 * either / 0.01 + 60)


def test_a_box_is_the_same_turned_or_not() -> None:
    rng = np.random.default_rng(3)
    sides = rng.uniform(0, 10, (2, 200, 4))
    left, right = ([Box(*map(float, side)) for side in one] for one in sides)
    as_outlines = outlines.iou([*left, *right], np.arange(200), np.arange(200, 400))
    assert similarity(left, right) == pytest.approx(as_outlines, abs=1e-9)


def test_an_ellipse_has_its_own_area_and_is_hardly_off() -> None:
    found = outlines.outlines([Ellipse(3, 4, 5, 2, 33)])[0]
    assert found.area == pytest.approx(10 * math.pi, rel=1e-9)
    radius = np.hypot(*np.array(outlines.outlines([Ellipse(0, 0, 1, 1)])[0].exterior.coords).T)
    assert np.all(np.abs(radius - 1) < 0.0005)
    assert np.all(np.abs(radius * np.cos(np.pi / outlines.ELLIPSE_POINTS) - 1) < 0.0005)


@settings(deadline=None)
@given(st.lists(drawn_masks(), min_size=1, max_size=6))
def test_masks_are_counted_pixel_by_pixel(shapes: list[Mask]) -> None:
    n = len(shapes)
    left, right = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    images = [pixels(mask) for mask in shapes]
    expected = [counted(images[one], images[other]) for one, other in zip(left, right, strict=True)]
    assert masks.iou(shapes, left, right).tolist() == pytest.approx(expected, abs=1e-12)
    twice = masks.dice(shapes, left, right)
    assert twice == pytest.approx([2 * iou / (1 + iou) for iou in expected], abs=1e-12)
    half = (n + 1) // 2
    one, other = (np.any([np.zeros((5, 7), np.bool_), *side], axis=0) for side in (images[:half], images[half:]))
    assert overlap(shapes[:half], shapes[half:]) == (np.count_nonzero(one & other), np.count_nonzero(one | other))


def test_masks_are_as_coco_has_them() -> None:
    rng = np.random.default_rng(5)
    images = rng.random((12, 40, 30)).cumsum(axis=2) % 7 < rng.uniform(1, 6, (12, 1, 1))
    shapes = [mask_of(image, 30) for image in images]
    packed = coco.encode(np.asfortranarray(images.transpose(1, 2, 0).astype(np.uint8)))
    left, right = np.repeat(np.arange(12), 12), np.tile(np.arange(12), 12)
    assert masks.iou(shapes, left, right) == pytest.approx(coco.iou(packed, packed, [0] * 12).ravel(), abs=1e-12)


def test_many_masks_are_worked_on_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    shapes = [mask_of(rng.random((9, 11)) < share, 11) for share in rng.random(20)]
    left, right = np.repeat(np.arange(20), 20), np.tile(np.arange(20), 20)
    at_once = masks.iou(shapes, left, right)
    monkeypatch.setattr(masks, "_BLOCK", 50)
    assert np.array_equal(masks.iou(shapes, left, right), at_once)


@settings(deadline=None, max_examples=up_to(60))
@given(drawn_masks(16, 16), AREAS)
def test_a_mask_beside_an_outline_is_counted_point_by_point(mask: Mask, area: Shape) -> None:
    x, y = GRID.T
    on_image = (x > 0) & (x < 16) & (y > 0) & (y < 16)
    ours = np.zeros(len(GRID), np.bool_)
    ours[on_image] = pixels(mask)[y[on_image].astype(int), x[on_image].astype(int)]
    theirs = inside(area)
    assert alike(mask, area) == pytest.approx(counted(ours, theirs), abs=0.03)
    assert alike(mask, area) == alike(area, mask)


def test_a_run_over_several_rows_is_a_rectangle_a_row() -> None:
    boxes = masks.runs_as_boxes(Mask(4, 4, (2, 9, 3, 2)))
    bounds = sorted(tuple(map(int, box.bounds)) for box in boxes)
    assert bounds == [(0, 1, 4, 2), (0, 2, 3, 3), (2, 0, 4, 1), (2, 3, 4, 4)]


def visible(track: Track, frame: int) -> Box | None:
    """The box at a frame, as the labeling screen finds it: the key frame there, else between the two around it."""
    before = [key for key in track.frames if key.frame <= frame]
    after = [key for key in track.frames if key.frame > frame]
    if not before or not (before[-1].enabled or before[-1].frame == frame):
        return None
    if before[-1].frame == frame or not after:
        return before[-1].box
    start, end = before[-1], after[0]
    share = (frame - start.frame) / (end.frame - start.frame)
    turn = (end.box.rotation - start.box.rotation + 180) % 360 - 180
    sides = [getattr(start.box, side) for side in ("x", "y", "width", "height")]
    ends = [getattr(end.box, side) for side in ("x", "y", "width", "height")]
    x, y, width, height = (one + share * (other - one) for one, other in zip(sides, ends, strict=True))
    return Box(x, y, width, height, start.box.rotation + share * turn)


@settings(deadline=None, max_examples=up_to(60))
@given(TRACKS, TRACKS)
def test_tracks_are_summed_frame_by_frame(one: Track, other: Track) -> None:
    end = max(one.length, other.length, one.frames[-1].frame, other.frames[-1].frame)
    shared = union = 0.0
    for frame in range(1, end + 1):
        sides = [[box] if box else [] for box in (visible(track, frame) for track in (one, other))]
        both, either = overlap(*sides)
        shared, union = shared + both, union + either
    assert overlap([one], [other]) == pytest.approx((shared, union), abs=1e-6)
    if one != other:
        assert alike(one, other) == pytest.approx(shared / union if union > 1e-9 else 0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("frames", "length", "expected"),
    [
        pytest.param([(1, 0, True)], 10, 1, id="to the end of the video"),
        pytest.param([(1, 0, True), (6, 0, False)], 10, 0.6, id="a disabled key frame is the last to be seen"),
        pytest.param([(1, 0, True), (4, 0, False), (8, 0, True)], 10, 0.7, id="until the next one"),
        pytest.param([(6, 0, True)], 10, 0.5, id="not before its first key frame"),
        pytest.param([(1, 0, True), (5, 0, True)], 0, 1, id="of unknown length: as long as the other"),
        pytest.param([(1, 0, True), (10, 9, True)], 10, (4 + 2) / (80 - 6), id="moving away, a pixel a frame"),
    ],
)
def test_tracks_by_hand(frames: list[tuple[int, float, bool]], length: int, expected: float) -> None:
    still = Track((KeyFrame(1, Box(0, 0, 2, 2)),), 10)
    track = Track(tuple(KeyFrame(frame, Box(x, 0, 2, 2), enabled) for frame, x, enabled in frames), length)
    assert alike(still, track) == pytest.approx(expected)


def test_a_box_turns_the_shorter_way_round() -> None:
    turning = Track((KeyFrame(1, Box(0, 0, 9, 3, 350)), KeyFrame(3, Box(0, 0, 9, 3, 10))), 3)
    level = Track((KeyFrame(1, Box(0, 0, 9, 3)),), 3)
    slanted = alike(Box(0, 0, 9, 3, 10), Box(0, 0, 9, 3))
    each = 2 * slanted / (1 + slanted)
    shared = (1 + 2 * each) / 3
    assert alike(turning, level) == pytest.approx(shared / (2 - shared), abs=0.01)


def test_a_video_of_a_billion_frames_is_looked_at_evenly() -> None:
    one = Track((KeyFrame(1, Box(0, 0, 2, 2)), KeyFrame(500_000_000, Box(0, 0, 2, 2), False)), 1_000_000_000)
    other = Track((KeyFrame(1, Box(0, 0, 2, 2)),), 1_000_000_000)
    assert alike(one, other) == pytest.approx(0.5, abs=1e-4)
    assert np.divide(*overlap([one], [other])) == pytest.approx(0.5, abs=1e-3)


LINES = st.builds(Vector, st.lists(POINT, min_size=2, max_size=5, unique=True).map(tuple), st.just(False))


@settings(deadline=None, max_examples=up_to(30))
@given(LINES, LINES)
def test_lines_are_as_far_apart_as_many_points_along_them_say(one: Vector, other: Vector) -> None:
    ours, theirs = walked(one), walked(other)
    apart = np.hypot(*(ours[:, None] - theirs[None, :]).transpose(2, 0, 1))
    mean = (apart.min(axis=1).mean() + apart.min(axis=0).mean()) / 2
    expected = math.exp(-0.5 * (mean / math.hypot(100, 100) / points.SPREAD) ** 2)
    assert alike(one, other) == pytest.approx(expected, abs=0.02)


def walked(line: Vector) -> FloatArray:
    """A thousand points, evenly along a line."""
    corners = np.array(line.points)
    along = np.concatenate(([0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))))
    at = np.linspace(0, along[-1], 1000)
    return np.column_stack([np.interp(at, along, corners[:, axis]) for axis in (0, 1)])


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda one: Span(one[0], one[0] + one[1])))


@given(SPANS, SPANS)
def test_what_spans_cover_together_is_counted_character_by_character(left: list[Span], right: list[Span]) -> None:
    one, other = ({place for span in side for place in range(span.start, span.end)} for side in (left, right))
    assert overlap(left, right) == (len(one & other), len(one | other))


@settings(deadline=None, max_examples=up_to(40))
@given(st.lists(AREAS, max_size=4), st.lists(AREAS, max_size=4))
def test_what_areas_cover_together_is_counted_point_by_point(left: list[Shape], right: list[Shape]) -> None:
    one, other = (np.any([np.zeros(len(GRID), np.bool_), *map(inside, side)], axis=0) for side in (left, right))
    slack = 0.03 * np.count_nonzero(one | other) * 0.01 + 3
    assert overlap(left, right) == pytest.approx(
        (np.count_nonzero(one & other) * 0.01, np.count_nonzero(one | other) * 0.01), abs=slack
    )


def test_masks_and_outlines_cover_together_what_they_cover() -> None:
    mask = Mask(4, 2, (0, 2, 2, 2, 2))
    assert overlap([mask], [Box(1, 0, 2, 2)]) == pytest.approx((2, 6))
    assert overlap([mask, Box(2, 0, 2, 2)], [Box(1, 0, 2, 2), Box(1, 1, 1, 1)]) == pytest.approx((4, 8))
    assert overlap([mask], [Mask(2, 4, (0, 8))]) == (0, 12)


def test_what_has_no_size_covers_nothing() -> None:
    lone: list[Shape] = [KeyPoint(1, 1), Vector(((0, 0), (1, 1)), False), Whole(), Span(3, 3)]
    assert overlap(lone, lone) == (0, 0)
    assert overlap([], []) == (0, 0)
    assert overlap([Segment(0, 2)], []) == (0, 2)
