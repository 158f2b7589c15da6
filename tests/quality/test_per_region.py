"""Distances between answers about each region."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices, Number, Part, PerRegion, Region, Span, Whole
from label_config.model import Control, Family
from sync.quality.distance import DISTANCES, default_distance

from .regions import apart

CONTROL = Control("mood", "Choices", ("text",), ("good", "bad"), per_region=True)
GOOD, BAD = Choices(("good",)), Choices(("bad",))
HERE, THERE, AWAY = (Region(Span(start, start + 10), ("PER",)) for start in (0, 20, 40))
PARTS = st.builds(Part, st.sampled_from([HERE, THERE, AWAY]), st.sampled_from([GOOD, BAD, None]))
ANSWERS = st.lists(PARTS, max_size=3, unique_by=lambda part: part.region).map(lambda parts: PerRegion(tuple(parts)))


def about(*parts: tuple[Region, Choices | Number | None]) -> PerRegion:
    return PerRegion(tuple(Part(region, answer) for region, answer in parts))


def distance(left: PerRegion, right: PerRegion, name: str = "nominal", control: Control = CONTROL) -> float:
    return float(apart(name, left, right, control=control)[0, 1])


def test_answers_about_the_same_region_are_compared() -> None:
    nearly = Region(Span(1, 10), ("ORG",))
    assert distance(about((HERE, GOOD)), about((nearly, GOOD))) == 0
    assert distance(about((HERE, GOOD)), about((nearly, BAD))) == 1
    assert distance(about((HERE, GOOD), (THERE, BAD)), about((HERE, GOOD), (THERE, GOOD))) == 0.5


def test_a_region_of_one_alone_is_a_whole_disagreement() -> None:
    assert distance(about((HERE, GOOD)), about((THERE, GOOD))) == 1
    assert distance(about((HERE, GOOD), (THERE, GOOD)), about((HERE, GOOD))) == 0.5
    barely = Region(Span(6, 16))
    assert distance(about((HERE, GOOD)), about((barely, GOOD))) == 1, "IoU 4/16"


def test_what_was_left_open() -> None:
    assert distance(about((HERE, None)), about((HERE, GOOD))) == 1
    assert distance(about((HERE, None)), about((HERE, None))) == 0
    assert distance(about((HERE, None), (THERE, GOOD)), about((HERE, None), (THERE, BAD))) == 0.5
    assert distance(about((HERE, None)), about()) == 0, "nobody answered anything"
    assert distance(about((HERE, GOOD)), about()) == 1


def test_items_of_a_list_are_matched_by_which_they_are() -> None:
    first, second = Region(Whole(), where="0"), Region(Whole(), where="1")
    assert distance(about((first, GOOD), (second, BAD)), about((second, BAD), (first, GOOD))) == 0


def test_the_distance_is_the_familys_own() -> None:
    stars = Control("stars", "Rating", ("text",), per_region=True, family=Family.RATING, low=0, high=4)
    found = distance(about((HERE, Number(1))), about((HERE, Number(3))), "absolute", stars)
    assert found == pytest.approx(0.5)
    assert default_distance(CONTROL) == "nominal"


@pytest.mark.parametrize("name", DISTANCES[Family.CHOICES])
@given(st.lists(ANSWERS, min_size=1, max_size=3))
def test_symmetric_in_range_and_nothing_to_itself(name: str, given: list[PerRegion]) -> None:
    found = apart(name, *given, *given, control=CONTROL)
    assert np.array_equal(found, found.T)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diagonal(found[:, len(given) :]) == 0)


@given(ANSWERS, ANSWERS)
def test_as_counted_region_by_region(left: PerRegion, right: PerRegion) -> None:
    ours, theirs = ({part.region: part.answer for part in one.parts} for one in (left, right))
    apart_by_region = [float(ours[region] != theirs[region]) for region in ours.keys() & theirs.keys()]
    apart_by_region += [1.0 for region in ours.keys() ^ theirs.keys() if ours.get(region) or theirs.get(region)]
    assert distance(left, right) == pytest.approx(np.mean(apart_by_region) if apart_by_region else 0)


def test_answers_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="'mood': these answers are not about regions"):
        apart("nominal", GOOD, control=CONTROL)
