"""Distances between answers that mark regions: by hand, and beside plain Python on small random answers."""

from collections.abc import Callable

import numpy as np
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
    Region,
    Regions,
    Segment,
    Shape,
    Span,
    Track,
    Vector,
    Whole,
)
from sync.quality.distance import default_distance, tables
from sync.quality.distance.box_unions import cut
from sync.quality.distance.marked import REGIONS
from sync.quality.distance.overlaps import overlaps
from sync.quality.distance.packed_regions import pack_boxes, pack_spans
from sync.quality.distance.regions import f1_exact, soft_f1
from sync.quality.distance.sweep import TooManyOverlaps

from ..thorough import up_to
from .regions import BOXES, CONTROL, SEGMENTS, SPANS, TRIANGLES, answers, apart, boxes, cells, covered, iou, most_agreed

PLAIN = answers(SPANS) | answers(SEGMENTS) | answers(BOXES)
ANY = PLAIN | answers(TRIANGLES | BOXES, most=3)


def worth(name: str, labels: bool) -> Callable[[Region, Region], float]:
    """What a match of two regions counts, as the distance's own docstring says it."""

    def near(one: Region, other: Region, tolerance: float) -> bool:
        ends = [
            (shape.start, shape.end)
            if isinstance(shape, Span | Segment)
            else (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
            for shape in (one.shape, other.shape)
            if isinstance(shape, Span | Segment | Box)
        ]
        return all(abs(a - b) <= tolerance for a, b in zip(*ends, strict=True))

    def alike(one: Region, other: Region) -> float:
        if one.where != other.where or (labels and set(one.labels) != set(other.labels)):
            return 0.0
        return {
            "iou": lambda: iou(one, other, labels=labels),
            "f1_50": lambda: float(iou(one, other, labels=labels) >= 0.5),
            "f1_75": lambda: float(iou(one, other, labels=labels) >= 0.75),
            "f1_exact": lambda: float(one.shape == other.shape),
            "boundary": lambda: float(near(one, other, 0.5)),
            "boundary_3": lambda: float(near(one, other, 3.0)),
        }[name]()

    return alike


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("name", ["iou", "f1_50", "f1_75", "f1_exact", "boundary", "boundary_3"])
@settings(max_examples=up_to(25))
@given(PLAIN)
def test_as_the_best_of_all_matchings_says(name: str, blind: bool, given: list[Regions]) -> None:
    found = apart(f"{name}_blind" if blind else name, *given)
    for row, one in enumerate(given):
        for column, other in enumerate(given):
            total = len(one.regions) + len(other.regions)
            agreed = most_agreed(one.regions, other.regions, worth(name, not blind)) if total else 0.0
            assert found[row, column] == pytest.approx(1 - 2 * agreed / total if total else 0.0, abs=1e-12)


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("name", ["overlap", "dice"])
@settings(max_examples=up_to(25))
@given(PLAIN)
def test_as_counted_cell_by_cell(name: str, blind: bool, given: list[Regions]) -> None:
    found = apart(f"{name}_blind" if blind else name, *given)
    matched = apart("iou_blind" if blind else "iou", *given)
    for row, one in enumerate(given):
        for column, other in enumerate(given):
            both = [
                (covered(one.regions, label), covered(other.regions, label))
                for label in ([None] if blind else ["", "a", "b"])
            ]
            shared = sum(len(ours & theirs) for ours, theirs in both)
            united = sum(len(ours | theirs) for ours, theirs in both)
            part = 2 * shared / (united + shared) if name == "dice" and united else shared / united if united else 0.0
            assert found[row, column] == pytest.approx(1 - part if united else matched[row, column], abs=1e-9)


@pytest.mark.parametrize("name", REGIONS)
@settings(max_examples=up_to(25))
@given(ANY)
def test_symmetric_in_range_and_nothing_to_itself(name: str, given: list[Regions]) -> None:
    found = apart(name, *given)
    assert np.array_equal(found, found.T)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diagonal(found) == 0)


@pytest.mark.parametrize("name", REGIONS)
def test_nothing_is_as_far_from_something_as_can_be(name: str) -> None:
    assert apart(name, Regions(()), boxes((0, 0, 2, 2)), Regions(())).tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("name", REGIONS)
@settings(max_examples=up_to(25))
@given(ANY, st.randoms(use_true_random=False))
def test_the_order_of_regions_and_of_labels_does_not_matter(
    name: str, given: list[Regions], random: "st.DataObject"
) -> None:
    shuffled = [Regions(tuple(random.sample(one.regions, len(one.regions)))) for one in given]  # type: ignore[attr-defined]
    turned = [
        Regions(tuple(Region(region.shape, region.labels[::-1], region.where) for region in one.regions))
        for one in shuffled
    ]
    assert apart(name, *turned) == pytest.approx(apart(name, *given), abs=1e-12)


