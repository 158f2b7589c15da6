"""A user's own distance: what it may give, and what is refused by the names of the function and the answers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from label_config.answers import Answer, Number, Text
from label_config.model import Control, Family
from sync.quality.distance.comparison import Comparison, every_pair
from sync.quality.distance.own import own
from sync.quality.records import FloatArray

CONTROL = Control("c", "Number", ("t",), family=Family.NUMBER)
NUMBERS = every_pair(CONTROL, [Number(0.0), Number(2.0), Number(5.0)])


def value(answer: Answer) -> float:
    assert isinstance(answer, Number)
    return answer.value


def relative(one: Answer, other: Answer) -> float:
    return abs(value(one) - value(other)) / 10


def asked(function: Callable[[Answer, Answer], Any], pairs: Comparison = NUMBERS) -> FloatArray:
    return own(function, "mine:far")(pairs)


def test_it_is_used_as_a_distance() -> None:
    assert asked(relative).reshape(3, 3) == pytest.approx(np.array([[0, 0.2, 0.5], [0.2, 0, 0.3], [0.5, 0.3, 0]]))


def test_each_two_answers_are_asked_for_once_a_way_round() -> None:
    calls = []

    def counted(one: Answer, other: Answer) -> float:
        calls.append((value(one), value(other)))
        return relative(one, other)

    left, right = np.array([0, 0, 1, 1]), np.array([1, 1, 0, 3])
    answers = [Number(0.0), Number(2.0), Number(9.0), Number(2.0)]
    assert asked(counted, Comparison(CONTROL, answers, left, right, np.ones(4))).tolist() == [0.2, 0.2, 0.2, 0.0]
    assert sorted(calls) == [(0, 0), (0, 2), (2, 0), (2, 2)]


@pytest.mark.parametrize("given", [True, 1, np.float32(1), np.True_, np.int64(1)], ids=type)
def test_any_kind_of_number_is_one(given: object) -> None:
    assert asked(lambda one, other: given if one != other else 0)[1] == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (float("nan"), "is nan, not a number in"),
        (1.1, r"is 1\.1, not a number in"),
        (-0.1, r"is -0\.1, not a number in"),
        (float("inf"), "is inf, not a number in"),
        (10**400, "is 1000"),
        (None, "is None, not a number in"),
        ("0.5", "is '0.5', not a number in"),
        (1j, "is 1j, not a number in"),
    ],
    ids=lambda one: str(one)[:20],
)
def test_what_is_no_number_from_0_to_1_is_refused(given: object, said: str) -> None:
    with pytest.raises(ValueError, match=rf"mine:far {said}.* between Number\(value=0\.0\) and Number\(value=2\.0\)"):
        asked(lambda one, other: given if one != other else 0)


def test_another_distance_the_other_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mine:far is 0\.25 one way round and 0\.75 the other, between Number"):
        asked(lambda one, other: 0 if one == other else 0.25 if value(one) < value(other) else 0.75)


def test_an_answer_that_is_apart_from_itself_is_refused() -> None:
    with pytest.raises(ValueError, match=r"mine:far is 0\.5, not 0, between Number\(value=0\.0\) and Number\(value=0"):
        asked(lambda one, other: 0.5)


def test_what_it_raises_is_told_with_the_answers() -> None:
    with pytest.raises(ValueError, match=r"mine:far failed with ZeroDivisionError: .*, between Number") as refused:
        asked(lambda one, other: 1 / 0)
    assert isinstance(refused.value.__cause__, ZeroDivisionError)


def test_a_long_answer_is_cut_in_an_error() -> None:
    control = Control("c", "TextArea", ("t",), family=Family.TEXT)
    with pytest.raises(ValueError, match="is 2, not a number") as refused:
        asked(lambda one, other: 2, every_pair(control, [Text(("a" * 10_000,))]))
    assert len(str(refused.value)) < 500
