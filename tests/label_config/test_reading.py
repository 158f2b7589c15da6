"""Label Studio's own JSON of each family -> answers, by hand; and the examples that ship with it."""

import json
import re
from typing import Any

import pytest

from label_config.answers import (
    Box,
    Choices,
    Ellipse,
    KeyFrame,
    KeyPoint,
    Mask,
    Moment,
    Number,
    Polygon,
    Ranking,
    Region,
    Regions,
    Segment,
    Shape,
    Span,
    Taxonomy,
    Text,
    Track,
    Vector,
)
from label_config.errors import ResultError
from label_config.parse import parse
from label_config.results import read_answers
from label_config.rle import brush_from_runs, png_from_runs

from .results import AB, OBJECTS, PIXELS, config, result
from .test_controls import shipped


@pytest.mark.parametrize(
    ("control", "kind", "value", "answer"),
    [
        ('<Rating {} maxRating="10"/>', "rating", {"rating": 8}, Number(8.0)),
        ("<Number {}/>", "number", {"number": -0.5}, Number(-0.5)),
        ("<DateTime {}/>", "datetime", {"datetime": "1970-01-02T01:00"}, Moment("1970-01-02T01:00", 90_000.0)),
        ('<DateTime {} only="year"/>', "datetime", {"datetime": 1971}, Moment("1971", 31_536_000.0)),
        ('<DateTime {} only="time"/>', "datetime", {"datetime": "01:30"}, Moment("01:30", 5400.0)),
        ('<DateTime {} format="%d/%m/%Y"/>', "datetime", {"datetime": "03/01/1970"}, Moment("03/01/1970", 172_800.0)),
        ("<TextArea {}/>", "textarea", {"text": ["one", "two"]}, Text(("one", "two"))),
        ("<TextArea {}/>", "textarea", {"text": "one"}, Text(("one",))),
        (
            '<Taxonomy {}><Choice value="a"><Choice value="b"/></Choice></Taxonomy>',
            "taxonomy",
            {"taxonomy": [["a", "b"], ["a"]]},
            Taxonomy((("a",), ("a", "b"))),
        ),
        (
            '<Choices {} allowNested="true" choice="multiple"><Choice value="a"><Choice value="b"/></Choice></Choices>',
            "choices",
            {"choices": ["a", ["a", "b"]]},
            Taxonomy((("a",), ("a", "b"))),
        ),
        (
            '<Choices {} value="$own" choice="multiple"><Choice value="z"/></Choices>',
            "choices",
            {"choices": ["c", "b", "z"]},
            Choices(("z", "b", "c")),
        ),
    ],
)
def test_values(control: str, kind: str, value: dict[str, Any], answer: object) -> None:
    assert read_answers(config("t", control), [result("t", kind, value)]) == {"c": answer}


