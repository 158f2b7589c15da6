"""Distances between answers that relate regions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Link, Number, Region, Relations, Span
from label_config.model import Control, Family
from sync.quality.distance.relations import RELATIONS

from .regions import apart

CONTROL = Control("rel", "Relations", (), ("owns", "likes"), family=Family.RELATIONS)
PLACES = [Region(Span(place * 10, place * 10 + 5), (label,)) for place in range(3) for label in ("a", "b")]
LINKS = st.builds(
    Link,
    st.sampled_from(PLACES),
    st.sampled_from(PLACES),
    st.sampled_from(["right", "left", "bi"]),
    st.sampled_from([(), ("owns",), ("owns", "likes"), ("likes", "owns")]),
)
ANSWERS = st.lists(LINKS, max_size=4).map(lambda links: Relations(tuple(links)))


def near(region: Region, by: int = 1) -> Region:
    assert isinstance(region.shape, Span)
    return Region(Span(region.shape.start, region.shape.end - by), region.labels)


def one(*links: Link) -> Relations:
    return Relations(links)


def distance(left: Relations, right: Relations, name: str = "f1") -> float:
    return float(apart(name, left, right, control=CONTROL)[0, 1])


A, OTHER, B, C = PLACES[0], PLACES[1], PLACES[2], PLACES[4]


def test_links_agree_where_both_ends_do() -> None:
    assert distance(one(Link(A, B)), one(Link(near(A), near(B)))) == 0
    assert distance(one(Link(A, B)), one(Link(near(A), C))) == 1
    assert distance(one(Link(A, B)), one(Link(near(A, by=3), B))) == 1, "IoU 2/5"
    assert distance(one(Link(A, B), Link(B, C)), one(Link(A, B))) == pytest.approx(1 / 3)


def test_direction_counts() -> None:
    assert distance(one(Link(A, B)), one(Link(B, A))) == 1
    assert distance(one(Link(A, B)), one(Link(B, A, "left"))) == 0
    assert distance(one(Link(A, B, "bi")), one(Link(B, A, "bi"))) == 0
    assert distance(one(Link(A, B, "bi")), one(Link(A, B))) == 1


def test_labels_of_links_and_of_regions_count_unless_blind() -> None:
    owns, likes = one(Link(A, B, "right", ("owns",))), one(Link(A, B, "right", ("likes",)))
    assert (distance(owns, likes), distance(owns, likes, "f1_blind")) == (1, 0)
    relabelled = one(Link(OTHER, B, "right", ("owns",)))
    assert (distance(owns, relabelled), distance(owns, relabelled, "f1_blind")) == (1, 0)


@pytest.mark.parametrize("name", RELATIONS)
def test_nothing_is_as_far_from_something_as_can_be(name: str) -> None:
    assert apart(name, one(), one(Link(A, B)), control=CONTROL).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("name", RELATIONS)
@given(st.lists(ANSWERS, min_size=1, max_size=3))
def test_symmetric_in_range_and_nothing_to_itself(name: str, given: list[Relations]) -> None:
    copies = [*given, *given]
    found = apart(name, *copies, control=CONTROL)
    assert np.array_equal(found, found.T)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diagonal(found[:, len(given) :]) == 0)


@given(ANSWERS, ANSWERS)
def test_regions_in_the_same_places_leave_links_to_be_counted(left: Relations, right: Relations) -> None:
    def said(answer: Relations) -> list[tuple[object, ...]]:
        found = []
        for link in answer.links:
            ends = [link.source, link.target]
            if link.direction == "left" or (link.direction == "bi" and repr(ends[0]) > repr(ends[1])):
                ends.reverse()
            found.append((*ends, link.direction == "bi", frozenset(link.labels)))
        return found

    ours, theirs = said(left), said(right)
    agreed = sum(min(ours.count(link), theirs.count(link)) for link in set(ours))
    total = len(ours) + len(theirs)
    assert distance(left, right) == pytest.approx(1 - 2 * agreed / total if total else 0)


def test_answers_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="'rel': these answers are not relations"):
        apart("f1", Number(1), control=CONTROL)
