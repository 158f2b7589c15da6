"""Every abstention says why: in a prediction, and in a line of /score."""

from pathlib import Path
from typing import Any

import pytest

from ml_backend.reasons import REASONS, reason

from ..docs.pages import page
from .scenes import PROJECT, SENTIMENT, TOPICS, learned, sentiment_rows, serving, topic_rows
from .stage import BAD, GOOD, Here, answers

BOTH = SENTIMENT.replace("</View>", '<Rating name="stars" toName="text"/></View>')


def why(prediction: dict[str, Any]) -> dict[str | None, str]:
    """Control -> code."""
    assert all(one["words"].startswith(REASONS[one["code"]]) for one in prediction["reasons"])
    return {one["control"]: one["code"] for one in prediction["reasons"]}


def words(prediction: dict[str, Any]) -> str:
    (one,) = prediction["reasons"]
    return str(one["words"])


def test_an_answer_needs_no_reason(here: Here) -> None:
    (told,) = here.predict(GOOD)
    assert "reasons" not in told
    (line,) = here.score(GOOD)
    assert "reason" not in line


@pytest.mark.parametrize(
    ("task", "code", "more"),
    [
        (7, None, "expected {"),
        ({"id": 1, "data": {}}, "sentiment", "field 'text' is not there"),
        ({"id": 1, "data": {"text": None}}, "sentiment", "field 'text': expected a text, not NoneType"),
    ],
)
def test_a_task_that_cannot_be_read_says_what_is_missing(here: Here, task: Any, code: str | None, more: str) -> None:
    told, other = here.predict(task, GOOD)
    assert why(told) == {code: "task_unreadable"}
    assert more in words(told)
    assert answers(other)


def test_before_the_first_model_it_says_what_the_last_lesson_lacked(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    here = Here(outside)
    assert why(here.predict(GOOD)[0]) == {None: "no_model"}
    learned(outside, sentiment_rows(3))
    (told,) = here.predict(GOOD)
    assert why(told) == {None: "no_model"}
    assert "control 'sentiment'" in words(told)
    (line,) = here.score(GOOD)
    assert (line["answer"], line["reason"]["code"]) == (None, "no_model")
    assert line["reason"]["words"] == words(told)


def test_an_interface_that_cannot_be_read_says_why(here: Here) -> None:
    for xml, more in (("<View>", "XML"), ("<View/>", "")):
        (told,) = here.predict(GOOD, xml=xml)
        assert why(told) == {None: "interface_unreadable"}
        assert more in words(told)


def test_each_control_without_an_answer_says_why(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    learned(outside, sentiment_rows(60), BOTH)
    here = Here(outside)
    (told,) = here.predict(GOOD, xml=BOTH)
    assert answers(told, BOTH) == {"sentiment": ("good",)}
    assert why(told) == {"stars": "not_learned"}
    assert "labels" in words(told)
    first, second = here.score(GOOD, xml=BOTH)
    assert (first["answer"], second["answer"]) == (["good"], None)
    assert second["reason"]["code"] == "not_learned"
    more = SENTIMENT.replace("</View>", '<Rating name="newer" toName="text"/></View>')
    assert why(here.predict(GOOD, xml=more)[0]) == {"newer": "not_learned"}


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        ('<View><Text name="text" value="$text"/><Rating name="sentiment" toName="text"/></View>', "interface_changed"),
        (SENTIMENT.replace("$text", "$other"), "interface_changed"),
        (SENTIMENT.replace('value="good"', 'value="fine"'), "answer_not_taken"),
    ],
)
def test_a_changed_interface_is_the_reason(here: Here, xml: str, code: str) -> None:
    (told,) = here.predict(GOOD, xml=xml)
    assert why(told) == {"sentiment": code}


def test_out_of_time(tmp_path: Path) -> None:
    outside = serving(tmp_path, predict_seconds=1e-9)
    learned(outside, sentiment_rows(60))
    assert [why(one) for one in Here(outside).predict(GOOD, BAD)] == [{"sentiment": "out_of_time"}] * 2


def test_what_a_round_keeps_empty_and_what_is_answered_say_so(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    learned(outside, sentiment_rows(60))
    here = Here(outside)
    here.score({**GOOD, "blind": True}, BAD, round="tiebreak-1.1")
    here.post("/round", project=PROJECT, version="tiebreak-1.1")
    kept, led = here.predict(GOOD, BAD)
    assert why(kept) == {None: "kept_empty"}
    assert answers(led)
    region = {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": ["bad"]}}
    assert why(here.predict(BAD, context={"result": [region]})[0]) == {"sentiment": "answered"}


def test_a_model_that_is_broken_is_the_reason_and_no_path_is_told(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    learned(outside, sentiment_rows(60))
    (outside.registry.folder(PROJECT) / "versions" / "tiebreak-1" / "model.json").write_text("broken")
    (told,) = Here(serving(tmp_path)).predict(GOOD)
    assert why(told) == {None: "model_unreadable"}
    assert str(tmp_path) not in words(told)


def test_a_round_from_before_the_first_model_is_the_reason_once_there_is_one(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    here = Here(outside)
    here.score(GOOD, round="tiebreak-0.1")
    here.post("/round", project=PROJECT, version="tiebreak-0.1")
    assert why(here.predict(GOOD)[0]) == {None: "no_model"}
    learned(outside, sentiment_rows(60))
    (told,) = here.predict(GOOD)
    assert why(told) == {None: "older_round"}
    assert told["model_version"] == "tiebreak-0.1"
    (line,) = here.score(GOOD, model="tiebreak-0")
    assert (line["version"], line["reason"]["code"]) == ("tiebreak-0", "older_round")
    here.score(GOOD, round="tiebreak-1.2")
    here.post("/round", project=PROJECT, version="tiebreak-1.2")
    assert answers(here.predict(GOOD)[0])


def test_that_no_label_applies_is_an_answer_and_said(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    learned(outside, topic_rows(200), TOPICS)
    here = Here(outside)
    nothing = {"id": 901, "data": {"text": "the of and"}}
    (told,) = here.predict(nothing, xml=TOPICS)
    assert why(told) == {"topic": "none_applies"}
    (line,) = here.score(nothing, xml=TOPICS)
    assert line["answer"] == []
    assert "reason" not in line


def test_the_codes_are_documented() -> None:
    for code in REASONS:
        assert f"`{code}`" in page("docs/ml-backend.md")
        assert reason(code, "more").words == f"{REASONS[code]}: more"
