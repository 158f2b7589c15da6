"""Answers of an earlier interface: which the one of today can still say, and why it cannot say the others."""

import pytest

from label_config.answers import Answer, Box, Choices, Link, Number, Region, Regions, Relations, Span, Taxonomy, Text
from label_config.misfit import misfit
from label_config.model import Control
from label_config.parse import parse

CONFIG = parse(
    """<View><Text name="t" value="$t"/><Image name="i" value="$i"/>
    <Choices name="one" toName="t"><Choice value="a"/><Choice value="b"/></Choices>
    <Choices name="many" toName="t" choice="multiple"><Choice value="a"/><Choice value="b"/></Choices>
    <Number name="number" toName="t" max="9"/><TextArea name="said" toName="t"/>
    <Taxonomy name="tree" toName="t"><Choice value="a"><Choice value="b"/></Choice></Taxonomy>
    <Labels name="words" toName="t"><Label value="a"/></Labels>
    <RectangleLabels name="boxes" toName="i"><Label value="a"/></RectangleLabels>
    <Relations><Relation value="a"/></Relations></View>"""
)
BOX, WORD = Region(Box(1, 1, 5, 5), ("a",), "i"), Region(Span(0, 3), ("a",), "t")


def relations() -> Control:
    return next(control for control in CONFIG.controls if control.family == "relations")


FIT: list[tuple[str, Answer]] = [
    ("one", Choices(("b",))),
    ("one", Choices(())),
    ("many", Choices(("a", "b"))),
    ("number", Number(9.0)),
    ("said", Text(("anything",))),
    ("tree", Taxonomy((("a", "b"),))),
    ("words", Regions((WORD,))),
    ("words", Regions(())),
    ("words", Regions((BOX,))),
    ("boxes", Regions((BOX, BOX))),
    ("", Relations((Link(WORD, WORD, "right", ("a",)),))),
]
MISFIT: list[tuple[str, Answer, str]] = [
    ("one", Choices(("c",)), "the label 'c' is not in the labeling interface"),
    ("one", Choices(("a", "b")), "one label may be chosen, and there are 2"),
    ("one", Number(1.0), "Number is no answer to it"),
    ("number", Number(10.0), "10"),
    ("number", Choices(("a",)), "Choices is no answer to it"),
    ("tree", Taxonomy((("a", "c"),)), "c"),
    ("words", Regions((WORD, Region(Span(0, 3), ("z",), "t"))), "the label 'z' is not in the labeling interface"),
    ("boxes", Regions((WORD,)), "Span is no answer to it"),
    ("words", Choices(("a",)), "Choices is no answer to it"),
    ("", Relations((Link(WORD, WORD, "right", ("z",)),)), "the label 'z' is not in the labeling interface"),
]


def control(name: str) -> Control:
    return CONFIG.control(name) if name else relations()


@pytest.mark.parametrize(("name", "answer"), FIT)
def test_what_can_still_be_said_fits(name: str, answer: Answer) -> None:
    assert misfit(control(name), answer) is None


@pytest.mark.parametrize(("name", "answer", "said"), MISFIT)
def test_what_cannot_be_said_any_more_is_named(name: str, answer: Answer, said: str) -> None:
    assert said in (misfit(control(name), answer) or "")
