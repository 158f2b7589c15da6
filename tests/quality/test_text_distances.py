"""Distances of texts and conversations, by hand and against plain versions."""

import itertools
from collections.abc import Callable, Hashable, Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Answer, Chat, Message, Text
from label_config.model import Control
from sync.quality.distance import DISTANCES, distance
from sync.quality.distance.comparison import every_pair
from sync.quality.distance.text import normalised

from .generated import CASES

TEXTAREA, CHAT = CASES["text"].control, CASES["chat"].control
SHORT = st.text("ab ", max_size=5)


def two(control: Control, name: str, one: Answer, other: Answer) -> float:
    """The distance of two answers."""
    return float(distance(control, name)(every_pair(control, [one, other]))[1])


def edit_distance(
    one: Sequence[Hashable], other: Sequence[Hashable], replacing: Callable[[Hashable, Hashable], float]
) -> float:
    """By its recursive definition: the last units are replaced, or one of them is dropped."""

    @cache
    def cost(n: int, m: int) -> float:
        if n == 0 or m == 0:
            return n + m
        return min(cost(n - 1, m) + 1, cost(n, m - 1) + 1, cost(n - 1, m - 1) + replacing(one[n - 1], other[m - 1]))

    return cost(len(one), len(other)) / max(len(one), len(other), 1)


def unlike(one: Hashable, other: Hashable) -> float:
    return float(one != other)


def characters(one: str, other: str) -> float:
    return edit_distance(one, other, unlike)


def submissions(answer: Text) -> list[str]:
    return [line for line in map(normalised, answer.lines) if line]


def best_matching(one: list[str], other: list[str]) -> float:
    """Every matching is tried."""
    few, many = sorted([one, other], key=len)
    costs = [sum(map(characters, few, chosen)) for chosen in itertools.permutations(many, len(few))]
    return (min(costs) + len(many) - len(few)) / max(len(many), 1)


@given(st.lists(SHORT, max_size=2), st.lists(SHORT, max_size=2))
def test_characters_and_words_are_counted_as_defined(one: list[str], other: list[str]) -> None:
    first, second = Text(tuple(one)), Text(tuple(other))
    joined = ["\n".join(submissions(text)) for text in (first, second)]
    assert two(TEXTAREA, "character", first, second) == pytest.approx(characters(*joined))
    words = edit_distance(joined[0].split(), joined[1].split(), unlike)
    assert two(TEXTAREA, "word", first, second) == pytest.approx(words)
    assert two(TEXTAREA, "exact", first, second) == (joined[0] != joined[1])


@given(st.lists(SHORT, max_size=4), st.lists(SHORT, max_size=4))
def test_submissions_are_matched_in_the_best_way(one: list[str], other: list[str]) -> None:
    first, second = Text(tuple(one)), Text(tuple(other))
    expected = best_matching(submissions(first), submissions(second))
    assert two(TEXTAREA, "lines", first, second) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "one", "other", "value"),
    [
        ("character", ("kitten",), ("sitting",), 3 / 7),
        ("character", ("a", "b"), ("a b",), 1 / 3),
        ("character", ("A",), ("a",), 1),
        ("character", ("\U0001f600x",), ("\U0001f601x",), 1 / 2),
        ("word", ("the cat sat",), ("the dog sat down",), 2 / 4),
        ("word", ("a b",), ("ab",), 1),
        ("token_set", ("new york mets",), ("mets york new",), 0),
        ("token_set", ("the new york mets",), ("new york mets",), 0),
        ("token_set", ("a b",), ("c d",), 1 - 2 * 1 / 6),
        ("exact", ("a", "b"), ("b", "a"), 1),
        ("lines", ("a", "b"), ("b", "a"), 0),
        ("lines", ("a", "b", "c"), ("c",), 2 / 3),
        ("lines", ("kitten", "x"), ("sitting",), (3 / 7 + 1) / 2),
    ],
)
def test_texts_by_hand(name: str, one: tuple[str, ...], other: tuple[str, ...], value: float) -> None:
    assert two(TEXTAREA, name, Text(one), Text(other)) == pytest.approx(value)


@pytest.mark.parametrize("name", DISTANCES[TEXTAREA.family])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ha\u0308user",), ("Häuser",)),
        (("a  b\n c ",), ("a b c",)),
        (("a\u00a0b",), ("a b",)),
        (("a", " ", "b"), ("a", "b")),
        (("",), ()),
        (("\t",), ("", "")),
    ],
)
def test_what_looks_the_same_is_the_same(name: str, one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert two(TEXTAREA, name, Text(one), Text(other)) == 0


@pytest.mark.parametrize("name", DISTANCES[TEXTAREA.family])
def test_many_texts_are_compared_as_few_are(name: str) -> None:
    rng = np.random.default_rng(3)
    words = ["red", "house", "a", "blue", "garden"]
    answers = [
        Text(tuple(" ".join(rng.choice(words, rng.integers(4))) for _ in range(rng.integers(6)))) for _ in range(40)
    ]
    found = distance(TEXTAREA, name)(every_pair(TEXTAREA, answers)).reshape(40, 40)
    for one, other in rng.integers(40, size=(60, 2)):
        assert found[one, other] == pytest.approx(two(TEXTAREA, name, answers[one], answers[other]))


def chat(*said: str) -> Chat:
    """Messages from "u:text" and "a:text"."""
    return Chat(tuple(Message(*line.split(":")) for line in said))


def replacing(one: Hashable, other: Hashable) -> float:
    assert isinstance(one, Message)
    assert isinstance(other, Message)
    return 1.0 if one.role != other.role else characters(normalised(one.text), normalised(other.text))


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        (("u:hello",), ("u:hullo",), 1 / 5),
        (("u:hello",), ("a:hello",), 1),
        (("u:hello", "a:hi"), ("u:hello",), 1 / 2),
        (("u:one", "a:two", "u:six"), ("a:two", "u:six"), 1 / 3),
        (("u:one", "a:two"), ("a:two", "u:one"), 1),
        (("u:kitten", "a:yes"), ("u:sitting", "u:so", "a:yes"), (3 / 7 + 1) / 3),
        (("u:",), ("u: ",), 0),
    ],
)
def test_conversations_by_hand(one: tuple[str, ...], other: tuple[str, ...], value: float) -> None:
    assert two(CHAT, "character", chat(*one), chat(*other)) == pytest.approx(value)
    assert two(CHAT, "nominal", chat(*one), chat(*other)) == (value > 0)


MESSAGES = st.builds(Message, st.sampled_from("ua"), SHORT)


@given(st.lists(st.lists(MESSAGES, max_size=4).map(tuple), min_size=1, max_size=3))
def test_messages_are_aligned_as_defined(conversations: list[tuple[Message, ...]]) -> None:
    expected = [edit_distance(one, other, replacing) for one in conversations for other in conversations]
    pairs = every_pair(CHAT, [Chat(messages) for messages in conversations])
    assert distance(CHAT, "character")(pairs) == pytest.approx(np.array(expected))
