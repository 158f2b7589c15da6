"""The report's matching block: by hand, and in sums that always hold."""

import numpy as np
import pytest
from hypothesis import given

from label_config.answers import Number, Region, Regions, Span
from sync.quality.distance.comparison import Comparison
from sync.quality.measured import Matching
from sync.quality.region_matching import region_matching

from .regions import BOXES, CONTROL, SPANS, answers, apart


def spans(*given: tuple[int, int, str]) -> Regions:
    return Regions(tuple(Region(Span(start, end), (label,)) for start, end, label in given))


def matching(*pairs: tuple[Regions, Regions]) -> Matching:
    flat = [answer for pair in pairs for answer in pair]
    left = np.arange(0, len(flat), 2)
    return region_matching(Comparison(CONTROL, flat, left, left + 1, np.ones(len(flat))))


def test_every_kind_of_conflict_once() -> None:
    reference = spans((0, 10, "a"), (20, 30, "a"), (40, 50, "a"), (60, 70, "a"))
    other = spans((0, 9, "a"), (20, 30, "b"), (46, 56, "a"), (80, 90, "b"), (100, 110, "b"))
    found = matching((reference, other))
    assert (found.label, found.low_overlap, found.missing, found.extra) == (1, 1, 1, 2)
    assert (found.precision, found.recall, found.f1_50) == (1 / 5, 1 / 4, 2 / 9)
    assert found.f1_50_95 == pytest.approx(2 / 9 * 9 / 10), "IoU 0.9 fails at 0.95 alone"
    assert found.mean_iou == pytest.approx((9 / 10 + 4 / 16) / 2)


def test_pairs_are_pooled() -> None:
    found = matching((spans((0, 2, "a")), spans((0, 2, "a"))), (spans((0, 2, "a")), spans()))
    assert (found.precision, found.recall, found.f1_50, found.missing) == (1.0, 0.5, 2 / 3, 1)


def test_a_better_label_is_not_given_away() -> None:
    found = matching((spans((0, 10, "a"), (0, 10, "b")), spans((0, 10, "b"), (0, 10, "a"))))
    assert (found.f1_50, found.f1_50_95, found.mean_iou, found.label) == (1, 1, 1, 0)


def test_nothing_marked_is_undefined() -> None:
    assert matching((spans(), spans())) == Matching(None, None, None, None, None, 0, 0, 0, 0)
    one_sided = matching((spans((0, 1, "a")), spans()))
    assert (one_sided.precision, one_sided.recall, one_sided.f1_50, one_sided.mean_iou) == (None, 0, 0, None)


@given(answers(SPANS) | answers(BOXES))
def test_every_region_is_one_thing(given: list[Regions]) -> None:
    one, other = given[0], given[-1]
    found, turned = matching((one, other)), matching((other, one))
    n, m = len(one.regions), len(other.regions)
    right = round((found.recall or 0) * n)
    assert right + found.label + found.low_overlap + found.missing == n
    assert right + found.label + found.low_overlap + found.extra == m
    assert (found.f1_50, found.precision, found.missing) == (turned.f1_50, turned.recall, turned.extra)
    if n + m:
        assert found.f1_50 == pytest.approx(1 - apart("f1_50", one, other)[0, 1])


def test_answers_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="'r': these answers are not regions"):
        region_matching(Comparison(CONTROL, [Number(1)], np.array([0]), np.array([0]), np.ones(1)))
