"""What every distance promises, over the dict of all of them and generated answers to every kind of control."""

import copy
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from label_config.answers import (
    Answer,
    Chat,
    Choices,
    Number,
    PerRegion,
    Ranking,
    Regions,
    Relations,
    Taxonomy,
    Text,
)
from label_config.model import Control, Family
from sync.quality.distance import DISTANCES, default_distance, distance
from sync.quality.distance.comparison import Comparison, every_pair
from sync.quality.records import FloatArray

from ..thorough import up_to
from .generated import CASES, Case

SINGLE_ONLY = ("ordinal", "interval", "ratio")
"""Distances of choices that need one label an answer."""


def names(control: Control) -> Iterator[str]:
    """The names of the distances that answers to a control have."""
    for name in DISTANCES.get(control.family, {}):
        if not (control.family == Family.CHOICES and control.multiple and name in SINGLE_ONLY):
            yield name


WITH_EMPTY = {what: case for what, case in CASES.items() if case.empty is not None}
a_few = settings(max_examples=up_to(8))


def between(case: Case, name: str, answers: list[Answer]) -> FloatArray:
    """(answers, answers)."""
    found = distance(case.control, name)(every_pair(case.control, answers))
    assert found.dtype == np.float64
    return found.reshape(len(answers), len(answers))


def says_something(answer: Answer | None) -> bool:
    """True where there is anything in an answer that can be compared."""
    match answer:
        case Text(lines):
            return any(line.split() for line in lines)
        case Ranking(buckets):
            return any(items for name, items in buckets if name != "_")
        case PerRegion(parts):
            return any(says_something(part.answer) for part in parts)
        case Choices(found) | Taxonomy(found) | Regions(found) | Relations(found) | Chat(found):
            return bool(found)
    return answer is not None


@pytest.mark.parametrize("family", Family)
def test_every_family_has_distances_and_cases(family: Family) -> None:
    assert DISTANCES[family]
    assert any(case.control.family == family and not case.control.per_region for case in CASES.values())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@a_few
@given(st.data())
def test_a_distance_is_symmetric_in_range_and_zero_to_the_same(case: Case, data: st.DataObject) -> None:
    answers = data.draw(st.lists(case.answers, max_size=4))
    same = np.array([[one == other for one in answers * 2] for other in answers * 2], dtype=bool)
    for name in names(case.control):
        note(name)
        found = between(case, name, answers + copy.deepcopy(answers))
        assert np.array_equal(found, found.T)
        assert np.all((found >= 0) & (found <= 1))
        assert np.all(found[same.reshape(found.shape)] == 0)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@a_few
@given(st.data())
def test_the_order_of_pairs_and_of_answers_changes_nothing(case: Case, data: st.DataObject) -> None:
    answers = data.draw(st.lists(case.answers, min_size=1, max_size=4))
    pairs = every_pair(case.control, answers)
    order = np.array(data.draw(st.lists(st.integers(0, len(pairs.left) - 1), max_size=6)), dtype=np.int64)
    some = Comparison(case.control, answers, pairs.left[order], pairs.right[order], pairs.counts)
    for name in names(case.control):
        note(name)
        found = between(case, name, answers)
        assert np.allclose(distance(case.control, name)(some), found.ravel()[order], rtol=0, atol=1e-12)
        assert np.allclose(between(case, name, answers[::-1]), found[::-1, ::-1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", WITH_EMPTY.values(), ids=WITH_EMPTY)
@a_few
@given(st.data())
def test_nothing_is_as_far_from_something_as_can_be(case: Case, data: st.DataObject) -> None:
    assert case.empty is not None
    answers = data.draw(st.lists(case.answers.filter(says_something), max_size=3))
    for name in names(case.control):
        note(name)
        found = between(case, name, [case.empty, *answers, copy.deepcopy(case.empty)])
        assert found[0].tolist() == [0.0] + [1.0] * len(answers) + [0.0]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_unknown_distance_is_refused_by_the_names_there_are(case: Case) -> None:
    with pytest.raises(ValueError, match=r"'psychic'") as refused:
        distance(case.control, "psychic")
    assert [name for name in names(case.control) if name not in str(refused.value)] == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_default_distance_is_one_of_them(case: Case) -> None:
    assert default_distance(case.control) in DISTANCES[case.control.family]


def test_the_default_of_several_labels_is_jaccard_of_one_nominal() -> None:
    assert default_distance(CASES["multiple choice"].control) == "jaccard"
    assert default_distance(CASES["single choice"].control) == "nominal"


@pytest.mark.parametrize("name", SINGLE_ONLY)
def test_several_labels_have_no_place_on_a_scale(name: str) -> None:
    control = CASES["multiple choice"].control
    with pytest.raises(ValueError, match=rf"control 'c': the {name} distance is for single choices"):
        distance(control, name)(every_pair(control, [Choices(("a", "b"))]))


def test_an_answer_of_another_kind_is_refused() -> None:
    control = CASES["text"].control
    with pytest.raises(TypeError, match="control 'c': some answer is no Text"):
        distance(control, "exact")(every_pair(control, [Text(("a",)), Number(1.0)]))
