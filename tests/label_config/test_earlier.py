"""Earlier answers as they are seen: marked, drawn, escaped, or left out where they cannot be shown."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Box, Choices, Ellipse, KeyPoint, Mask, Polygon, Region, Regions, Shape, Span, Vector
from label_config.earlier import COLORS, shown
from label_config.parse import parse

TEXT = parse("""<View><Labels name="who" toName="text"><Label value="PER"/><Label value="LOC"/></Labels>
<Text name="text" value="$text"/></View>""")
IMAGE = parse("""<View><Image name="image" value="$image"/><RectangleLabels name="box" toName="image">
<Label value="Car"/><Label value="Bus"/></RectangleLabels></View>""")
URL = "https://example.org/a.png?x=1&y=2"


def spans(*found: tuple[int, int, str]) -> Regions:
    return Regions(tuple(Region(Span(start, end), (label,)) for start, end, label in found))


def seen(markup: str) -> ET.Element:
    """It is well formed, so that nothing in it closes what it is in."""
    return ET.fromstring(f"<x>{markup}</x>")  # noqa: S314 - ours


def marks(markup: str) -> list[str]:
    return ["".join(one.itertext()) for one in seen(markup).iter("mark")]


def test_spans_are_marked_in_the_text_with_their_labels() -> None:
    said = [("Answer A", {"who": spans((0, 3, "PER"), (8, 12, "LOC"))}), ("Answer B", {"who": spans()})]
    found = shown(TEXT, {"text": "Ada met Rome."}, said)
    assert marks(found) == ["Ada", "Rome"]
    assert ["".join(one.itertext()).strip() for one in seen(found).iter("sup")] == ["PER", "LOC"]
    assert ["".join(one.itertext()) for one in seen(found).iter("b")] == ["Answer A", "Answer B"]


def test_spans_that_overlap_are_marked_piece_by_piece() -> None:
    assert marks(shown(TEXT, {"text": "abcdef"}, [("A", {"who": spans((0, 4, "PER"), (2, 6, "LOC"))})])) == [
        "ab",
        "cd",
        "ef",
    ]


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF)), st.data())
def test_marks_change_no_letter_of_a_text_and_markup_in_it_stays_text(text: str, data: st.DataObject) -> None:
    place = st.integers(0, len(text))
    drawn = data.draw(st.lists(st.tuples(place, place).map(sorted), max_size=4))
    answer = spans(*((start, end, "PER") for start, end in drawn if start < end))
    (block,) = seen(re.sub("<sup.*?</sup>", "", shown(TEXT, {"text": text}, [("<b>", {"who": answer})]))).findall(
        ".//div/div"
    )
    assert "".join(block.itertext()) == text


@pytest.mark.parametrize(
    ("shape", "tag", "where"),
    [
        (Box(10, 20, 30, 40), "rect", {"x": "10", "y": "20", "width": "30", "height": "40"}),
        (Box(10, 20, 30, 40, 15), "rect", {"transform": "rotate(15 10 20)"}),
        (Ellipse(5, 6, 7, 8), "ellipse", {"cx": "5", "cy": "6", "rx": "7", "ry": "8"}),
        (Polygon(((0, 0), (10, 0), (0, 5))), "polygon", {"points": "0,0 10,0 0,5"}),
        (Vector(((0, 0), (50, 100)), False), "polyline", {"points": "0,0 100,80"}),
        (KeyPoint(50, 50), "ellipse", {"cx": "100", "cy": "40"}),
    ],
)
def test_what_was_drawn_is_drawn_over_the_image(shape: Shape, tag: str, where: dict[str, str]) -> None:
    answer = Regions((Region(shape, ("Bus",)),))
    root = seen(shown(IMAGE, {"image": URL}, [("Answer A", {"box": answer})], (200, 80)))
    (image,) = root.iter("img")
    assert image.get("src") == URL
    (svg,) = root.iter("svg")
    assert svg.get("viewBox") == "0 0 200 80"
    (outline,) = svg.iter(tag)
    assert {name: outline.get(name) for name in where} == where
    assert [group.get("stroke") for group in svg.iter("g")] == [COLORS[1]]
    assert [(one.text or "").strip() for one in root.iter("span")] == ["\N{BLACK SQUARE} Bus"]


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ({"image": "javascript:alert(1)"}, Regions((Region(Box(1, 1, 1, 1), ("Car",)),))),
        ({"image": "s3://bucket/a.png"}, Regions((Region(Box(1, 1, 1, 1), ("Car",)),))),
        ({"image": URL}, Regions((Region(Box(1, 1, 1, 1), ("Car",)), Region(Mask(2, 2, (0, 4)), ("Car",))))),
        ({"image": URL}, Regions((Region(Box(1, 1, 1, 1), ("Car",), "1"),))),
        ({"image": [URL]}, Regions((Region(Box(1, 1, 1, 1), ("Car",)),))),
        ({}, Regions(())),
        ({"image": URL}, Choices(("Car",))),
    ],
)
def test_what_cannot_be_shown_whole_is_not_shown(data: dict[str, Any], answer: Any) -> None:
    assert shown(IMAGE, data, [("Answer A", {"box": answer})]) == ""


def test_an_image_within_its_address_is_a_background_as_large_as_the_image() -> None:
    inline = "data:image/png;base64,AAAA+/=="
    root = seen(shown(IMAGE, {"image": inline}, [("A", {"box": Regions(())})], (200, 80)))
    assert list(root.iter("img")) == []
    (style,) = (one.get("style", "") for one in root.iter("div") if "background" in one.get("style", ""))
    assert style.endswith(f";aspect-ratio:200/80;background:url({inline}) 0 0/100% 100%")
    for evil in ("data:image/png;base64,AA);color:red", "data:image/svg+xml,<svg/>", "data:text/html;base64,AA"):
        assert shown(IMAGE, {"image": evil}, [("A", {"box": Regions(())})]) == ""


def test_an_address_cannot_leave_its_attribute() -> None:
    evil = 'https://x/"><script>alert(1)</script>'
    root = seen(shown(IMAGE, {"image": evil}, [("A", {"box": Regions(())})]))
    assert [one.get("src") for one in root.iter("img")] == [evil]
    assert list(root.iter("script")) == []
