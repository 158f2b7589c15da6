"""What a class of label-studio-ml predicts, read against the interface: what passes, with which confidence."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices, Relations
from label_config.parse import parse
from label_config.results import read_answers
from ml_backend.certainty.confidence import Line
from ml_backend.upstream.answers import fitting, opinion_of, said_of

from .scenes import SENTIMENT

CONFIG = parse(SENTIMENT)
ENTITIES = parse(
    """<View><Text name="text" value="$text"/><Labels name="ner" toName="text"><Label value="PER"/>
    <Label value="LOC"/></Labels><Relations><Relation value="in"/></Relations></View>"""
)
REPEATED = parse(
    """<View><Repeater on="$pages" indexFlag="{{i}}"><Image name="page_{{i}}" value="$pages[{{i}}].image"/>
    <RectangleLabels name="box_{{i}}" toName="page_{{i}}"><Label value="cat"/></RectangleLabels></Repeater></View>"""
)


def choice(label: str, **more: Any) -> dict[str, Any]:
    return {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": [label]}, **more}


def span(start: int, end: int, label: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": "x", "labels": [label]}
    return {"from_name": "ner", "to_name": "text", "type": "labels", "value": value, **more}


@pytest.mark.parametrize("score", [None, float("nan"), float("inf"), -1, 7, "0.9", True])
def test_a_score_that_is_none_leaves_the_confidence_open(score: Any) -> None:
    said = said_of(CONFIG, {"result": [choice("good")], "score": score})["sentiment"]
    told = opinion_of(said, CONFIG.controls[0])
    assert (told.answer, told.confidence, told.utility) == (Choices(("good",)), None, 0.5)
    own = said_of(CONFIG, {"result": [choice("good", score=0.8)], "score": score})["sentiment"]
    assert opinion_of(own, CONFIG.controls[0]).confidence == 0.8


def test_a_region_s_own_score_counts_before_the_prediction_s() -> None:
    said = said_of(ENTITIES, {"result": [span(0, 3, "PER", score=0.9), span(5, 8, "LOC")], "score": 0.6})["ner"]
    told = opinion_of(said, ENTITIES.control("ner"))
    assert [region["score"] for region in told.regions] == [0.9, 0.6] == list(told.parts)
    assert (told.confidence, told.utility) == (0.6, 0.4)


def test_scores_are_mapped_region_by_region() -> None:
    said = said_of(ENTITIES, {"result": [span(0, 3, "PER", score=0.9), span(5, 8, "LOC", score=0.5)]})["ner"]
    told = opinion_of(said, ENTITIES.control("ner"), Line(2.0, 0.0))
    # odds squared: (9/1)^2 = 81 -> 81/82
    assert [region["score"] for region in told.regions] == [pytest.approx(81 / 82, abs=1e-6), 0.5]


def test_what_does_not_fit_is_left_out_alone() -> None:
    result = [span(0, 3, "PER", id="a"), span(5, 8, "ORG", id="b"), span(9, 4, "PER"), "x", {"from_name": "nobody"}]
    assert fitting(ENTITIES, result)[1] == result[:1]


def test_relations_pass_where_both_ends_do() -> None:
    ends = [span(0, 3, "PER", id="a"), span(5, 8, "LOC", id="b")]
    link = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": ["in"]}
    found = said_of(ENTITIES, {"result": [*ends, link], "score": 0.5})
    (name,) = set(found) - {"ner"}
    assert isinstance(found[name].answer, Relations)
    assert opinion_of(found[name], ENTITIES.control(name)).regions == (link,)
    without = said_of(ENTITIES, {"result": [ends[0], span(5, 8, "ORG", id="b"), link]})
    assert list(without) == ["ner"]


def test_regions_of_a_repeater_belong_to_its_control() -> None:
    value = {"x": 1, "y": 1, "width": 9, "height": 9, "rotation": 0, "rectanglelabels": ["cat"]}
    boxes = [
        {"from_name": f"box_{page}", "to_name": f"page_{page}", "type": "rectanglelabels", "value": value}
        for page in (0, 12)
    ]
    (said,) = said_of(REPEATED, {"result": boxes}).values()
    assert list(said.regions) == boxes


regions = st.lists(
    st.one_of(
        st.builds(span, st.integers(-2, 9), st.integers(-2, 9), st.sampled_from(["PER", "LOC", "ORG"])),
        st.builds(
            span, st.just(0), st.integers(1, 9), st.just("PER"), score=st.one_of(st.floats(), st.none(), st.text())
        ),
        st.dictionaries(st.text(max_size=3), st.none()),
        st.none(),
    ),
    max_size=5,
)


@given(regions, st.one_of(st.none(), st.floats()))
def test_whatever_comes_what_goes_on_fits_the_interface(result: Any, score: Any) -> None:
    for name, said in said_of(ENTITIES, {"result": result, "score": score}).items():
        told = opinion_of(said, ENTITIES.control(name))
        again = read_answers(ENTITIES, [dict(one) for one in told.regions])
        assert again[name] == told.answer
        assert all(0 <= one <= 1 for one in [told.utility, *told.parts])
        assert np.isfinite(told.utility)
