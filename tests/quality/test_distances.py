"""What every distance promises, over the dict of all of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.quality.distance import DISTANCES, distance
from sync.quality.distance.sets import jaccard

LABELS = "abcd"
ANSWERS = st.lists(
    st.lists(st.sampled_from(LABELS), unique=True).map(lambda labels: tuple(sorted(labels))), unique=True, max_size=8
)


@pytest.mark.parametrize("name", DISTANCES)
@given(ANSWERS)
def test_a_distance_is_symmetric_zero_to_itself_and_at_most_one(name: str, answers: list[tuple[str, ...]]) -> None:
    found = distance(name)(answers)
    assert found.shape == (len(answers), len(answers))
    assert np.array_equal(found, found.T)
    assert np.all(np.diagonal(found) == 0)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(found + np.eye(len(answers)) > 0), "different answers are apart"


@pytest.mark.parametrize("name", DISTANCES)
@given(ANSWERS)
def test_a_detour_is_never_shorter(name: str, answers: list[tuple[str, ...]]) -> None:
    found = distance(name)(answers)
    for one, over, other in itertools.product(range(len(answers)), repeat=3):
        assert found[one, other] <= found[one, over] + found[over, other] + 1e-12


@pytest.mark.parametrize("name", DISTANCES)
def test_nothing_is_as_far_from_something_as_can_be(name: str) -> None:
    assert distance(name)([(), ("a",), ("a", "b")])[0].tolist() == [0, 1, 1]
    assert distance(name)([()]).tolist() == [[0]]


@given(ANSWERS)
def test_jaccard_is_one_less_shared_over_all(answers: list[tuple[str, ...]]) -> None:
    found = jaccard(answers)
    for (row, one), (column, other) in itertools.product(enumerate(answers), repeat=2):
        shared, together = set(one) & set(other), set(one) | set(other)
        assert found[row, column] == pytest.approx(1 - len(shared) / len(together) if together else 0)


def test_an_unknown_distance_is_refused_by_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"'edit'.*nominal, jaccard"):
        distance("edit")
