"""What cannot be measured is one clear error, never a traceback, and never silently another number."""

import json
from collections.abc import Callable

import pytest

from ..sync.terminal import Terminal
from .files import FOUR, MOOD, chosen, given, moods, task, write

OTHER = MOOD.replace('name="mood"', 'name="tone"')


def refused(tiebreak: Terminal, *arguments: str) -> str:
    """The one line that a command ends with."""
    done = tiebreak(*arguments)
    assert done.code == 1, done.out
    assert done.err.count("\n") == 1, done.err
    assert "Traceback" not in done.err
    return done.err


def cut(text: str) -> bytes:
    return text[: len(text) // 2].encode()


FILES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "cut": (cut, "cut"),
    "empty": (lambda _: b"", "export"),
    "csv": (lambda _: b"id,text,mood\n1,a,yes\n", "JSON"),
    "json-min": (lambda _: b'[{"id": 1, "text": "a", "mood": "yes"}]', "JSON-MIN"),
    "an object": (lambda text: b'{"tasks": []}', "list of tasks"),
    "zip": (lambda _: b"PK\x03\x04 and so on", "zip"),
    "gzip": (lambda _: b"\x1f\x8b and so on", "gzip"),
    "the interface": (lambda _: MOOD.encode(), "--label-config"),
    "binary": (lambda _: b"\xff\xfe\x00", "UTF-8"),
    "the same task twice": (lambda _: json.dumps(FOUR + FOUR[:1]).encode(), "task 1 stands there twice"),
}


@pytest.mark.parametrize("kind", FILES)
def test_files_that_are_no_export(tiebreak: Terminal, kind: str) -> None:
    content, said = FILES[kind]
    arguments = write(tiebreak.folder, FOUR)
    (tiebreak.folder / "export.json").write_bytes(content(json.dumps(FOUR)))
    error = refused(tiebreak, *arguments)
    assert "export.json" in error
    assert said in error


def test_folders_and_files_that_are_not_there(tiebreak: Terminal) -> None:
    write(tiebreak.folder, FOUR)
    assert "directory" in refused(tiebreak, "agreement", ".", "--label-config", "config.xml")
    assert "No such file" in refused(tiebreak, "agreement", "none.json", "--label-config", "config.xml")
    assert "No such file" in refused(tiebreak, "agreement", "export.json", "--label-config", "none.xml")
    assert "export.json" in refused(tiebreak, "agreement", "export.json", "--label-config", "export.json")


def test_two_sources_or_none(tiebreak: Terminal) -> None:
    arguments = write(tiebreak.folder, FOUR)
    assert "--project" in refused(tiebreak, *arguments, "--project", "1")
    assert "--project" in refused(tiebreak, "agreement")
    assert "--label-config" in refused(tiebreak, "agreement", "export.json")
    assert "--label-config" in refused(tiebreak, "agreement", "--project", "1", "--label-config", "config.xml")
    assert "--csv" in refused(tiebreak, *arguments, "--json", "--csv")


def test_an_interface_of_another_project(tiebreak: Terminal) -> None:
    error = refused(tiebreak, *write(tiebreak.folder, FOUR, OTHER))
    assert "none of its 7 annotations fits" in error
    assert "Controls that they name: mood" in error
    assert "controls of the interface: tone" in error


