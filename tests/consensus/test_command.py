"""``tiebreak consensus``: the keys of its JSON exactly, its values by hand, its table, and what it refuses."""

import csv
import io
import json
from typing import Any

import pytest

from ..evidence.files import MOOD, chosen, given, moods, task, write
from ..sync.terminal import Terminal

THREE = moods({1: {1: "yes", 2: "yes", 3: "no"}, 2: {1: "no", 2: "no", 3: "no"}, 3: {1: "yes", 2: "no"}, 4: {1: "no"}})
"""A majority, a unanimous task, a tie, and a task that one person answered."""

SPANS = """<View><Text name="text" value="$text"/><Labels name="name" toName="text"><Label value="PER"/>
<Label value="LOC"/></Labels></View>"""


def report(tiebreak: Terminal, tasks: object, *options: str, xml: str = MOOD) -> Any:
    done = tiebreak(*write(tiebreak.folder, tasks, xml, command="consensus"), "--json", *options)
    assert done.code == 0, done.err

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(done.out, parse_constant=refuse)


def test_the_keys_are_those_of_the_contract(tiebreak: Terminal) -> None:
    found = report(tiebreak, THREE)
    assert set(found) == {"controls", "excluded"}
    assert set(found["excluded"]) == {"cancelled", "ground_truth", "duplicates", "single", "rejected"}
    one = found["controls"]["mood"]
    assert set(one) == {"method", "reason", "tasks", "annotators"}
    assert set(one["tasks"][0]) == {"task", "answer", "confidence", "posterior", "annotations", "tie"}
    assert set(one["annotators"][0]) == {"annotator", "quality", "low", "high", "annotations"}


def test_votes_are_counted_and_a_tie_is_shared(tiebreak: Terminal) -> None:
    one = report(tiebreak, THREE, "--method", "majority")["controls"]["mood"]
    assert (one["method"], one["reason"]) == ("majority", "asked for by name")
    assert [(row["task"], row["answer"], row["annotations"], row["tie"]) for row in one["tasks"]] == [
        (1, "yes", 3, False),
        (2, "no", 3, False),
        (3, "yes", 2, True),
        (4, "no", 1, False),
    ]
    assert one["tasks"][0]["posterior"] == pytest.approx({"yes": 2 / 3, "no": 1 / 3})
    assert one["tasks"][2]["posterior"] == {"yes": 0.5, "no": 0.5}
    assert [row["confidence"] for row in one["tasks"]] == pytest.approx([2 / 3, 1, 0.5, 1])
    for person in one["annotators"]:
        assert 0 <= person["low"] <= person["quality"] <= person["high"] <= 1
    assert {person["annotator"]: person["annotations"] for person in one["annotators"]} == {1: 4, 2: 3, 3: 2}


def test_a_ground_truth_is_certain_unless_it_is_counted_as_an_answer(tiebreak: Terminal) -> None:
    known = given(99, 9, chosen("yes"), ground_truth=True)
    tasks = [task(1, [given(1, 1, chosen("no")), given(2, 2, chosen("no")), known]), task(2, [{**known, "id": 98}])]
    found = report(tiebreak, tasks)
    assert found["excluded"]["ground_truth"] == 2
    rows = found["controls"]["mood"]["tasks"]
    assert [(row["task"], row["answer"], row["confidence"], row["annotations"]) for row in rows] == [
        (1, "yes", 1.0, 2),
        (2, "yes", 1.0, 0),
    ]
    counted = report(tiebreak, tasks, "--include-ground-truth", "--method", "majority")["controls"]["mood"]["tasks"]
    assert [(row["answer"], row["annotations"]) for row in counted] == [("no", 3), ("yes", 1)]


