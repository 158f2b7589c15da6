"""What is said about regions, items and repetitions; relations; conversations."""

from typing import Any

import pytest

from label_config.answers import (
    Box,
    Chat,
    Choices,
    Link,
    Message,
    Number,
    Part,
    PerRegion,
    Region,
    Regions,
    Relations,
    Span,
    Taxonomy,
    Text,
    Whole,
)
from label_config.errors import ResultError
from label_config.parse import parse
from label_config.results import read_answers

from .results import AB, config, result


def box(name: str, kind: str, **value: Any) -> dict[str, Any]:
    return result("i", kind, {"x": 1, "y": 2, "width": 3, "height": 4, **value}, name)


def test_a_shape_and_its_labels_are_one_region_for_what_is_asked_about_it() -> None:
    interface = config("i", "<Rectangle {}/>", f"<Labels {{}}>{AB}</Labels>", '<TextArea {} perRegion="true"/>')
    found = read_answers(
        interface, [box("c", "rectangle"), box("d", "labels", labels=["A"]), box("e", "textarea", text=["?"])]
    )
    shape = Box(1.0, 2.0, 3.0, 4.0)
    assert found == {
        "c": Regions((Region(shape),)),
        "d": Regions((Region(shape, ("A",)),)),
        "e": PerRegion((Part(Region(shape, ("A",)), Text(("?",))),)),
    }


def test_a_region_without_an_answer_is_a_part_that_was_left_open() -> None:
    interface = config(
        "i", f"<RectangleLabels {{}}>{AB}</RectangleLabels>", '<Rating {} perRegion="true" whenLabelValue="A"/>'
    )
    drawn = [
        box("c", "rectanglelabels", rectanglelabels=[label]) | {"id": label + str(n)} for n, label in enumerate("AAB")
    ]
    rated = box("d", "rating", rating=2) | {"id": "A1"}
    shape = Box(1.0, 2.0, 3.0, 4.0)
    assert read_answers(interface, [*drawn, rated])["d"] == PerRegion(
        (Part(Region(shape, ("A",)), None), Part(Region(shape, ("A",)), Number(2.0)))
    )
    assert "d" not in read_answers(interface, drawn)


def test_what_is_said_of_a_region_that_nothing_drew_holds_the_region_itself() -> None:
    interface = config("i", '<Rating {} perRegion="true"/>')
    shape = Box(1.0, 2.0, 3.0, 4.0)
    assert read_answers(interface, [box("c", "rating", rating=1)]) == {
        "c": PerRegion((Part(Region(shape), Number(1.0)),))
    }
    with pytest.raises(ResultError, match=r"'r1'.*'c'.*no region has this id"):
        read_answers(interface, [result("i", "rating", {"rating": 1})])


def test_items_and_repetitions_are_parts_by_their_index() -> None:
    items = config("i", '<Rating {} perItem="true"/>')
    rated = [result("i", "rating", {"rating": index + 1}, item_index=index) for index in (1, 0)]
    assert read_answers(items, rated)["c"] == PerRegion(
        (Part(Region(Whole(), (), "1"), Number(2.0)), Part(Region(Whole(), (), "0"), Number(1.0)))
    )
    repeated = parse(
        '<View><Repeater on="$lines"><Text name="t_{{idx}}" value="$lines[{{idx}}]"/>'
        '<Choices name="c_{{idx}}" toName="t_{{idx}}"><Choice value="a"/></Choices>'
        f'<Labels name="l_{{{{idx}}}}" toName="t_{{{{idx}}}}">{AB}</Labels></Repeater></View>'
    )
    said = [
        result("t_10", "choices", {"choices": ["a"]}, "c_10"),
        result("t_2", "labels", {"start": 1, "end": 2, "labels": ["A"]}, "l_2"),
    ]
    assert read_answers(repeated, said) == {
        "c_{{idx}}": PerRegion((Part(Region(Whole(), (), "10"), Choices(("a",))),)),
        "l_{{idx}}": Regions((Region(Span(1, 2), ("A",), "2"),)),
    }
    with pytest.raises(ResultError, match="to_name is 't_1', not t_2"):
        read_answers(repeated, [result("t_1", "choices", {"choices": ["a"]}, "c_2")])


def test_relations_hold_the_regions_that_they_join() -> None:
    interface = config("t", f"<Labels {{}}>{AB}</Labels>", '<Relations><Relation value="of"/></Relations>')
    marked = [
        result("t", "labels", {"start": start, "end": start + 2, "labels": ["A"]}) | {"id": name}
        for name, start in (("x", 0), ("y", 5))
    ]
    link = {"type": "relation", "from_id": "y", "to_id": "x", "direction": "bi", "labels": ["of"]}
    one, two = Region(Span(0, 2), ("A",)), Region(Span(5, 7), ("A",))
    assert read_answers(interface, [link, *marked])["relations"] == Relations((Link(two, one, "bi", ("of",)),))
    for broken, named in (({"to_id": "z"}, "'z'"), ({"direction": "up"}, "'up'"), ({"labels": ["on"]}, "'on'")):
        with pytest.raises(ResultError, match=f"'relations'.*{named}"):
            read_answers(interface, [*marked, {**link, **broken}])
    assert read_answers(config("t", f"<Labels {{}}>{AB}</Labels>"), [*marked, link]).keys() == {"c"}


def test_messages_are_a_conversation_and_can_be_judged() -> None:
    interface = config("chat", '<Rating {} perRegion="true"/>')
    said = [
        result("chat", "chatmessage", {"chatmessage": {"role": role, "content": text, "createdAt": 1}}, "chat")
        | {"id": role}
        for role, text in (("user", "Hi"), ("assistant", "Yes?"))
    ]
    rated = result("chat", "rating", {"rating": 5}) | {"id": "assistant"}
    assert read_answers(interface, [*said, rated]) == {
        "chat": Chat((Message("user", "Hi"), Message("assistant", "Yes?"))),
        "c": PerRegion(
            (
                Part(Region(Whole(), (), "user: Hi"), None),
                Part(Region(Whole(), (), "assistant: Yes?"), Number(5.0)),
            )
        ),
    }


def test_a_taxonomy_that_labels_is_about_the_regions_that_it_marks() -> None:
    interface = config("t", '<Taxonomy {} labeling="true"><Choice value="a"/></Taxonomy>')
    said = result("t", "taxonomy", {"start": 2, "end": 5, "taxonomy": [["a"]]})
    assert read_answers(interface, [said])["c"] == PerRegion((Part(Region(Span(2, 5)), Taxonomy((("a",),))),))


def test_a_million_labels_are_read_or_refused_in_a_moment() -> None:
    many = "".join(f'<Choice value="{number}"/>' for number in range(2000))
    interface = config("t", f'<Choices {{}} choice="multiple">{many}</Choices>')
    labels = [str(number % 2000) for number in range(10**6)]
    assert read_answers(interface, [result("t", "choices", {"choices": labels})])["c"] == Choices(tuple(labels[:2000]))
    with pytest.raises(ResultError, match="'2000'"):
        read_answers(interface, [result("t", "choices", {"choices": [*labels, "2000"]})])