@pytest.mark.parametrize(
    ("about", "control", "kind", "value", "shape"),
    [
        ("t", "Labels", "labels", {"start": 3, "end": 9}, Span(3, 9)),
        (
            "h",
            "HyperTextLabels",
            "hypertextlabels",
            {
                "start": "/p[1]/text()[1]",
                "end": "/p[2]/text()[1]",
                "startOffset": 1,
                "endOffset": 2,
                "globalOffsets": {"start": 11, "end": 40},
            },
            Span(11, 40),
        ),
        ("a", "Labels", "labels", {"start": 0.5, "end": 2, "channel": 0}, Segment(0.5, 2.0)),
        ("s", "TimeSeriesLabels", "timeserieslabels", {"start": 5, "end": 7.5, "instant": False}, Segment(5.0, 7.5)),
        (
            "s",
            "TimeSeriesLabels",
            "timeserieslabels",
            {"start": "01.01.1970 00:01", "end": "02.01.1970 00:00", "instant": False},
            Segment(60.0, 86_400.0),
        ),
        ("v", "TimelineLabels", "timelinelabels", {"ranges": [{"start": 3, "end": 5}]}, Segment(3.0, 6.0)),
        (
            "i",
            "RectangleLabels",
            "rectanglelabels",
            {"x": 10, "y": 20, "width": 50, "height": 10, "rotation": 30},
            Box(20.0, 10.0, 100.0, 5.0, 30.0),
        ),
        (
            "i",
            "EllipseLabels",
            "ellipselabels",
            {"x": 50, "y": 50, "radiusX": 10, "radiusY": 20, "rotation": 0},
            Ellipse(100.0, 25.0, 20.0, 10.0),
        ),
        (
            "i",
            "PolygonLabels",
            "polygonlabels",
            {"points": [[0, 0], [50, 0], [50, 100]], "closed": True},
            Polygon(((0.0, 0.0), (100.0, 0.0), (100.0, 50.0))),
        ),
        (
            "i",
            "KeyPointLabels",
            "keypointlabels",
            {"x": 25, "y": 50, "width": 0.5},
            KeyPoint(50.0, 25.0, (200.0, 50.0)),
        ),
        (
            "i",
            "VectorLabels",
            "vectorlabels",
            {
                "vertices": [{"id": "a", "x": 0, "y": 0}, {"id": "b", "x": 10, "y": 10, "prevPointId": "a"}],
                "closed": False,
            },
            Vector(((0.0, 0.0), (20.0, 5.0)), False, (200.0, 50.0)),
        ),
        (
            "i",
            "BrushLabels",
            "brushlabels",
            {"format": "rle", "rle": brush_from_runs((4000, 5000, 1000), 200, 50)},
            Mask(200, 50, (4000, 5000, 1000)),
        ),
        (
            "i",
            "BitmaskLabels",
            "bitmasklabels",
            {"imageDataURL": png_from_runs((4000, 5000, 1000), 200, 50)},
            Mask(200, 50, (4000, 5000, 1000)),
        ),
    ],
)
def test_regions_with_a_label(about: str, control: str, kind: str, value: dict[str, Any], shape: Shape) -> None:
    found = read_answers(
        config(about, f"<{control} {{}}>{AB}</{control}>"), [result(about, kind, {**value, kind: ["B"]}, **PIXELS)]
    )
    assert found == {"c": Regions((Region(shape, ("B",)),))}


def test_a_page_of_a_pdf_is_a_surface_of_its_own() -> None:
    value = {"x": 0.1, "y": 0.25, "width": 0.5, "height": 0.125, "pageIndex": 3, "ocrtext": "?", "ocrlabels": ["A"]}
    found = read_answers(config("pdf", f"<OcrLabels {{}}>{AB}</OcrLabels>"), [result("pdf", "ocrlabels", value)])
    assert found == {"c": Regions((Region(Box(10.0, 25.0, 50.0, 12.5), ("A",), "page 3"),))}


def test_an_image_of_several_and_a_channel_are_surfaces_of_their_own() -> None:
    shape = result("i", "rectangle", {"x": 1, "y": 2, "width": 3, "height": 4}, item_index=2)
    assert read_answers(config("i", "<Rectangle {}/>"), [shape]) == {
        "c": Regions((Region(Box(1.0, 2.0, 3.0, 4.0), (), "2"),))
    }
    heard = result("a", "labels", {"start": 1, "end": 2, "channel": 1, "labels": ["A"]})
    assert read_answers(config("a", f"<Labels {{}}>{AB}</Labels>"), [heard]) == {
        "c": Regions((Region(Segment(1.0, 2.0), ("A",), "channel 1"),))
    }


def test_on_several_objects_each_region_says_on_which() -> None:
    xml = f'<View>{OBJECTS["t"]}{OBJECTS["h"]}<Labels name="l" toName="t,h">{AB}</Labels></View>'
    marked = [result(about, "labels", {"start": 1, "end": 2, "labels": ["A"]}, "l") for about in ("t", "h")]
    assert read_answers(parse(xml), marked) == {
        "l": Regions((Region(Span(1, 2), ("A",), "t"), Region(Span(1, 2), ("A",), "h")))
    }


def test_a_span_over_paragraphs_is_measured_by_the_tasks_data() -> None:
    interface = config("p", f"<ParagraphLabels {{}}>{AB}</ParagraphLabels>")
    value = {"start": "1", "end": "2", "startOffset": 3, "endOffset": 1, "paragraphlabels": ["A"]}
    data = {"p": [{"says": "abcde"}, {"says": "fghij"}, {"says": "k"}]}
    assert read_answers(interface, [result("p", "paragraphlabels", value)], data) == {
        "c": Regions((Region(Span(8, 11), ("A",)),))
    }
    with pytest.raises(ResultError, match="several paragraphs"):
        read_answers(interface, [result("p", "paragraphlabels", value)])
    alone = result("p", "paragraphlabels", {**value, "end": "1", "endOffset": 5})
    assert read_answers(interface, [alone]) == {"c": Regions((Region(Span(3, 5), ("A",), "paragraph 1"),))}


