"""What is said of data that contradicts itself or cannot be read: in words, with its place, by every report."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ..sync.terminal import Terminal
from .files import MOOD, chosen, given, moods, task, write

TWO = moods({1: {1: "yes", 2: "no"}, 2: {1: "no", 2: "no"}})
REPORTS = ("agreement", "consensus", "queue", "annotators", "drift")


def told(tiebreak: Terminal, tasks: object, command: str = "consensus", *options: str, xml: str = MOOD) -> str:
    """What the command prints, in one line of words."""
    done = tiebreak(*write(tiebreak.folder, tasks, xml, command=command), *options)
    assert done.code == 0, done.err
    return " ".join(f"{done.out} {done.err}".split())


def refused(tiebreak: Terminal, tasks: object, xml: str = MOOD) -> str:
    done = tiebreak(*write(tiebreak.folder, tasks, xml, command="consensus"))
    assert done.code == 1
    return done.err


def predicted(tiebreak: Terminal, *lines: Mapping[str, Any]) -> tuple[str, ...]:
    """Options that name a file of these lines about ``mood``."""
    text = "\n".join(json.dumps({"control": "mood", "version": "v1", **line}) for line in lines)
    (tiebreak.folder / "model.jsonl").write_text(text, encoding="utf-8")
    return "--predictions", "model.jsonl"


@pytest.mark.parametrize("command", REPORTS)
def test_ground_truths_that_contradict_each_other_are_told(tiebreak: Terminal, command: str) -> None:
    truths = [given(91, 7, chosen("yes"), ground_truth=True), given(92, 8, chosen("no"), ground_truth=True)]
    same = [given(93, 7, chosen("yes"), ground_truth=True), given(94, 8, chosen("yes"), ground_truth=True)]
    tasks = [*TWO, task(5, [*truths, given(1, 1, chosen("no"))]), task(6, [*same, given(2, 1, chosen("no"))])]
    assert (
        "mood: ground truths or rulings contradict each other on 1 task (5): a ruling counts, else the latest ground "
        "truth."
    ) in told(tiebreak, tasks, command)


def test_of_many_tasks_with_contradictory_truths_the_first_are_named(tiebreak: Terminal) -> None:
    tasks = [
        task(
            n,
            [
                given(10 * n + place, place, chosen(label), ground_truth=True)
                for place, label in enumerate(("yes", "no"))
            ],
        )
        for n in range(1, 9)
    ]
    assert "contradict each other on 8 tasks (1, 2, 3, 4, 5 and 3 more)" in told(tiebreak, tasks)


def test_who_did_an_annotation_is_told_to_be_an_id(tiebreak: Terminal) -> None:
    tasks = [*TWO, task(5, [given(51, "bob", chosen("no")), given(52, None, chosen("no"))])]
    assert (
        "2 annotations could not be used; the first (51) because: completed_by is 'bob', not the id of a user (a whole "
        "number, or an object with such an id)"
    ) in told(tiebreak, tasks)
    alone = [task(5, [given(52, None, chosen("no"))])]
    assert "nobody is named in completed_by, where the id of a user is expected" in refused(tiebreak, alone)


def test_a_label_that_the_interface_does_not_have_is_named_with_its_control_and_those_that_it_has(
    tiebreak: Terminal,
) -> None:
    error = refused(tiebreak, [task(1, [given(1, 1, chosen("maybe")), given(2, 2, chosen("maybe"))])])
    assert "none of its 2 annotations fits the labeling interface. The first was refused because: " in error
    assert "control 'mood': the label 'maybe' is not in the labeling interface, which has: 'yes', 'no'" in error
    assert "Is it the interface of this project?" not in error


def test_probabilities_that_are_all_0_say_nothing(tiebreak: Terminal) -> None:
    nothing = {"yes": 0, "no": 0.0}
    options = predicted(tiebreak, {"task": 2, "answer": "no"}, {"task": 1, "answer": "yes", "probabilities": nothing})
    said = told(tiebreak, TWO, "consensus", *options)
    assert "Line 2 of the predictions: all probabilities are 0, which says nothing: they were set aside" in said
    assert "scaled" not in said
    done = tiebreak(
        *write(tiebreak.folder, TWO, command="consensus"), *predicted(tiebreak, {"task": 1, "probabilities": nothing})
    )
    assert done.code == 1
    assert "model.jsonl, line 1: all probabilities are 0, which says nothing, and there is no answer" in done.err


def test_an_answer_that_contradicts_its_own_probabilities_is_told(tiebreak: Terminal) -> None:
    odd = {"answer": "yes", "probabilities": {"yes": 0.1, "no": 0.9}}
    even = {"task": 1, "answer": "yes", "probabilities": {"yes": 0.5, "no": 0.5}}
    said = told(tiebreak, TWO, "consensus", *predicted(tiebreak, even, {"task": 1, **odd}, {"task": 2, **odd}))
    assert (
        "2 lines (the first is 2) of the predictions: the answer is not the label that the probabilities say is the "
        "most probable; the answer counts as what the model says, the probabilities as how sure it is of each label."
    ) in said


def test_of_several_labels_those_are_the_answer_that_are_more_probable_than_not(tiebreak: Terminal) -> None:
    several = MOOD.replace('choice="single"', 'choice="multiple"')
    lines = [{"task": 1, "probabilities": {"yes": 0.9, "no": 0.8}}, {"task": 2, "probabilities": {"yes": 0, "no": 0}}]
    tasks = [task(n, [given(10 * n + who, who, chosen("yes", "no")) for who in (1, 2)]) for n in (1, 2)]
    done = tiebreak(*write(tiebreak.folder, tasks, several), "--json", *predicted(tiebreak, *lines))
    assert done.code == 0, done.err
    model = json.loads(done.out)["controls"]["mood"]["model"]["v1"]
    assert model["agreement"] == pytest.approx(0.5)