def test_a_model_is_one_more_voter(tiebreak: Terminal) -> None:
    """Two people differ on task 3; the model, which agrees with people elsewhere, settles it."""
    lines = [
        {"task": number, "control": "mood", "version": "v1", "probabilities": {"yes": p, "no": 1 - p}}
        for number, p in {1: 0.9, 2: 0.1, 3: 0.05, 4: 0.2}.items()
    ]
    (tiebreak.folder / "model.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    one = report(tiebreak, THREE, "--method", "crowdlab", "--predictions", "model.jsonl")["controls"]["mood"]
    assert (one["tasks"][2]["answer"], one["tasks"][2]["tie"]) == ("no", False)


def test_spans_come_as_label_studio_writes_them(tiebreak: Terminal) -> None:
    def marked(number: int, person: int, *spans: tuple[int, int, str]) -> dict[str, Any]:
        region = {"from_name": "name", "to_name": "text", "type": "labels"}
        result = [
            {**region, "id": f"r{place}", "value": {"start": start, "end": end, "labels": [label]}}
            for place, (start, end, label) in enumerate(spans)
        ]
        return given(number, person, result)

    text = "Ann went to Oslo"
    people = [marked(1, 1, (0, 3, "PER"), (12, 16, "LOC")), marked(2, 2, (0, 3, "PER"), (12, 16, "LOC"))]
    (row,) = report(tiebreak, [task(1, [*people, marked(3, 3, (0, 3, "PER"))], text=text)], xml=SPANS)["controls"][
        "name"
    ]["tasks"]
    assert [(one["value"]["start"], one["value"]["end"], one["value"]["labels"]) for one in row["answer"]] == [
        (0, 3, ["PER"]),
        (12, 16, ["LOC"]),
    ]
    assert all(one["from_name"] == "name" and 0.5 < one["score"] <= 1 for one in row["answer"])
    assert row["posterior"] is None


def test_the_table_has_a_row_a_task_and_one_a_person(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, THREE, command="consensus"), "--csv", "--method", "majority")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["name"], row["answer"], row["tie"]) for row in rows if row["section"] == "task"] == [
        ("1", "yes", "false"),
        ("2", "no", "false"),
        ("3", "yes", "true"),
        ("4", "no", "false"),
    ]
    assert [row["name"] for row in rows if row["section"] == "annotator"] == ["1", "2", "3"]


def test_the_terminal_says_how_sure_it_is_and_what_is_least_sure(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, THREE, command="consensus"), "--method", "majority")
    assert "mood (Choices): 4 tasks, 3 annotators" in done.out
    assert "1 tie" in done.out
    assert "least certain answers" in done.out
    assert "least reliable annotators" in done.out


def test_beside_several_labels_stands_the_one_that_is_least_certain(tiebreak: Terminal) -> None:
    xml = MOOD.replace('choice="single"', 'choice="multiple"')
    people = [given(1, 1, chosen("yes", "no")), given(2, 2, chosen("yes", "no")), given(3, 3, chosen("yes"))]
    done = tiebreak(*write(tiebreak.folder, [task(1, people)], xml, command="consensus"), "--method", "majority")
    (row,) = [line.replace("\N{NO-BREAK SPACE}", " ") for line in done.out.splitlines() if "yes, no" in line]
    assert row.split("yes, no")[1].split() == ["67", "%", "no", "(67", "%)", "3"]


def test_beside_places_in_a_tree_stands_the_one_that_is_least_certain(tiebreak: Terminal) -> None:
    xml = """<View><Text name="text" value="$text"/><Taxonomy name="kind" toName="text"><Choice value="animal">
    <Choice value="cat"/><Choice value="dog"/></Choice></Taxonomy></View>"""
    region = {"id": "r", "from_name": "kind", "to_name": "text", "type": "taxonomy"}
    people = [
        given(who, who, [{**region, "value": {"taxonomy": [["animal", kind]]}}])
        for who, kind in ((1, "cat"), (2, "cat"), (3, "dog"))
    ]
    done = tiebreak(*write(tiebreak.folder, [task(1, people)], xml, command="consensus"), "--method", "majority")
    assert "animal / cat 67 % animal / cat (67 %) 3" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--method", "best"), "no consensus method for mood (Choices) is named 'best'; there are: auto, majority"),
        (("--control", "weather"), "no control is named 'weather'; this labeling interface has: mood"),
        (("--json", "--csv"), "--json and --csv both print"),
        (("--predictions", "gone.jsonl"), "gone.jsonl: cannot be read"),
    ],
)
def test_what_does_not_exist_is_refused_by_what_there_is(
    tiebreak: Terminal, options: tuple[str, ...], said: str
) -> None:
    done = tiebreak(*write(tiebreak.folder, THREE, command="consensus"), *options)
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert said in done.err


