"""Rows -> integer codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices, Number
from label_config.model import Control, Family
from sync.quality.coded_answers import encode

from .answers import ABC, ROWS, SETS, Row, multiple, single

FIXED = st.dictionaries(st.integers(0, 9), st.sampled_from(ABC), max_size=4)


@given(ROWS, FIXED)
def test_codes_say_what_the_rows_say(rows: list[Row], fixed: dict[int, str]) -> None:
    coded = single(rows, fixed=fixed)
    places = zip(coded.task.tolist(), coded.annotator.tolist(), coded.answer.tolist(), strict=True)
    said = [
        (coded.tasks[task], coded.annotators[person], *coded.label_sets()[answer]) for task, person, answer in places
    ]
    assert said == rows
    assert {coded.tasks[task]: coded.label_sets()[answer][0] for task, answer in coded.fixed.items()} == fixed
    assert coded.tasks == tuple(sorted({task for task, _, _ in rows} | set(fixed)))
    assert coded.annotators == tuple(sorted({person for _, person, _ in rows}))
    assert coded.label_sets() == (("a",), ("b",), ("c",))


@given(SETS)
def test_label_sets_are_those_that_occur_in_the_interfaces_order(rows: list[Row]) -> None:
    coded = multiple(rows, "cba")
    assert {"".join(sorted(answer)) for answer in coded.label_sets()} == {letters for _, _, letters in rows}
    assert list(coded.label_sets()) == sorted(
        coded.label_sets(), key=lambda answer: ["cba".index(label) for label in answer]
    )


def test_a_single_choice_that_chose_nothing_is_an_answer_of_its_own() -> None:
    control = Control("c", "Choices", ("t",), ABC)
    assert encode(control, [(1, 1, Choices(())), (1, 2, Choices(("b",)))]).label_sets() == (("a",), ("b",), ("c",), ())


def test_what_does_not_fit_is_refused_by_control_and_label() -> None:
    with pytest.raises(ValueError, match=r"'c'.*'x'"):
        single([(1, 1, "x")])
    with pytest.raises(ValueError, match=r"'c'.*'x'"):
        single([(1, 1, "a")], fixed={1: "x"})
    with pytest.raises(ValueError, match="two answers to one task"):
        single([(1, 1, "a"), (1, 1, "b")])


def test_a_rating_offers_all_of_its_stars_whether_anybody_gave_them_or_not() -> None:
    control = Control("stars", "Rating", ("t",), family=Family.RATING, low=1.0, high=3.0)
    coded = encode(control, [(1, 1, Number(3.0)), (1, 2, Number(1.0))])
    assert coded.answers == (Number(1.0), Number(2.0), Number(3.0))
    assert coded.answer.tolist() == [2, 0]