def moved(shape: Shape, by: float) -> Shape:
    match shape:
        case Span(start, end):
            return Span(start + int(by), end + int(by))
        case Segment(start, end):
            return Segment(start + by, end + by)
        case Box(x, y, width, height):
            return Box(x + by, y + by, width, height)
        case Polygon(points):
            return Polygon(tuple((x + by, y + by) for x, y in points))
        case _:
            return shape


@pytest.mark.parametrize("name", REGIONS)
@settings(max_examples=up_to(25))
@given(ANY)
def test_where_the_origin_is_does_not_matter(name: str, given: list[Regions]) -> None:
    there = [Regions(tuple(Region(moved(r.shape, 16), r.labels, r.where) for r in one.regions)) for one in given]
    assert apart(name, *there) == pytest.approx(apart(name, *given), abs=1e-9)


def test_by_hand() -> None:
    one, other = boxes((0, 0, 4, 4), (10, 0, 4, 4)), boxes((0, 0, 4, 2))
    assert apart("iou", one, other)[0, 1] == pytest.approx(1 - 2 * 0.5 / 3)
    assert apart("f1_50", one, other)[0, 1] == pytest.approx(1 - 2 * 1 / 3)
    assert apart("f1_75", one, other)[0, 1] == 1
    relabelled = Regions(tuple(Region(region.shape, ("b",)) for region in one.regions))
    assert apart("iou", one, relabelled)[0, 1] == 1
    assert apart("iou_blind", one, relabelled)[0, 1] == 0


def test_a_greedy_matching_would_be_farther() -> None:
    one = Regions((Region(Span(0, 10)), Region(Span(8, 20))))
    other = Regions((Region(Span(2, 14)), Region(Span(0, 5))))
    assert apart("iou", one, other)[0, 1] == pytest.approx(1 - 2 * (5 / 10 + 6 / 18) / 4)


def test_how_it_is_cut_does_not_matter_to_the_overlap() -> None:
    whole = Regions((Region(Span(0, 10), ("a",)), Region(Box(0, 0, 4, 4))))
    cut = Regions(
        (Region(Span(0, 4), ("a",)), Region(Span(4, 10), ("a",)), Region(Box(0, 0, 4, 3)), Region(Box(0, 3, 4, 1)))
    )
    assert apart("overlap", whole, cut)[0, 1] == 0
    assert apart("iou", whole, cut)[0, 1] == pytest.approx(1 - 2 * (0.6 + 0.75) / 6)


@given(st.lists(BOXES, max_size=6))
def test_boxes_are_cut_into_what_shares_no_area(given: list[Box]) -> None:
    corners = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in given]
    pieces = [cells(Box(left, top, right - left, bottom - top)) for left, top, right, bottom in cut(corners)]
    assert sum(len(piece) for piece in pieces) == len(set().union(*pieces))
    assert set().union(*pieces) == set().union(*(cells(box) for box in given))


def test_masks_and_outlines_overlap_by_their_shapes() -> None:
    left = Regions((Region(Mask(4, 1, (0, 2, 2)), ("a",)), Region(Mask(4, 1, (1, 2, 1)), ("a",))))
    right = Regions((Region(Mask(4, 1, (2, 2)), ("a",)),))
    assert apart("overlap", left, right)[0, 1] == pytest.approx(1 - 1 / 4)
    assert apart("dice", left, right)[0, 1] == pytest.approx(1 - 2 / 5)


@pytest.mark.parametrize("labels", [True, False])
def test_small_answers_in_step_are_as_any_others(labels: bool) -> None:
    rng = np.random.default_rng(3)
    corner = rng.integers(0, 8, (300, 2))
    corners = np.concatenate([corner, corner + rng.integers(1, 6, (300, 2))], axis=1).astype(np.float64)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 7, 60)), [300]])
    packed = pack_boxes(corners, rng.integers(0, 2, 300), offsets, "ab")
    left, right = np.triu_indices(60)
    agreed, done = tables.agreed(packed, left, right, labels, None)
    many, _ = tables.agreed(packed, left, right, labels, 0.5)
    assert 1000 < done.sum() < len(left), "the last answer is large, some are empty"
    for found in overlaps(packed, left[done], right[done], labels=labels):
        assert agreed[done][found.places] == pytest.approx(found.matched().sums())
        assert np.array_equal(many[done][found.places], found.of(found.similarity >= 0.5).as_many_as_can_be().counts())


