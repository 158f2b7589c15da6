"""What cannot be learned is said: in the state, in /health, in the log; by control and with the reason."""

import base64
import io
import logging
from pathlib import Path

import pytest
from PIL import Image

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend.notes import notes_of
from ml_backend.records import TrainingRow
from ml_backend.study import outcome_of

from .scenes import PROJECT, SENTIMENT, bearer, label_of, learned, sentiment_rows, serving, topic_rows
from .stage import BAD, GOOD, Here, answers

CONTROL = parse(SENTIMENT).controls[0]
BOTH = SENTIMENT.replace("</View>", '<TextArea name="note" toName="text"/><Rating name="stars" toName="text"/></View>')

IMAGES = """<View><Image name="image" value="$image"/><Choices name="c" toName="image">
<Choice value="a"/><Choice value="b"/></Choices></View>"""


def png(shade: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (40, 40), (shade, 255 - shade, 90)).save(content, "PNG")
    return content.getvalue()


def row(number: int, label: str, *, holdout: bool = False) -> TrainingRow:
    return TrainingRow(number, "sentiment", {"text": "a"}, Choices((label,)), 1.0, "consensus", holdout, number)


def test_all_is_well_without_a_word() -> None:
    rows = [row(1, "good"), row(2, "bad"), row(3, "unsure"), row(4, "good", holdout=True)]
    assert notes_of(CONTROL, rows, 3) == []


def test_what_taught_nothing_is_counted_with_its_reason() -> None:
    rows = [row(1, "good"), row(2, "gone"), row(3, "gone"), row(4, "bad")]
    assert notes_of(CONTROL, rows, 1) == [
        "2 of 4 answers are left out: the labeling interface does not take them any more, such as 'gone'",
        "1 of 2 labeled tasks taught nothing: they could not be read",
        "never suggested, since nobody has given them yet: unsure",
    ]


def test_the_reasons_reach_the_state_health_and_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    outside = serving(tmp_path)
    with caplog.at_level(logging.INFO):
        assert learned(outside, sentiment_rows(60), BOTH) is not None
    assert "<TextArea> cannot be learned" in caplog.text
    here = Here(outside)
    notes = here.client.get(f"/versions?project={PROJECT}", headers=bearer()).get_json()["notes"]
    assert set(notes) == {"note", "stars"}
    assert "0 labels, 10 are needed" in notes["stars"][0]
    assert here.client.get("/health").get_json()["problems"] == 1
    assert notes["stars"][0] in here.client.get("/health", headers=bearer()).get_json()["problems"][PROJECT]
    model, _ = serving(tmp_path).registry.live(PROJECT)
    assert model is not None
    assert {control: list(said) for control, said in model.notes.items()} == notes


def test_without_a_model_health_says_why(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    assert learned(outside, topic_rows(3), SENTIMENT) is None
    told = Here(outside).client.get("/health", headers=bearer()).get_json()["problems"]
    assert "0 labels, 10 are needed" in told[PROJECT]
    assert outcome_of(outside.registry.folder(PROJECT)).notes == {}


@pytest.mark.parametrize(
    ("control", "told"),
    [
        ('<Choices name="c" toName="text"></Choices>', "<Choices name='c'>: has no <Choice>"),
        ('<Frobnicate name="c" toName="text"/>', "<Frobnicate name='c'>: this tag is unknown here"),
    ],
)
def test_an_interface_that_cannot_be_read_is_told_everywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, control: str, told: str
) -> None:
    xml = f'<View><Text name="text" value="$text"/>{control}</View>'
    outside = serving(tmp_path)
    with caplog.at_level(logging.INFO):
        assert learned(outside, sentiment_rows(20), xml) is None
    here = Here(outside)
    (one,) = here.predict(GOOD, xml=xml)
    assert (one["result"], one["reasons"][0]["code"]) == ([], "interface_unreadable")
    health = here.client.get("/health", headers=bearer()).get_json()["problems"][PROJECT]
    for place in (caplog.text, here.state()["error"], health, one["reasons"][0]["words"]):
        assert told in place


def test_why_images_could_not_be_read_is_told(tmp_path: Path) -> None:
    bad = ["http://127.0.0.1:9/x.png", "data:image/png;base64,bm8gaW1hZ2U=", "nonsense"]
    good = [f"data:image/png;base64,{base64.b64encode(png(shade)).decode()}" for shade in range(20, 240, 10)]
    rows = [
        TrainingRow(place, "c", {"image": one}, Choices(("a" if place % 2 else "b",)), 1.0, "consensus", False, place)
        for place, one in enumerate([*good, *bad], 1)
    ]
    outside = serving(tmp_path)
    assert learned(outside, rows, IMAGES) is not None
    (note,) = outcome_of(outside.registry.folder(PROJECT)).notes["c"]
    assert note.startswith("3 of 25 labeled tasks taught nothing: they could not be read: ")
    assert note.count("(1)") == 3


def test_after_a_label_was_renamed_the_others_are_still_suggested(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    assert learned(outside, sentiment_rows(90)) is not None
    renamed = SENTIMENT.replace("bad", "awful")
    here = Here(outside)
    good, bad = here.predict(GOOD, BAD, xml=renamed)
    assert answers(good) == {"sentiment": ("good",)}
    assert bad["result"] == []
    (line,) = here.score(GOOD, xml=renamed)
    assert "bad" not in line["probabilities"]


def test_a_renamed_label_is_named_where_nothing_can_be_learned_any_more(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    rows = [row for row in sentiment_rows(90) if label_of(row) != "unsure"]
    assert learned(outside, rows, SENTIMENT.replace("bad", "awful")) is None
    error = outcome_of(outside.registry.folder(PROJECT)).error
    assert error is not None
    assert "every answer is the same, good" in error
    assert "answers are left out: the labeling interface does not take them any more, such as 'bad'" in error
