"""Models' answers in plain JSON: every family, and what is none."""

from typing import Any

import pytest

from label_config.answers import (
    Answer,
    Choices,
    Moment,
    Number,
    PerRegion,
    Ranking,
    Region,
    Regions,
    Span,
    Taxonomy,
    Text,
)
from label_config.errors import ResultError
from label_config.parse import parse
from sync.evidence.plain_answers import read_plain

CONFIG = parse("""<View><Text name="t" value="$t"/><List name="list" value="$items"/>
<Choices name="one" toName="t"><Choice value="a"/><Choice value="b"/></Choices>
<Choices name="many" toName="t" choice="multiple"><Choice value="a"/><Choice value="b"/></Choices>
<Taxonomy name="tree" toName="t"><Choice value="a"><Choice value="b"/></Choice></Taxonomy>
<Rating name="stars" toName="t"/><Number name="number" toName="t"/><DateTime name="when" toName="t" format="%Y-%m-%d"/>
<TextArea name="text" toName="t"/><Ranker name="rank" toName="list"/>
<Labels name="spans" toName="t"><Label value="A"/></Labels>
<Choices name="each" toName="t" perRegion="true"><Choice value="a"/></Choices></View>""")
SPAN = {"id": "r", "from_name": "spans", "to_name": "t", "type": "labels"}
SPAN |= {"value": {"start": 0, "end": 4, "labels": ["A"]}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("control", "value", "answer"),
    [
        ("one", "b", Choices(("b",))),
        ("one", ["b"], Choices(("b",))),
        ("many", ["b", "a", "b"], Choices(("a", "b"))),
        ("many", [], Choices(())),
        ("tree", ["a", "b"], Taxonomy((("a", "b"),))),
        ("tree", [["a", "b"], ["a"]], Taxonomy((("a",), ("a", "b")))),
        ("stars", 3, Number(3.0)),
        ("number", -0.5, Number(-0.5)),
        ("when", "1970-01-02", Moment("1970-01-02", 86_400.0)),
        ("text", "a house", Text(("a house",))),
        ("text", ["a", "house"], Text(("a", "house"))),
        ("rank", ["x", "y"], Ranking((("rank", ("x", "y")),))),
        ("spans", [SPAN], Regions((Region(Span(0, 4), ("A",)),))),
        ("spans", [], Regions(())),
        ("each", [], PerRegion(())),
    ],
)
def test_every_family_has_a_plain_form(control: str, value: Any, answer: Answer) -> None:
    assert read_plain(CONFIG, CONFIG.control(control), value) == answer


@pytest.mark.parametrize(
    ("control", "value", "said"),
    [
        ("one", "c", "'c'"),
        ("one", ["a", "b"], "one label"),
        ("one", 3, "a label or a list of labels"),
        ("tree", [3], "a path"),
        ("stars", "3", "a number"),
        ("stars", True, "a number"),
        ("number", float("nan"), "a number"),
        ("when", 3, "a time"),
        ("when", "tomorrow", "when"),
        ("text", {"a": 1}, "a text"),
        ("rank", [1, 2], "a list of items"),
        ("spans", "PER", "a list of regions"),
        ("spans", [{"from_name": "no"}], "no control"),
    ],
)
def test_what_is_no_answer_is_refused(control: str, value: Any, said: str) -> None:
    with pytest.raises(ResultError, match=said):
        read_plain(CONFIG, CONFIG.control(control), value)
