"""The ready-made interfaces: what each is made of, and labels, questions and keys of one's own in them."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from label_config.errors import InterfaceError
from label_config.model import Family
from label_config.parse import parse
from label_config.templates import NAMES, purpose, template
from label_config.templates.labels import ROWS, adapted, read_labels
from sync.templates import DATA

from .interfaces import TEXTS
from .template_tasks import TASKS, suggestion
from .test_review import check_by_label_studio

TAKEN = "u" + "brehvopkmw"
"""Letters that Label Studio takes for itself: to unselect a region, and for the tools beside an image."""


def keys(xml: str) -> list[str]:
    return re.findall(r'hotkey="([^"]*)"', xml)


def relabeled(name: str, *given: str, **questions: str) -> str:
    xml = template(name)
    return adapted(xml, dict(read_labels(one, xml) for one in given), questions)


def test_there_is_one_for_every_kind_of_question() -> None:
    configs = [parse(template(name)) for name in NAMES]
    controls = {(one.tag, one.multiple) for config in configs for one in config.controls if one.tag == "Choices"}
    assert controls == {("Choices", False), ("Choices", True)}
    assert {one.tag for config in configs for one in config.controls} == set(
        "Choices Taxonomy Rating Number Pairwise Ranker Labels RectangleLabels PolygonLabels BrushLabels".split()
    )
    assert {one.tag for config in configs for one in config.objects} == set(DATA)
    assert any(len(config.controls) > 1 and len(config.objects) > 1 for config in configs)


@pytest.mark.parametrize("name", NAMES)
def test_label_studio_takes_it_and_what_it_suggests(name: str) -> None:
    check_by_label_studio(template(name))
    interface: Any = LabelInterface(template(name))  # has no types
    assert interface.validate_prediction({"result": suggestion(name)}, return_errors=True) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_for_and_asks_before_it_shows(name: str) -> None:
    assert re.fullmatch(r"[A-Z].{15,100}\.", purpose(name))
    root = ET.fromstring(template(name))  # noqa: S314 - ours
    style, ask, task = root
    assert (style.tag, ask.get("className")) == ("Style", "verify-ask")
    assert str(task.get("className")).startswith("verify-task")
    assert ask[0].tag == "Header"
    assert all(len(str(header.get("value"))) <= 80 for header in root.iter("Header"))
    assert "Ctrl+Enter" in " ".join(str(header.get("value")) for header in ask.iter("Header"))
    assert ">" not in str(style.text)


@pytest.mark.parametrize("name", NAMES)
def test_every_label_has_a_key_of_its_own(name: str) -> None:
    config, found = parse(template(name)), keys(template(name))
    flat = [one for one in config.controls if one.labels and one.tag not in ("Pairwise", "Taxonomy")]
    stepped = [one for one in config.controls if one.family in (Family.RATING, Family.NUMBER)]
    assert len(found) == len(set(found)) == sum(len(one.labels) for one in flat) + len(stepped)
    assert not set(found) & set(TAKEN)
    assert keys(adapted(template(name), {}, {})) == found


@pytest.mark.parametrize("name", NAMES)
def test_the_example_task_has_the_fields_that_are_shown(name: str) -> None:
    data, answers = TASKS[name]
    config = parse(template(name))
    assert set(data) == {one.field for one in config.objects}
    assert set(answers) == {one.name for one in config.controls}


def test_labels_of_ones_own_get_keys_anew_and_are_escaped() -> None:
    xml = relabeled("text-classification", 'spam,"a, b",<b> & "c"')
    assert parse(xml).control("sentiment").labels == ("spam", "a, b", '<b> & "c"')
    assert keys(xml) == ["1", "2", "3"]
    check_by_label_studio(xml)
    assert xml.startswith(f"<!-- {purpose('text-classification')} -->\n<View")


def test_each_of_several_controls_is_named_and_keeps_its_row_of_keys() -> None:
    xml = relabeled("product-check", "problems=worn,torn", "new,used")
    assert [one.labels for one in parse(xml).controls] == [("new", "used"), ("worn", "torn"), ()]
    assert keys(xml) == ["1", "2", "a", "s", "z"]


def test_more_labels_than_a_row_has_take_what_the_others_leave() -> None:
    many = [f"label {number}" for number in range(30)]
    assert keys(relabeled("text-classification", ",".join(many))) == list("".join(ROWS))
    found = keys(relabeled("product-check", ",".join(many)))
    assert (found[:10], found[-5:]) == (list("1234567890"), ["a", "s", "d", "f", "z"])
    assert len(found) == len(set(found)) == len("".join(ROWS))


def test_labels_that_are_keys_are_their_own() -> None:
    assert keys(relabeled("text-classification", "0,1,2")) == ["0", "1", "2"]
    assert keys(relabeled("text-classification", "A,S")) == ["a", "s"]
    assert keys(relabeled("text-classification", "A,B")) == ["1", "2"]


def test_labels_of_a_tree_are_paths() -> None:
    xml = relabeled("text-taxonomy", "Food/Bread,Food / Fish,Drinks")
    assert parse(xml).control("category").labels == ("Food", "Food/Bread", "Food/Fish", "Drinks")
    assert keys(xml) == []
    check_by_label_studio(xml)


def test_a_question_of_ones_own_stands_before_its_control() -> None:
    xml = relabeled("product-check", picture="Sharp & <bright>?", category="What?")
    headers = [header.get("value") for header in ET.fromstring(xml).iter("Header")]  # noqa: S314 - ours
    assert headers[:3] == ["What?", "What is wrong?", "Sharp & <bright>?"]
    for name in NAMES:
        asked = parse(template(name)).controls[0].name
        assert 'value="Which one?"' in adapted(template(name), {}, {asked: "Which one?"})


@pytest.mark.parametrize(
    ("name", "labels", "said"),
    [
        ("text-rating", "a,b", "takes no labels"),
        ("text-pairwise", "a,b", "takes no labels"),
        ("product-check", "picture=a,b", "'picture' takes no labels; these do: category, problems"),
        ("text-classification", "", "'sentiment': one is empty"),
        ("text-classification", "a,,b", "one is empty"),
        ("text-classification", "a,b,a", "'a' stands there twice"),
        ("text-classification", "a,$b", "leave out the \\$ of '\\$b'"),
        ("text-classification", "a\nb", "A,B,C"),
        ("text-classification", '"a\nb",c', "cannot be written"),
        ("text-classification", "a,\udcff", "cannot be written"),
        ("text-classification", "a,\ufffe", "not XML"),
        ("text-classification", 'a,"b', "double quotes"),
        ("text-taxonomy", "a//b", "a part of the path is empty"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_in_words(name: str, labels: str, said: str) -> None:
    with pytest.raises(InterfaceError, match=said):
        relabeled(name, labels)


@given(st.lists(TEXTS.map(str.strip), min_size=1, max_size=40, unique=True))
def test_any_labels_come_out_as_they_were_given(labels: Sequence[str]) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="").writerow(labels)
    for name, control in (("text-multilabel", "topics"), ("text-spans", "spans")):
        xml = relabeled(name, f"{control}={written.getvalue()}")
        assert parse(xml).control(control).labels == tuple(labels)
        assert len(set(keys(xml))) == min(len(labels), len("".join(ROWS)))
