"""Answers of every family: written as Label Studio's JSON and read again, kept as text and read again; any JSON."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from label_config.answers import (
    ANSWERS,
    Answer,
    Chat,
    Choices,
    Link,
    Number,
    Part,
    PerRegion,
    Region,
    Regions,
    Relations,
    Segment,
    Shape,
    Span,
    Taxonomy,
    Text,
    Vector,
    Whole,
)
from label_config.errors import ResultError
from label_config.model import Family, LabelConfig
from label_config.parse import parse
from label_config.results import canonical, from_canonical, read_answers, write_answer, write_answers

from ..quality import generated
from ..thorough import up_to
from .results import AB, OBJECTS, config
from .test_results import JSON

MULTIPLE = f'choice="multiple">{"".join(f"<Label value={label!r}/>" for label in generated.LABELS)}'
CHOICES = "".join(f"<Choice value={label!r}/>" for label in generated.LABELS)
FRAMES = st.tuples(st.integers(0, 40), st.integers(0, 8)).map(lambda at: Segment(float(at[0]), float(sum(at) + 1)))

# A case of drawing: the object, the tag, shapes, surfaces.
DRAWN: list[tuple[str, str, st.SearchStrategy[Shape], tuple[str, ...]]] = [
    ("t", "Labels", generated.spans, ("",)),
    ("h", "HyperTextLabels", generated.spans, ("", "/div[1]/text()[2]")),
    ("p", "ParagraphLabels", generated.spans, ("paragraph 0", "paragraph 7")),
    ("a", "Labels", generated.segments, ("", "channel 1")),
    ("s", "TimeSeriesLabels", generated.segments, ("",)),
    ("v", "TimelineLabels", FRAMES, ("",)),
    ("i", "RectangleLabels", generated.boxes, ("", "3")),
    ("i", "Labels", generated.upright, ("", "3")),
    ("pdf", "OcrLabels", generated.boxes, ("", "page 2")),
    ("i", "EllipseLabels", generated.ellipses, ("", "3")),
    ("i", "PolygonLabels", generated.polygons(), ("", "3")),
    ("i", "KeyPointLabels", generated.key_points, ("", "3")),
    ("i", "VectorLabels", generated.vectors, ("", "3")),
    ("i", "BrushLabels", generated.masks, ("", "3")),
    ("i", "BitmaskLabels", generated.masks, ("", "3")),
]


def rounded(answer: Answer) -> Any:
    """An answer whose measures are rounded: turning pixels into percent and back loses the last digit."""

    def near(found: Any) -> Any:
        if isinstance(found, float):
            return round(found, 6) + 0.0
        if isinstance(found, list):
            return [near(one) for one in found]
        return {name: near(one) for name, one in found.items()} if isinstance(found, dict) else found

    return near(json.loads(canonical(answer)))


@pytest.mark.parametrize(("about", "tag", "shapes", "where"), DRAWN, ids=[f"{case[0]}-{case[1]}" for case in DRAWN])
@settings(max_examples=up_to(25), deadline=None)
@given(data=st.data())
def test_regions_are_read_as_they_were_written(
    about: str, tag: str, shapes: st.SearchStrategy[Shape], where: tuple[str, ...], data: st.DataObject
) -> None:
    interface = config(about, f"<{tag} {{}} {MULTIPLE}</{tag}>")
    answer = data.draw(generated.regions_with(shapes, where))
    size = data.draw(st.sampled_from([None, (100, 100), (200.0, 120.0)]))
    result = write_answer(interface.controls[0], answer, region_id="r", size=size)
    assert rounded(read_answers(interface, result).get("c", Regions(()))) == rounded(answer)
    assert len({region["id"] for region in result}) == len(answer.regions)


VALUES: list[tuple[str, st.SearchStrategy[Answer]]] = [
    (f"<Choices {{}}>{CHOICES}</Choices>", generated.single),
    (f'<Choices {{}} choice="multiple">{CHOICES}</Choices>', generated.multiple),
    ('<Taxonomy {} apiUrl="x"/>', generated.taxonomy),
    ('<Choices {} allowNested="true" value="$tree" choice="multiple"/>', generated.taxonomy),
    ("<Rating {}/>", generated.rating),
    ("<Number {}/>", generated.number),
    ('<Number {} min="0" max="10"/>', generated.bounded),
    ("<TextArea {}/>", generated.text),
    ("<Ranker {}/>", generated.ranking.map(lambda ranking: type(ranking)((("c", ranking.buckets[0][1]),)))),
]
NOTHING = (Choices(()), Taxonomy(()), Text(()))


@pytest.mark.parametrize(("control", "answers"), VALUES, ids=[case[0].split(">")[0] for case in VALUES])
@settings(max_examples=up_to(40), deadline=None)
@given(data=st.data())
def test_values_are_read_as_they_were_written(
    control: str, answers: st.SearchStrategy[Answer], data: st.DataObject
) -> None:
    interface = config("t", control)
    answer = data.draw(answers)
    result = write_answer(interface.controls[0], answer, region_id="r", score=0.5)
    assert read_answers(interface, result) == ({} if answer in NOTHING else {"c": answer})
    assert all(region["score"] == 0.5 for region in result)


@settings(max_examples=up_to(40), deadline=None)
@given(st.data())
def test_a_whole_annotation_is_read_as_it_was_written(data: st.DataObject) -> None:
    interface = parse(
        f'<View>{OBJECTS["t"]}<Labels name="l" toName="t" {MULTIPLE}</Labels>'
        '<Rating name="r" toName="t" perRegion="true"/><TextArea name="w" toName="t" perRegion="true"/>'
        f"<Relations>{''.join(f'<Relation value={label!r}/>' for label in generated.LABELS)}</Relations></View>"
    )
    spans = data.draw(st.lists(generated.region_with(generated.spans, ("",)), min_size=1, max_size=4, unique=True))
    answers: dict[str, Answer] = {"l": Regions(tuple(spans))}
    asked: dict[str, st.SearchStrategy[Any]] = {
        "r": generated.rating,
        "w": generated.text.filter(lambda text: bool(text.lines)),
    }
    for name, said in asked.items():
        parts = tuple(Part(region, data.draw(st.none() | said)) for region in spans)
        if any(part.answer is not None for part in parts):
            answers[name] = PerRegion(parts)
    ends = st.sampled_from(spans)
    links = st.lists(st.builds(Link, ends, ends, st.sampled_from(["right", "left", "bi"])), max_size=3)
    if drawn := tuple(data.draw(links)):
        answers["relations"] = Relations(drawn)
    assert read_answers(interface, write_answers(interface, answers, region_id="r")) == answers


@settings(max_examples=up_to(25), deadline=None)
@given(generated.conversations.filter(lambda chat: bool(chat.messages)), st.data())
def test_a_conversation_and_repetitions_are_read_as_they_were_written(chat: Chat, data: st.DataObject) -> None:
    interface = parse(
        f'<View>{OBJECTS["chat"]}<Repeater on="$lines"><Text name="t_{{{{idx}}}}" value="$lines[{{{{idx}}}}]"/>'
        '<Rating name="r_{{idx}}" toName="t_{{idx}}"/></Repeater></View>'
    )
    stars = data.draw(st.dictionaries(st.integers(0, 30), generated.rating, min_size=1, max_size=3))
    rated = PerRegion(tuple(Part(Region(Whole(), (), str(index)), said) for index, said in stars.items()))
    answers: dict[str, Answer] = {"chat": chat, "r_{{idx}}": rated}
    assert read_answers(interface, write_answers(interface, answers, region_id="r")) == answers


@pytest.mark.parametrize("case", generated.CASES.values(), ids=list(generated.CASES))
@settings(max_examples=up_to(30), deadline=None)
@given(data=st.data())
def test_an_answer_is_read_from_its_text_and_equal_answers_have_equal_texts(
    case: generated.Case, data: st.DataObject
) -> None:
    one, other = data.draw(case.answers), data.draw(case.answers)
    assert from_canonical(canonical(one)) == one
    assert canonical(from_canonical(canonical(one))) == canonical(one)
    assert (canonical(one) == canonical(other)) == (one == other)


def test_texts_of_choices_stay_as_stores_have_them_and_whole_numbers_are_numbers() -> None:
    assert canonical(Choices(("3",))) == '["3"]'
    whole, real = (
        Regions((Region(Vector(points, True)),)) for points in (((0, -0.0), (1, 2)), ((0.0, 0.0), (1.0, 2.0)))
    )
    assert whole == real
    assert canonical(whole) == canonical(real)
    for text in (
        "",
        "{",
        "3",
        '"Number"',
        '{"Number":[1],"Text":[[]]}',
        '{"Region":[{"Whole":[]},[],""]}',
        '{"os":[]}',
    ):
        with pytest.raises(ResultError, match="no answer was written"):
            from_canonical(text)


def test_the_answers_are_covered() -> None:
    assert {case.control.family for case in generated.CASES.values()} == {*Family}
    assert set(ANSWERS) == {*Family}


@pytest.mark.parametrize(
    ("control", "answer", "named"),
    [
        ("<Rating {}/>", Number(9.0), "9 is not from 1 to 5"),
        ("<Rating {}/>", Text(("a",)), "Text is no answer"),
        ('<Rating {} perRegion="true"/>', Number(1.0), "Number is no answer"),
        (f"<Labels {{}}>{AB}</Labels>", Regions((Region(Span(0, 1), ("C",)),)), "'C'"),
        (f"<Labels {{}}>{AB}</Labels>", Regions((Region(Span(0, 1), ("A", "B")),)), "one label"),
        (f"<Labels {{}}>{AB}</Labels>", Regions((Region(Whole(), ("A",)),)), "Whole cannot be drawn"),
        ("<Relations/>", Relations((Link(Region(Span(0, 1)), Region(Span(2, 3))),)), "not among the regions"),
    ],
)
def test_an_answer_that_a_control_cannot_hold_is_not_written(control: str, answer: Answer, named: str) -> None:
    with pytest.raises(ResultError, match=named):
        write_answer(config("t", control).controls[0], answer, region_id="r")


EVERY: LabelConfig = parse(
    f"<View>{''.join(OBJECTS.values())}"
    f'<Choices name="ch" toName="t">{CHOICES}</Choices><Taxonomy name="ta" toName="t">{CHOICES}</Taxonomy>'
    '<Rating name="ra" toName="t"/><Number name="nu" toName="t"/><DateTime name="da" toName="t"/>'
    '<TextArea name="te" toName="t"/><Pairwise name="pa" toName="t,i"/><Ranker name="rk" toName="list"/>'
    + "".join(
        f'<{tag} name="{tag}" toName="{about}">{AB}</{tag}>'
        for tag, about in {tag: about for about, tag, *_ in DRAWN}.items()
    )
    + '<Rectangle name="Rectangle" toName="i"/><VideoRectangle name="VideoRectangle" toName="v"/>'
    '<Rating name="pr" toName="i,t" perRegion="true"/><Relations><Relation value="A"/></Relations></View>'
)
KINDS = {control.name: control.tag.lower() for control in EVERY.controls}
NUMBERS = st.integers(-3, 120) | st.floats() | st.sampled_from([10**400, "3", None, True])
POINTS = st.lists(st.lists(NUMBERS, min_size=2, max_size=2) | JSON, max_size=5)
VALUE_KEYS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("x", "y", "width", "height", "rotation", "start", "end", "startOffset", "endOffset"), NUMBERS),
        **dict.fromkeys(("radiusX", "radiusY", "rating", "number", "pageIndex", "channel", "framesCount"), NUMBERS),
        "points": POINTS | JSON,
        "vertices": st.lists(
            st.fixed_dictionaries(
                {"x": NUMBERS, "y": NUMBERS},
                optional={"id": JSON, "prevPointId": JSON, "isBezier": JSON, "controlPoint1": JSON},
            ),
            max_size=4,
        )
        | JSON,
        "sequence": st.lists(
            st.fixed_dictionaries(dict.fromkeys(("x", "y", "width", "height", "frame"), NUMBERS)), max_size=3
        )
        | JSON,
        "ranges": st.lists(st.fixed_dictionaries({"start": NUMBERS, "end": NUMBERS}), max_size=2) | JSON,
        "globalOffsets": st.fixed_dictionaries({"start": NUMBERS, "end": NUMBERS}) | JSON,
        "rle": st.lists(st.integers(-1, 256), max_size=12) | JSON,
        "imageDataURL": st.just("data:image/png;base64,AAAA") | JSON,
        "chatmessage": st.fixed_dictionaries({"role": JSON, "content": JSON}) | JSON,
        **dict.fromkeys(("choices", "taxonomy", "ranker", "text", "datetime", "selected", "labels"), JSON),
    },
)


@st.composite
def nearly_right(draw: st.DrawFn) -> Any:
    """A region that is right in most of its parts, so that each check is reached."""
    name = draw(st.sampled_from(sorted(KINDS)))
    control = EVERY.control(name)
    if control.family == Family.RELATIONS:
        ids = st.sampled_from(["a", "b"]) | JSON
        return draw(
            st.fixed_dictionaries(
                {"type": st.just("relation"), "from_id": ids, "to_id": ids},
                optional={"labels": JSON, "direction": JSON},
            )
        )
    value = draw(VALUE_KEYS | JSON)
    if isinstance(value, dict) and control.labels and draw(st.booleans()):
        value[control.tag.lower()] = [draw(st.sampled_from(control.labels))]
    kind = "chatmessage" if control.family == Family.CHAT else KINDS[name]
    region = {
        "id": draw(st.sampled_from(["a", "b"]) | JSON),
        "from_name": name,
        "to_name": control.to_names[0],
        "type": kind,
        "value": value,
    }
    for key in ("original_width", "original_height", "item_index"):
        if draw(st.booleans()):
            region[key] = draw(NUMBERS)
    if draw(st.integers(0, 9)) == 0:
        region[draw(st.sampled_from(sorted(region)))] = draw(JSON)
    return region


@settings(max_examples=up_to(200), deadline=None)
@given(st.lists(nearly_right(), max_size=4) | JSON, JSON | st.fixed_dictionaries({"p": JSON}))
@example([{"type": "relation", "from_id": [], "to_id": {}}], None)
@example([{"from_name": "Rectangle", "to_name": "i", "type": "rectangle", "value": [], "item_index": []}], {})
def test_any_json_is_answers_or_a_result_error(result: object, data: Any) -> None:
    try:
        answers = read_answers(EVERY, result, data if isinstance(data, dict) else None)
    except ResultError as refused:
        assert len(str(refused)) < 1200
        return
    for name, answer in answers.items():
        control = EVERY.control(name)
        assert isinstance(answer, PerRegion if control.per_region else ANSWERS[control.family])
        assert from_canonical(canonical(answer)) == answer