ODD = (
    KeyPoint(1, 1),
    KeyPoint(2, 1),
    Mask(2, 2, (0, 4)),
    Mask(2, 2, (2, 2)),
    Whole(),
    Ellipse(2, 2, 2, 1, 30),
    Box(1, 1, 2, 2, 45),
    Box(1, 1, 0, 2),
    Segment(3, 3),
    Vector(((0, 0), (2, 2)), closed=False),
    Track((KeyFrame(1, Box(0, 0, 2, 2)),), 3),
)


@pytest.mark.parametrize("name", REGIONS)
def test_any_shapes_can_stand_beside_each_other(name: str) -> None:
    given = [Regions((Region(shape, ("a",)),)) for shape in ODD] + [
        Regions(tuple(Region(shape, ("a",)) for shape in ODD)),
        Regions(tuple(Region(shape, ("b",)) for shape in reversed(ODD))),
    ]
    found = apart(name, *given)
    assert np.array_equal(found, found.T)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diagonal(found) == 0)
    assert found[-1, -2] == (0 if name.endswith("_blind") else 1)


def test_points_masks_and_wholes_count_as_well() -> None:
    given = [
        Regions((Region(shape, ("a",)),)) for shape in (KeyPoint(1, 1), Mask(2, 2, (0, 4)), Mask(2, 2, (2, 2)), Whole())
    ]
    found = apart("iou", *given)
    assert found[1, 2] == pytest.approx(0.5)
    assert found[3].tolist() == [1, 1, 1, 0]
    assert np.all(np.diagonal(found) == 0)


def test_the_default_is_what_can_be_told_of_every_shape() -> None:
    assert default_distance(CONTROL) == "iou"


def test_answers_that_mark_nothing_at_all_are_refused() -> None:
    from label_config.answers import Number

    with pytest.raises(TypeError, match="'r': these answers are not regions"):
        apart("iou", Number(1))


def marked(count: int, size: float, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    corner = np.random.default_rng(seed).random((count, 2))
    return np.concatenate([corner, corner + size], axis=1)


def test_a_hundred_thousand_regions_in_one_task() -> None:
    count = 100_000
    corners = np.concatenate([marked(count, 0.001, 1), marked(count, 0.001, 1)[::-1], marked(count, 0.001, 2)])
    offsets = np.arange(4) * count
    packed = pack_boxes(corners, np.zeros(3 * count, dtype=np.int64), offsets, ["a"])
    same, other = soft_f1(packed, np.array([0, 0]), np.array([1, 2]))
    assert same == 0
    assert 0.5 < other < 1


def test_ends_of_a_long_text_are_found_by_sorting() -> None:
    start = np.arange(0, 1_000_000, 20)
    ends = np.stack([start, start + 10], axis=1)
    packed = pack_spans(
        np.concatenate([ends, ends + 5]), np.zeros(2 * len(ends), np.int64), np.arange(3) * len(ends), "a"
    )
    assert soft_f1(packed, np.array([0]), np.array([1])) == pytest.approx(1 - 5 / 15)
    assert f1_exact(packed, np.array([0]), np.array([1])) == 1


def test_more_overlaps_than_memory_are_refused() -> None:
    count = 5_000
    packed = pack_boxes(
        np.tile([0.0, 0, 1, 1], (2 * count, 1)), np.zeros(2 * count, np.int64), np.arange(3) * count, "a"
    )
    with pytest.raises(TooManyOverlaps, match="more than 10,000,000 regions"):
        soft_f1(packed, np.array([0]), np.array([1]))


@pytest.mark.parametrize(
    ("corners", "labels", "offsets", "said"),
    [
        ([[0, 0, 1]], [0], [0, 1], r"\(boxes, 4\), not \(1, 3\)"),
        ([[0, 0, 1, 1]], [1], [0, 1], "its position in 1 names"),
        ([[0, 0, 1, 1]], [0, 0], [0, 1], "a label for each of 1 regions"),
        ([[0, 0, 1, 1]], [0], [0, 2], "ascend from 0 to the number of regions, 1"),
        ([[2, 0, 1, 1]], [0], [0, 1], "none ends before it starts"),
        ([[0, 0, np.nan, 1]], [0], [0, 1], "bounds are finite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    corners: list[list[float]], labels: list[int], offsets: list[int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        pack_boxes(np.array(corners, dtype=np.float64), np.array(labels), np.array(offsets), ["a"])