def test_a_method_that_suits_no_control_gives_way_to_auto_and_it_is_said(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, THREE, command="consensus"), "--method", "kemeny")
    assert done.code == 0, done.err
    assert "'kemeny' does not suit mood (Choices): the method was chosen from the data there." in done.out
    assert report(tiebreak, THREE, "--method", "kemeny") == report(tiebreak, THREE)


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        ({"yes": 0.5, "perhaps": 0.5}, "line 1: probabilities name the label 'perhaps', which control 'mood' does not"),
        ({"yes": 1.5}, "line 1: probabilities is not an object of numbers between 0 and 1 by label"),
    ],
)
def test_wrong_classes_are_refused_by_line(tiebreak: Terminal, probabilities: dict[str, float], said: str) -> None:
    line = {"task": 1, "control": "mood", "version": "v1", "probabilities": probabilities}
    (tiebreak.folder / "model.jsonl").write_text(json.dumps(line), encoding="utf-8")
    done = tiebreak(*write(tiebreak.folder, THREE, command="consensus"), "--predictions", "model.jsonl")
    assert done.code == 1
    assert said in done.err


def test_probabilities_that_miss_one_are_scaled_and_it_is_said(tiebreak: Terminal) -> None:
    line = {"task": 3, "control": "mood", "version": "v1", "probabilities": {"yes": 0.2, "no": 0.6}}
    (tiebreak.folder / "model.jsonl").write_text(json.dumps(line), encoding="utf-8")
    done = tiebreak(*write(tiebreak.folder, THREE, command="consensus"), "--predictions", "model.jsonl")
    assert done.code == 0
    assert "Line 1 of the predictions: the probabilities do not sum to 1, and were scaled." in done.out


def test_numbers_have_as_many_digits_as_their_interval_and_moments_a_date(tiebreak: Terminal) -> None:
    xml = """<View><Text name="text" value="$text"/><Number name="n" toName="text"/>
    <DateTime name="when" toName="text"/></View>"""

    def said(number: int, person: int, value: float, day: str) -> dict[str, Any]:
        where = {"to_name": "text", "id": "r"}
        amount = {**where, "from_name": "n", "type": "number", "value": {"number": value}}
        date = {**where, "from_name": "when", "type": "datetime", "value": {"datetime": day}}
        return given(number, person, [amount, date])

    people = [said(1, 1, 10.123456789, "0001-01-02"), said(2, 2, 11.3, "9999-12-30"), said(3, 3, 14.4, "2026-03-04")]
    out = tiebreak(*write(tiebreak.folder, [task(1, people)], xml, command="consensus")).out
    number, when = (line.split() for line in out.splitlines() if line.startswith("       1  "))
    assert len(number[1]) <= 5 and len(number[4]) <= 5, number
    assert "to" in when and "years" in when, when


PAIR = """<View><Text name="one" value="$one"/><Text name="two" value="$two"/>
<Pairwise name="better" toName="one,two"/></View>"""


def test_items_that_are_compared_have_scores(tiebreak: Terminal) -> None:
    """a beats b and c, b beats c, each by everybody: their order; and the scores have mean 0."""

    def preferred(number: int, left: str, right: str) -> dict[str, Any]:
        region = {"id": "r", "from_name": "better", "to_name": "one", "type": "pairwise", "value": {"selected": "left"}}
        people = [given(10 * number + person, person, [region]) for person in (1, 2)]
        return {"id": number, "data": {"one": left, "two": right}, "annotations": people}

    tasks = [preferred(1, "a", "b"), preferred(2, "b", "c"), preferred(3, "a", "c")]
    done = tiebreak(*write(tiebreak.folder, tasks, PAIR, command="consensus"), "--csv")
    items = [row for row in csv.DictReader(io.StringIO(done.out)) if row["section"] == "item"]
    assert [row["name"] for row in items] == ["a", "b", "c"]
    assert sum(float(row["value"]) for row in items) == pytest.approx(0, abs=1e-9)
    assert all(float(row["low"]) < float(row["value"]) < float(row["high"]) for row in items)
    shown = tiebreak("consensus", "export.json", "--label-config", "config.xml").out
    assert "items by how often they are preferred" in shown