NAMES = {
    "control": (("--control", "tone"), "mood"),
    "coefficient": (("--coefficient", "kappa"), "fleiss_kappa"),
    "distance": (("--distance", "cosine"), "nominal"),
    "distance of a control": (("--distance", "mood=cosine"), "nominal"),
    "distance of no control": (("--distance", "tone=nominal"), "mood"),
    "weights": (("--weights", "cubic"), "quadratic"),
    "field": (("--by", "source"), "text"),
    "weight": (("--weight", "mood=heavy"), "CONTROL=W"),
    "weight below 0": (("--weight", "mood=-1"), "CONTROL=W"),
    "label": (("--label-weight", "mood:maybe=2"), "yes, no"),
    "own distance, no module": (("--distance", "no_such_module:distance"), "no_such_module"),
    "own distance, no function": (("--distance", "json:no_such"), "no_such"),
    "own distance, no name": (("--distance", "json:"), "module:function"),
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_that_do_not_exist_list_those_that_do(tiebreak: Terminal, kind: str) -> None:
    options, said = NAMES[kind]
    assert said in refused(tiebreak, *write(tiebreak.folder, FOUR), *options)


def test_a_distance_that_does_not_suit_the_answers(tiebreak: Terminal) -> None:
    multiple = MOOD.replace('choice="single"', 'choice="multiple"')
    assert "ordinal" in refused(tiebreak, *write(tiebreak.folder, FOUR, multiple), "--distance", "ordinal")


def test_fields_that_cut_into_crumbs(tiebreak: Terminal) -> None:
    tasks = [task(n, [given(n, 1, chosen("yes"))]) for n in range(1, 1003)]
    assert "1,002 different values" in refused(tiebreak, *write(tiebreak.folder, tasks), "--by", "text")


OWN = """
def of_labels(left, right):
    return float(left.labels != right.labels)

def fails(left, right):
    return left.no_such

def too_far(left, right):
    return 2.0 * (left != right)
"""


def test_a_distance_of_ones_own(tiebreak: Terminal) -> None:
    arguments = write(tiebreak.folder, FOUR)
    (tiebreak.folder / "own_distances.py").write_text(OWN, encoding="utf-8")
    done = tiebreak(*arguments, "--distance", "own_distances:of_labels", "--json")
    one = json.loads(done.out)["controls"]["mood"]
    assert one["distance"] == "own_distances:of_labels"
    assert one["coefficients"]["percent_agreement"]["value"] == pytest.approx(2 / 3)
    assert "no_such" in refused(tiebreak, *arguments, "--distance", "own_distances:fails")
    assert "[0, 1]" in refused(tiebreak, *arguments, "--distance", "own_distances:too_far")


LINES = {
    "not JSON": ("{", "not JSON"),
    "no object": ("3", "not an object"),
    "task": ('{"task": "1", "control": "mood", "version": "v", "answer": "yes"}', "task"),
    "control": ('{"task": 1, "control": "tone", "version": "v", "answer": "yes"}', "mood"),
    "version": ('{"task": 1, "control": "mood", "answer": "yes"}', "version"),
    "label": ('{"task": 1, "control": "mood", "version": "v", "answer": "maybe"}', "maybe"),
    "shape": ('{"task": 1, "control": "mood", "version": "v", "answer": 3}', "a label"),
    "nothing": ('{"task": 1, "control": "mood", "version": "v"}', "neither answer nor probabilities"),
    "probability": ('{"task": 1, "control": "mood", "version": "v", "probabilities": {"yes": 2}}', "between 0 and 1"),
    "NaN": ('{"task": 1, "control": "mood", "version": "v", "probabilities": {"yes": NaN}}', "between 0 and 1"),
}


@pytest.mark.parametrize("kind", LINES)
def test_lines_of_predictions_that_cannot_be_read(tiebreak: Terminal, kind: str) -> None:
    line, said = LINES[kind]
    good = '{"task": 1, "control": "mood", "version": "v", "answer": "yes"}'
    (tiebreak.folder / "model.jsonl").write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    error = refused(tiebreak, *write(tiebreak.folder, FOUR), "--predictions", "model.jsonl")
    assert "model.jsonl, line 3" in error
    assert said in error


def test_a_million_labels_in_one_annotation(tiebreak: Terminal) -> None:
    tasks = [*FOUR, task(5, [given(500, 1, chosen(*["yes", "no"] * 500_000)), given(501, 2, chosen("yes"))])]
    done = tiebreak(*write(tiebreak.folder, tasks), "--json")
    assert [one["annotation"] for one in json.loads(done.out)["excluded"]["rejected"]] == [500]


def test_thousands_of_regions_in_one_task_are_measured_where_that_is_feasible(tiebreak: Terminal) -> None:
    xml = '<View><Text name="text" value="$text"/><Labels name="span" toName="text"><Label value="a"/></Labels></View>'
    region = {"from_name": "span", "to_name": "text", "type": "labels"}
    spans = [
        {**region, "id": f"r{at}", "value": {"start": 10 * at, "end": 10 * at + 5, "labels": ["a"]}}
        for at in range(3000)
    ]
    tasks = [task(1, [given(1, 1, spans), given(2, 2, spans[:-1])])]
    done = tiebreak(*write(tiebreak.folder, tasks, xml), "--json", "--bootstrap", "0")
    assert done.code == 0, done.err
    found = json.loads(done.out)["controls"]["span"]["coefficients"]
    assert found["percent_agreement"]["value"] > 0.99
    assert found["gamma"]["value"] is None
    assert "too long" in found["gamma"]["reason"]


def test_odd_times_and_people_are_no_errors(tiebreak: Terminal) -> None:
    tasks = moods({1: {1: "yes", 2: "yes"}})
    first, second = tasks[0]["annotations"]
    del first["updated_at"], first["created_at"]
    second |= {"updated_at": "yesterday", "completed_by": {"id": 2}}
    del tasks[0]["id"]
    done = tiebreak(*write(tiebreak.folder, tasks), "--json")
    one = json.loads(done.out)["controls"]["mood"]
    assert one["annotations"] == 2
    assert one["tasks_detail"][0]["task"] == 1


def test_a_page_that_cannot_be_written(tiebreak: Terminal) -> None:
    error = refused(tiebreak, *write(tiebreak.folder, FOUR), "--html", "no/such/folder.html")
    assert "cannot be written" in error


def test_no_answers_at_all(tiebreak: Terminal) -> None:
    for tasks in ([], [task(1, [])]):
        done = tiebreak(*write(tiebreak.folder, tasks), "--html", "page.html")
        assert done.code == 0, done.err
        assert (tiebreak.folder / "page.html").is_file()
