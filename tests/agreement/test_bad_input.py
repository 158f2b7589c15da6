"""What cannot be measured is one clear error, never a traceback, and never silently another number."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ..evidence.files import FOUR, MOOD, chosen, given, moods, task, write
from ..sync.terminal import Terminal

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
    tasks = [task(1, [given(1, 1, spans), given(2, 2, spans[:-1])], text="ten chars " * 3000)]
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


SPANS = (
    """<View><Text name="text" value="$text"/><Labels name="who" toName="text"><Label value="PER"/></Labels></View>"""
)


def marked(*ends: int) -> list[dict[str, Any]]:
    """Spans from the text's start to these ends."""
    region = {"from_name": "who", "to_name": "text", "type": "labels"}
    return [
        {**region, "id": f"r{place}", "value": {"start": 0, "end": end, "labels": ["PER"]}}
        for place, end in enumerate(ends)
    ]


def test_a_span_beyond_the_end_of_its_text_is_set_aside(tiebreak: Terminal) -> None:
    tasks = [
        task(1, [given(1, 1, marked(4)), given(2, 2, marked(4)), given(3, 3, marked(7))], text="Anna B"),
        task(2, [given(4, 1, marked(2)), given(5, 2, marked(3))], text="\U0001f642"),
    ]
    found = json.loads(tiebreak(*write(tiebreak.folder, tasks, SPANS), "--json", "--bootstrap", "0").out)
    said = {one["annotation"]: one["reason"] for one in found["excluded"]["rejected"]}
    assert list(said) == [3, 5], "an emoji is two characters to a browser"
    assert "ends at character 7 of a text of 6" in said[3]


def test_a_task_too_crowded_to_match_is_said(tiebreak: Terminal) -> None:
    crowd = marked(*[4] * 3300)
    tasks = [task(1, [given(1, 1, crowd), given(2, 2, crowd[:-1])])]
    error = refused(tiebreak, *write(tiebreak.folder, tasks, SPANS), "--bootstrap", "0")
    assert "control 'who': more than 10,000,000 regions" in error


def test_half_an_emoji_goes_through(tiebreak: Terminal) -> None:
    tasks = moods({1: {1: "yes", 2: "no"}})
    tasks[0]["data"]["lang"] = "\ud83d"
    arguments = write(tiebreak.folder, tasks)
    for shown in (["--json"], ["--csv"], ["--html", "page.html"]):
        done = tiebreak(*arguments, "--by", "lang", *shown)
        assert (done.code, "Traceback" in done.err) == (0, False)
    assert "\\ud83d" in tiebreak(*arguments, "--by", "lang", "--csv").out


def test_the_last_day_of_the_calendar_is_a_day(tiebreak: Terminal) -> None:
    said = [given(1, 1, chosen("yes"), updated_at="9999-12-31T23:59:59.999999-12:00"), given(2, 2, chosen("yes"))]
    found = json.loads(tiebreak(*write(tiebreak.folder, [task(1, said)]), "--json").out)
    assert list(found["controls"]["mood"]["cuts"]["day"]) == ["9999-12-31"]


def test_what_is_read_is_not_written_over(tiebreak: Terminal) -> None:
    arguments = write(tiebreak.folder, FOUR)
    assert "would overwrite" in refused(tiebreak, *arguments, "--html", "./export.json")
    assert json.loads((tiebreak.folder / "export.json").read_text()) == FOUR


def test_a_field_that_is_null_everywhere(tiebreak: Terminal) -> None:
    tasks = [task(1, FOUR[0]["annotations"], lang=None)]
    assert "'lang' is null in all tasks" in refused(tiebreak, *write(tiebreak.folder, tasks), "--by", "lang")


def test_answers_of_a_model_to_other_tasks_are_said(tiebreak: Terminal) -> None:
    arguments = write(tiebreak.folder, FOUR)
    line = {"task": 99, "control": "mood", "version": "v1", "answer": "yes"}
    (tiebreak.folder / "p.jsonl").write_text(json.dumps(line), encoding="utf-8")
    done = tiebreak(*arguments, "--predictions", "p.jsonl")
    assert "1 of the 1 answers of 'v1' to 'mood' are to tasks that nobody here answered" in done.out
