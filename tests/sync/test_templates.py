"""``tiebreak template``: what it prints, the project that it makes, and what it refuses."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from label_config.parse import parse
from label_config.templates import NAMES, purpose, template

from ..conftest import RunningLabelStudio
from .terminal import Terminal
from .test_cli import one_line


def test_list_names_each_with_what_it_is_for_and_what_a_task_holds(tiebreak: Terminal) -> None:
    head, *lines = tiebreak("template", "list").out.splitlines()
    assert head.split("  ")[0] == "template"
    assert len(lines) == len(NAMES)
    for name, line in zip(NAMES, lines, strict=True):
        assert line.startswith(f"{name} ")
        assert purpose(name) in line
        for shown in parse(template(name)).objects:
            assert f"{shown.field}: " in line


def test_list_is_a_document_for_programs(tiebreak: Terminal) -> None:
    found = {one["name"]: one for one in json.loads(tiebreak("template", "list", "--json").out)}
    assert tuple(found) == NAMES
    assert found["text-classification"] == {
        "name": "text-classification",
        "for": purpose("text-classification"),
        "data": {"text": "a text"},
    }


@pytest.mark.parametrize("name", NAMES)
def test_show_prints_the_interface_and_nothing_else(tiebreak: Terminal, name: str) -> None:
    assert tiebreak("template", "show", name).out == template(name)


def test_show_takes_labels_and_a_question(tiebreak: Terminal) -> None:
    done = tiebreak("template", "show", "text-classification", "--labels", "spam,ham & <eggs>", "--question", "Spam?")
    assert parse(done.out).control("sentiment").labels == ("spam", "ham & <eggs>")
    assert ET.fromstring(done.out).find(".//Header[@value='Spam?']") is not None  # noqa: S314 - ours


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nonsense"], "no template is named 'nonsense'; there are: .*digits"),
        (["show", "digits", "--labels", "a,a"], "'a' stands there twice"),
        (["create", "nonsense", "--project", "A title"], "no template is named 'nonsense'"),
        (["create", "digits", "--project", "ab"], "a title of 3 to 50 characters; this one has 2"),
        (["create", "digits", "--project", "x" * 51], "a title of 3 to 50 characters; this one has 51"),
        (["create", "digits", "--project", "A title"], "http://127.0.0.1:9/.* Is Label Studio running"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tiebreak: Terminal, arguments: list[str], said: str) -> None:
    settings = {"label_studio_url": "http://127.0.0.1:9", "label_studio_token": "t0k3n", "timeout_seconds": "0.2"}
    assert re.search(said, one_line(tiebreak("template", *arguments, **settings)))


@pytest.mark.label_studio
def test_create_makes_a_project_for_verification_once(label_studio: RunningLabelStudio, tiebreak: Terminal) -> None:
    settings = {
        "label_studio_url": label_studio.url,
        "label_studio_token": label_studio.person("admin").token,
        "projects": json.dumps([999]),
    }
    command = ["template", "create", "text-classification", "--labels", "spam,ham", "--project", " Mails of October "]
    done = tiebreak(*command, **settings)
    assert done.code == 0, done.err
    found = re.match(rf"Made project (\d+), 'Mails of October': {label_studio.url}/projects/(\d+)/data\n", done.out)
    assert found is not None
    assert found[1] == found[2]
    assert f"projects = [999, {found[1]}]" in done.out
    assert "text: a text" in done.out
    made = label_studio.as_("admin").project(int(found[1]))
    assert parse(made.label_config).control("sentiment").labels == ("spam", "ham")
    assert (made.sampling, made.show_collab_predictions) == ("Uncertainty sampling", True)
    assert made.maximum_annotations == 1
    again = tiebreak(*command[:-1], "mails of october", **settings)
    assert re.search(f"project {made.id} is called that already .*choose another title", one_line(again))


@pytest.mark.label_studio
def test_label_studio_takes_each_of_them(label_studio: RunningLabelStudio, tiebreak: Terminal) -> None:
    settings = {"label_studio_url": label_studio.url, "label_studio_token": label_studio.person("admin").token}
    for name in NAMES:
        done = tiebreak("template", "create", name, "--project", f"All: {name}", **settings)
        assert done.code == 0, done.err
