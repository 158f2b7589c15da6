"""Answers as people read them."""

import pytest

from label_config.answers import (
    ANSWERS,
    Answer,
    Box,
    Chat,
    Choices,
    Link,
    Message,
    Moment,
    Number,
    Part,
    PerRegion,
    Ranking,
    Region,
    Regions,
    Relations,
    Segment,
    Span,
    Taxonomy,
    Text,
    Whole,
)
from label_config.words import _WORDS, in_words

PERSON, PLACE = Region(Span(0, 4), ("PER",)), Region(Span(9, 12), ("LOC",))
SAID: dict[str, Answer] = {
    "yes": Choices(("yes",)),
    "a / b, c": Taxonomy((("a", "b"), ("c",))),
    "2.5": Number(2.5),
    "2026-01-02": Moment("2026-01-02", 1767312000.0),
    "one | two": Text(("one", "two")),
    "b > a": Ranking((("rank", ("b", "a")),)),
    "best: b; rest: nothing": Ranking((("best", ("b",)), ("rest", ()))),
    "speech 0.5-1.25": Regions((Region(Segment(0.5, 1.251), ("speech",)),)),
    "2 car, 1 box": Regions((*[Region(Box(0, 0, 1, 1), ("car",))] * 2, Region(Box(0, 0, 1, 1)))),
    "2: yes, PER 0-4: no": PerRegion(
        (Part(Region(Whole(), (), "2"), Choices(("yes",))), Part(PERSON, Choices(("no",))), Part(PLACE, None))
    ),
    "PER 0-4 -> LOC 9-12 (in)": Relations((Link(PERSON, PLACE, "right", ("in",)),)),
    "user: hello": Chat((Message("user", "hello"),)),
}


@pytest.mark.parametrize("words", SAID)
def test_an_answer_is_one_line(words: str) -> None:
    assert in_words(SAID[words]) == words


@pytest.mark.parametrize(
    "empty", [Choices(()), Taxonomy(()), Text(()), Ranking((("rank", ()),)), Regions(()), PerRegion(()), Relations(())]
)
def test_an_empty_answer_is_nothing(empty: Answer) -> None:
    assert in_words(empty) == "nothing"


def test_much_is_counted() -> None:
    assert in_words(Regions(tuple(Region(Span(n, n + 1)) for n in range(9)))).endswith("5-6 and 3 more")


def test_every_family_has_words() -> None:
    assert {*ANSWERS.values(), PerRegion} == set(_WORDS)
