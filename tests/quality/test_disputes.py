"""Which answers of several people are a disagreement, and which differ no more than is usual."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from label_config.answers import Answer, Box, Number, Ranking, Region, Regions, Text
from label_config.model import Control, Family
from sync.quality.agreement import measure
from sync.quality.annotators.bias import differences
from sync.quality.annotators.drift import changes
from sync.quality.annotators.own_changes import own_changes
from sync.quality.annotators.reference import reference
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.findings import Case
from sync.quality.findings.disputes import low_agreement, low_confidence

from .people import NOTHING, numbered

RATING = Control("c", "Rating", ("t",), family=Family.RATING, low=1.0, high=5.0)
THREE = Control("c", "Rating", ("t",), family=Family.RATING, low=1.0, high=3.0)
NUMBER = Control("c", "Number", ("t",), family=Family.NUMBER)
TEXT = Control("c", "TextArea", ("t",), family=Family.TEXT)
RANKING = Control("c", "Ranker", ("t",), family=Family.RANKING)
BOXES = Control("c", "RectangleLabels", ("t",), ("a", "b"), family=Family.REGIONS)


def disputed(control: Control, given: Sequence[Sequence[Answer]]) -> list[int]:
    """The tasks on which people disagree; a list of answers a task."""
    return [one.task for one in low_agreement(case_of(control, given))]


def case_of(control: Control, given: Sequence[Sequence[Answer]]) -> Case:
    """What people answered, measured and inferred; a list of answers a task."""
    rows = [(task, person, answer) for task, some in enumerate(given) for person, answer in enumerate(some)]
    evidence = ControlEvidence(control, encode(control, rows))
    per_task = measure(evidence, Method(bootstrap=0), np.random.default_rng(0)).per_task
    agreement = {one.task: one.agreement for one in per_task if one.agreement is not None}
    return Case(evidence, infer(evidence), agreement)


def stars(*values: float) -> list[Answer]:
    return [Number(value) for value in values]


def test_a_star_more_or_less_of_five_is_none_but_of_three_it_is() -> None:
    given = [stars(4, 4, 5), stars(4, 5), stars(2, 4, 4), stars(1, 3), stars(3, 3), stars(4)]
    assert disputed(RATING, given) == [2, 3]
    assert disputed(THREE, [stars(3, 2), stars(1, 1)]) == [0]


def test_numbers_disagree_where_they_differ_by_more_than_is_usual() -> None:
    """Each task's answers lie within 0.4 of each other, in the range from 0 to 100; one of task 7 is 3 more."""
    given = [[Number(5.0 * task + step) for step in (0.0, 0.2, 0.4)] for task in range(20)]
    assert disputed(NUMBER, given) == []
    given[7][1] = Number(38.0)
    assert disputed(NUMBER, given) == [7]


def test_where_everybody_contradicts_everybody_that_is_not_usual() -> None:
    given = [stars(0.0, 50.0, 100.0) for _ in range(20)]
    assert disputed(NUMBER, given) == list(range(20))
    words = ("a red house by the sea", "nothing of the kind was said", "who knows whether that is so")
    assert disputed(TEXT, [[Text((one,)) for one in words] for _ in range(20)]) == list(range(20))


def test_long_answers_are_cut_in_reasons_and_still_counted_apart() -> None:
    """A reason stands above a review, in Label Studio too: it must not hold whole transcriptions."""
    same = "word " * 25
    case = case_of(TEXT, [[Text((same + end * 2000,)) for end in "abc"]])
    given = low_agreement(case)[0].reason
    assert given.startswith("3 annotators gave 3 different answers: word word ")
    assert given.count(" ... (1)") == 3
    reasons = [given, *(one.reason for one in low_confidence(case))]
    assert len(reasons) == 2
    assert max(map(len, reasons)) < 400


def ranked(order: str) -> Answer:
    return Ranking((("rank", tuple(order)),))


@pytest.mark.parametrize(
    ("other", "disagrees"),
    [("abcde", False), ("abced", False), ("bacde", False), ("badce", True), ("cbade", True), ("abcd", True)],
)
def test_two_neighbours_of_five_in_an_order_may_change_places(other: str, disagrees: bool) -> None:
    assert disputed(RANKING, [[ranked("abcde"), ranked(other)]]) == [0] * disagrees


def test_of_a_few_items_every_place_counts() -> None:
    assert disputed(RANKING, [[ranked("abcd"), ranked("abdc")]]) == [0]


def boxes(*regions: tuple[float, str]) -> Answer:
    return Regions(tuple(Region(Box(x, 0.0, 10.0, 10.0), (label,)) for x, label in regions))


@pytest.mark.parametrize(
    "other",
    [boxes((0, "a")), boxes((0, "a"), (50, "a")), boxes((0, "a"), (58, "b")), boxes((0, "a"), (50, "b"), (99, "a"))],
    ids=["missing", "another label", "elsewhere", "one more"],
)
def test_outlines_may_differ_a_little_regions_may_not(other: Answer) -> None:
    near = [[boxes((0, "a"), (50, "b")), boxes((0.5, "a"), (50.3, "b"))] for _ in range(10)]
    assert disputed(BOXES, near) == []
    assert disputed(BOXES, [*near, [boxes((0, "a"), (50, "b")), other]]) == [10]


def beside(*worse: int) -> ControlEvidence:
    """Four people, each two of them on 50 tasks, in turn; from the middle on those who got worse are 5 off."""
    pairs = list(itertools.combinations(range(4), 2)) * 50
    rows = [
        (task, who, 2.0 + task % 3 + 5.0 * (who in worse and task >= 150))
        for task, pair in enumerate(pairs)
        for who in pair
    ]
    evidence = numbered(rows)
    return ControlEvidence(evidence.control, evidence.coded, given_at=1_000_000 * (1 + evidence.coded.task))


def who_fell(evidence: ControlEvidence, *, own: bool) -> set[int]:
    held = reference(evidence, NOTHING)
    apart = differences(evidence.coded, held, {})
    every = own_changes(evidence, NOTHING, held, apart) if own else changes(evidence, held, apart)
    return {who for who, mine in enumerate(every) if any(one.series == "agreement" for one in mine)}


def test_who_works_beside_somebody_that_got_worse_is_not_said_to_have_got_worse() -> None:
    assert who_fell(beside(1), own=False) == {0, 1, 2, 3}
    assert who_fell(beside(1), own=True) == {1}
    assert who_fell(beside(), own=True) == set()