def test_a_tracked_box_has_the_labels_of_the_labels_beside_it() -> None:
    interface = config("v", "<VideoRectangle {}/>", f"<Labels {{}}>{AB}</Labels>")
    frames = [
        {"frame": 9, "x": 5, "y": 5, "width": 10, "height": 10, "rotation": 0, "enabled": False, "time": 0.4},
        {"frame": 1, "x": 0, "y": 5, "width": 10, "height": 10, "rotation": 0, "enabled": True, "time": 0.04},
    ]
    value = {"framesCount": 40, "duration": 2, "sequence": frames, "labels": ["B"]}
    track = Track((KeyFrame(1, Box(0.0, 5.0, 10.0, 10.0)), KeyFrame(9, Box(5.0, 5.0, 10.0, 10.0), False)), 40)
    assert read_answers(interface, [result("v", "videorectangle", value)]) == {"c": Regions((Region(track, ("B",)),))}


def test_a_curve_is_flattened_and_a_branch_starts_where_it_leaves() -> None:
    handles = {"isBezier": True, "controlPoint1": {"x": 30, "y": 0}, "controlPoint2": {"x": 0, "y": 0}}
    curve = [{"id": "a", "x": 0, "y": 0}, {"id": "b", "x": 30, "y": 30, "prevPointId": "a", **handles}]
    (region,) = read_regions("<Vector {}/>", "vector", {"vertices": curve, "closed": False})
    assert isinstance(region.shape, Vector)
    assert (len(region.shape.points), region.shape.points[0], region.shape.points[-1]) == (9, (0.0, 0.0), (30.0, 30.0))
    # B(1/2) = (P0 + 3 P1 + 3 P2 + P3) / 8 with P1 three tenths of the way from P0 to P3
    assert region.shape.points[4] == pytest.approx(((3 * 9 + 3 * 30 + 30) / 8, (3 * 9 + 30) / 8))
    tree = [(0, 0, None), (10, 0, "0"), (20, 0, "1"), (10, 10, "1")]
    points = [{"id": str(at), "x": x, "y": y, "prevPointId": before} for at, (x, y, before) in enumerate(tree)]
    (region,) = read_regions("<Vector {}/>", "vector", {"vertices": points, "closed": False})
    assert isinstance(region.shape, Vector)
    assert region.shape.points == ((0.0, 0.0), (10.0, 0.0), (20.0, 0.0), (10.0, 0.0), (10.0, 10.0))


def read_regions(control: str, kind: str, value: dict[str, Any]) -> tuple[Region, ...]:
    found = read_answers(config("i", control), [result("i", kind, value)])["c"]
    assert isinstance(found, Regions)
    return found.regions


def test_pairwise_names_itself_as_its_object() -> None:
    interface = parse('<View><Text name="t"/><Text name="u"/><Pairwise name="c" toName="t,u"/></View>')
    for about in ("c", "t", "t,u"):
        assert read_answers(interface, [result(about, "pairwise", {"selected": "left"})]) == {"c": Choices(("left",))}


def test_a_ranker_ranks_one_list_or_fills_buckets() -> None:
    plain = config("list", "<Ranker {}/>")
    for value in (["b", "a"], {"c": ["b", "a"]}, {"_": ["b", "a"]}):
        assert read_answers(plain, [result("list", "ranker", {"ranker": value})]) == {
            "c": Ranking((("c", ("b", "a")),))
        }
    filled = config("list", '<Ranker {}><Bucket name="y"/><Bucket name="x"/></Ranker>')
    assert read_answers(filled, [result("list", "ranker", {"ranker": {"x": ["b"], "_": ["a"]}})]) == {
        "c": Ranking((("y", ()), ("x", ("b",))))
    }


def test_the_examples_that_ship_with_label_studio_are_read() -> None:
    read = 0
    for name, xml in shipped():
        if not name.endswith(".xml"):
            continue
        for comment in re.findall(r"<!--(.*?)-->", xml, re.DOTALL):
            try:
                example = json.loads(comment)
            except ValueError:
                continue
            if not isinstance(example, dict):
                continue
            for annotation in (*example.get("annotations", ()), *example.get("predictions", ())):
                assert read_answers(parse(xml), annotation["result"], example.get("data")), name
                read += 1
    if not read:
        pytest.skip("no Label Studio here: its examples cannot be read (set TIEBREAK_LABEL_STUDIO)")
    assert read == 21
