"""Results that cannot be: refused by region and control, or, where it does no harm, read."""

import math
from typing import Any

import pytest

from label_config.answers import (
    Region,
    Regions,
    Text,
)
from label_config.errors import ResultError
from label_config.results import read_answers
from label_config.rle import brush_from_runs

from .results import AB, PIXELS, config, result


def read_regions(control: str, kind: str, value: dict[str, Any]) -> tuple[Region, ...]:
    found = read_answers(config("i", control), [result("i", kind, value)])["c"]
    assert isinstance(found, Regions)
    return found.regions


OUTLINES = {"cross": [[0, 0], [50, 50], [50, 0], [0, 50]], "line": [[0, 0], [50, 50]], "flat": [[0, 0], [1, 1], [2, 2]]}


@pytest.mark.parametrize(
    ("about", "control", "kind", "value", "named"),
    [
        ("t", "<Rating {}/>", "rating", {"rating": 6}, "6 is not from 1 to 5"),
        ("t", "<Rating {}/>", "rating", {"rating": True}, "True"),
        ("t", "<Rating {}/>", "rating", {"rating": math.nan}, "nan"),
        ("t", '<Number {} min="0"/>', "number", {"number": -1}, "-1 is not from 0"),
        ("t", "<Number {}/>", "number", {"number": 10**400}, "not a finite number"),
        ("t", "<DateTime {}/>", "datetime", {"datetime": "tomorrow"}, "'tomorrow'"),
        ("t", "<DateTime {}/>", "datetime", {"datetime": "2020-13-01"}, "'2020-13-01'"),
        ("t", "<TextArea {}/>", "textarea", {"text": [1]}, "value.text"),
        ("t", '<Taxonomy {}><Choice value="a"/></Taxonomy>', "taxonomy", {"taxonomy": [["a", "b"]]}, "'a/b'"),
        ("t", '<Taxonomy {}><Choice value="a"/></Taxonomy>', "taxonomy", {"taxonomy": [[]]}, "empty"),
        ("list", "<Ranker {}/>", "ranker", {"ranker": ["a", "a"]}, "twice"),
        ("list", "<Ranker {}/>", "ranker", {"ranker": {"x": ["a"]}}, "bucket 'x'"),
        ("t", f"<Labels {{}}>{AB}</Labels>", "labels", {"start": 5, "end": 3, "labels": ["A"]}, "ends at 3"),
        ("t", f"<Labels {{}}>{AB}</Labels>", "labels", {"start": 5, "end": 5, "labels": ["A"]}, "no character"),
        ("t", f"<Labels {{}}>{AB}</Labels>", "labels", {"start": -1, "end": 5, "labels": ["A"]}, "-1"),
        ("t", f"<Labels {{}}>{AB}</Labels>", "labels", {"start": 1, "end": 5, "labels": ["C"]}, "'C'"),
        ("t", f"<Labels {{}}>{AB}</Labels>", "labels", {"start": 1, "end": 5, "labels": ["A", "B"]}, "one label"),
        ("a", f"<Labels {{}}>{AB}</Labels>", "labels", {"start": 2.0, "end": 1.0, "labels": ["A"]}, "ends at 1"),
        ("i", "<Rectangle {}/>", "rectangle", {"x": 1, "y": 1, "width": -5, "height": 1}, "no area"),
        ("i", "<Rectangle {}/>", "rectangle", {"x": 1, "y": 1, "width": math.inf, "height": 1}, "not a finite number"),
        ("i", "<Rectangle {}/>", "rectangle", {"x": 1, "y": math.nan, "width": 1, "height": 1}, "value.y is nan"),
        ("i", "<Rectangle {}/>", "rectangle", {"x": 90, "y": 1, "width": 15, "height": 1}, "outside the image"),
        ("i", "<Rectangle {}/>", "rectangle", {"x": 1, "y": 1, "width": 1}, "value.height"),
        ("i", "<Ellipse {}/>", "ellipse", {"x": 1, "y": 1, "radiusX": 0, "radiusY": 1}, "radii"),
        ("i", "<KeyPoint {}/>", "keypoint", {"x": 103, "y": 1}, "outside the image"),
        ("i", "<Polygon {}/>", "polygon", {"points": OUTLINES["cross"]}, "crosses itself"),
        ("i", "<Polygon {}/>", "polygon", {"points": OUTLINES["line"]}, "needs 3"),
        ("i", "<Polygon {}/>", "polygon", {"points": OUTLINES["flat"]}, "crosses itself"),
        ("i", "<Vector {}/>", "vector", {"vertices": [{"x": 1, "y": 1}]}, "two points"),
        ("i", "<Brush {}/>", "brush", {"rle": [1, 2, 3]}, "size"),
        ("v", "<VideoRectangle {}/>", "videorectangle", {"sequence": []}, "key frames"),
        (
            "v",
            f"<TimelineLabels {{}}>{AB}</TimelineLabels>",
            "timelinelabels",
            {"ranges": [{"start": 4, "end": 1}]},
            "ends at 1",
        ),
        ("chat", '<Rating {} perRegion="true"/>', "rating", {"rating": 1}, "no region has this id"),
    ],
)
def test_what_cannot_be_is_refused_by_region_and_control(
    about: str, control: str, kind: str, value: dict[str, Any], named: str
) -> None:
    with pytest.raises(ResultError) as refused:
        read_answers(config(about, control), [result(about, kind, value)])
    assert [word for word in ("'r1'", "'c'", named) if word not in str(refused.value)] == []


def test_a_damaged_mask_is_refused() -> None:
    for rle in ([0, 0, 0, 16], [256], "rle", brush_from_runs((4,), 2, 2)):
        with pytest.raises(ResultError, match=r"'r1'.*'c'.*mask"):
            read_answers(config("i", "<Brush {}/>"), [result("i", "brush", {"format": "rle", "rle": rle}, **PIXELS)])


def test_a_little_over_the_edge_and_an_outline_that_touches_itself_are_read() -> None:
    over = {"x": -1.5, "y": 0, "width": 103, "height": 100}
    assert read_regions("<Rectangle {}/>", "rectangle", over)
    turned = {"x": 90, "y": 10, "width": 20, "height": 5, "rotation": 90}
    assert read_regions("<Rectangle {}/>", "rectangle", turned)
    bow = [[0, 0], [50, 50], [100, 0], [100, 100], [50, 50], [0, 100]]
    assert read_regions("<Polygon {}/>", "polygon", {"points": bow})


def test_two_answers_to_one_question_are_refused_and_texts_follow_one_another() -> None:
    stars, words = config("t", "<Rating {}/>"), config("t", "<TextArea {}/>")
    with pytest.raises(ResultError, match="answered differently"):
        read_answers(stars, [result("t", "rating", {"rating": 1}), result("t", "rating", {"rating": 2})])
    both = [result("t", "textarea", {"text": [word]}) for word in ("a", "b")]
    assert read_answers(words, both) == {"c": Text(("a", "b"))}
