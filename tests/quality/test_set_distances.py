"""Distances of sets: labels chosen together, paths through a tree. Against plain sets and published values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Answer, Choices, Taxonomy
from label_config.model import Control, Family
from sync.quality.distance import distance
from sync.quality.distance.comparison import Comparison, every_pair

from .generated import CASES

MULTIPLE = CASES["multiple choice"]
TREE = CASES["taxonomy"]


def two(control: Control, name: str, one: Answer, other: Answer) -> float:
    """The distance of two answers."""
    return float(distance(control, name)(every_pair(control, [one, other]))[1])


def labels(letters: str) -> Choices:
    return Choices(tuple(letters))


def plain_jaccard(one: set[object], other: set[object]) -> float:
    return 1 - len(one & other) / len(one | other) if one | other else 0.0


def plain_masi(one: set[object], other: set[object]) -> float:
    kind = 1 if one == other else 2 / 3 if one <= other or other <= one else 1 / 3 if one & other else 0
    return 1 - (1 - plain_jaccard(one, other)) * kind


@pytest.mark.parametrize(("name", "plain"), [("jaccard", plain_jaccard), ("masi", plain_masi)])
@given(st.lists(MULTIPLE.answers, max_size=6))
def test_distances_of_labels_are_those_of_sets(name: str, plain: object, answers: list[Choices]) -> None:
    assert callable(plain)
    expected = [plain(set(one.labels), set(other.labels)) for one in answers for other in answers]
    pairs = every_pair(MULTIPLE.control, answers)
    assert distance(MULTIPLE.control, name)(pairs) == pytest.approx(np.array(expected), abs=1e-12)


# Values of nltk 3.9's masi_distance, which follows Passonneau (2006).
@pytest.mark.parametrize(
    ("one", "other", "value"), [("ab", "abcd", 0.6667), ("abc", "ab", 0.5556), ("ab", "bc", 0.8889), ("a", "b", 1.0)]
)
def test_masi_gives_the_values_of_other_software(one: str, other: str, value: float) -> None:
    assert two(MULTIPLE.control, "masi", labels(one), labels(other)) == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize("name", ["nominal", "jaccard", "masi"])
def test_the_order_in_which_labels_were_chosen_is_no_difference(name: str) -> None:
    assert two(MULTIPLE.control, name, labels("abc"), labels("cab")) == 0


@pytest.mark.parametrize("name", ["jaccard", "masi"])
def test_many_unlike_sets_are_compared_as_few_are(name: str) -> None:
    rng = np.random.default_rng(5)
    names = tuple(f"label {place}" for place in range(30))
    control = Control("c", "Choices", ("t",), names, multiple=True)
    answers = [Choices(tuple(np.array(names)[rng.random(30) < 0.2].tolist())) for _ in range(400)]
    left, right = rng.integers(400, size=(2, 300))
    some = distance(control, name)(Comparison(control, answers, left, right, np.ones(400)))
    every = distance(control, name)(every_pair(control, answers)).reshape(400, 400)
    assert np.array_equal(some, every[left, right])


# one, other -> shared / all paths, shared / all nodes with those above
TREES = [
    ("animal/dog/pug", "animal/dog/pug", (1, 1), (3, 3)),
    ("animal/dog/pug", "animal/dog/corgi", (0, 2), (2, 4)),
    ("animal/dog/pug", "animal/cat", (0, 2), (1, 4)),
    ("animal/dog/pug", "plant", (0, 2), (0, 4)),
    ("animal/dog/pug", "animal/dog", (0, 2), (2, 3)),
    ("animal/dog plant/fern", "animal/cat plant/fern", (1, 3), (3, 5)),
    ("animal/dog animal/cat", "animal/cat animal/dog", (2, 2), (3, 3)),
    ("a/x", "b/x", (0, 2), (0, 4)),
]


@pytest.mark.parametrize(("one", "other", "paths", "nodes"), TREES)
def test_paths_and_nodes_that_are_shared(one: str, other: str, paths: tuple[int, int], nodes: tuple[int, int]) -> None:
    first, second = (Taxonomy(tuple(tuple(path.split("/")) for path in text.split())) for text in (one, other))
    assert two(TREE.control, "paths", first, second) == pytest.approx(1 - paths[0] / paths[1])
    assert two(TREE.control, "ancestors", first, second) == pytest.approx(1 - nodes[0] / nodes[1])
    assert two(TREE.control, "nominal", first, second) == (paths[0] != paths[1])


@given(TREE.answers, TREE.answers)
def test_a_node_more_or_less_weighs_less_than_a_whole_path(one: Taxonomy, other: Taxonomy) -> None:
    exact = set(one.paths) == set(other.paths)
    assert two(TREE.control, "nominal", one, other) == (not exact)
    assert two(TREE.control, "paths", one, other) == pytest.approx(plain_jaccard(set(one.paths), set(other.paths)))


def test_a_single_choice_can_be_compared_as_a_set() -> None:
    control = Control("c", "Choices", ("t",), ("a", "b"), family=Family.CHOICES)
    assert two(control, "jaccard", labels("a"), labels("b")) == 1
