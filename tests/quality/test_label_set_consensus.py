"""Several labels and paths: dependence that is learned, labels from task data, trees, a real crowd."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Answer, Choices, Taxonomy, chosen
from label_config.model import Control, Family
from sync.quality.coded_answers import Row, encode
from sync.quality.consensus import infer
from sync.quality.consensus.classes import CLASSES
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus

from ..thorough import up_to
from .generated import CASES

TREE = Control("t", "Taxonomy", ("t",), family=Family.TAXONOMY)
OPEN = Control("c", "Choices", ("t",), multiple=True, dynamic=True)


def inferred(
    control: Control, rows: list[Row], method: str, fixed: dict[int, Answer] | None = None
) -> ControlConsensus:
    return infer(ControlEvidence(control, encode(control, rows, fixed)), method)


def right_labels(method: str, seed: int) -> float:
    """The share of right sets where labels come in pairs: a with b, c with d; four annotators miss a third."""
    rng = np.random.default_rng(seed)
    control = Control("c", "Choices", ("t",), ("a", "b", "c", "d"), multiple=True)
    truth = [("a", "b") if first else ("c", "d") for first in rng.integers(2, size=150)]
    rows: list[Row] = [
        (task, person, Choices(tuple(label for label in "abcd" if rng.random() < (0.65 if label in labels else 0.1))))
        for task, labels in enumerate(truth)
        for person in range(4)
    ]
    found = inferred(control, rows, method).tasks
    return float(np.mean([chosen(one.answer) == labels for one, labels in zip(found, truth, strict=True)]))


def test_labels_that_come_together_are_found_together() -> None:
    assert right_labels("label-sets", 0) > 0.92
    assert right_labels("label-sets", 0) > right_labels("dawid-skene", 0) + 0.05


def test_an_annotators_confusion_says_what_they_miss() -> None:
    control = Control("c", "Choices", ("t",), ("a", "b"), multiple=True)
    rows: list[Row] = [
        (task, person, Choices(("a",) if person == 3 else ("a", "b"))) for task in range(20) for person in range(4)
    ]
    who = inferred(control, rows, "label-sets").annotators[3]
    assert who.confusion["b"]["chosen"] < 0.2 < 0.8 < who.confusion["a"]["chosen"]
    assert all(sum(row.values()) == pytest.approx(1) for row in who.confusion.values())


@pytest.mark.parametrize("method", [*CLASSES, "auto"])
def test_labels_from_task_data(method: str) -> None:
    rows: list[Row] = [
        (task, person, Choices((f"right {task}",) if person < 2 else (f"right {task}", f"wrong {task}")))
        for task in range(5)
        for person in range(3)
    ]
    fixed: dict[int, Answer] = {9: Choices(("ruled",))}
    found = inferred(OPEN, rows, method, fixed)
    assert [chosen(one.answer) for one in found.tasks] == [*((f"right {task}",) for task in range(5)), ("ruled",)]
    assert all(set(one.posterior or {}) == {f"right {one.task}", f"wrong {one.task}"} for one in found.tasks[:5])
    assert found.annotators[2].quality < found.annotators[0].quality


@pytest.mark.parametrize("method", ["path-sets", "majority", "dawid-skene"])
@settings(max_examples=up_to(8))
@given(st.data())
def test_a_child_is_never_there_without_its_parent(method: str, data: st.DataObject) -> None:
    cells = st.tuples(st.integers(0, 3), st.integers(0, 3), CASES["taxonomy"].answers)
    rows = data.draw(st.lists(cells, max_size=12, unique_by=lambda row: row[:2]))
    for one in inferred(TREE, rows, method).tasks:
        posterior = one.posterior or {}
        for name, p in posterior.items():
            above = name.rpartition(" / ")[0]
            assert not above or p <= posterior[above] + 1e-9


@pytest.mark.parametrize("method", ["majority", "path-sets"])
def test_people_agree_on_what_lies_above(method: str) -> None:
    rows: list[Row] = [(1, person, Taxonomy((("animal", kind),))) for person, kind in enumerate(("cat", "dog", "cow"))]
    (one,) = inferred(TREE, rows, method).tasks
    assert (one.posterior or {})["animal"] == pytest.approx(1, abs=0.02)
    if method == "majority":
        assert one.answer == Taxonomy((("animal",),))


def test_relations_in_medical_sentences(shared_data: Path) -> None:
    """medrel has gold for two of its labels. F1: majority .233 and .743, Dawid-Skene a label .354 and .835."""
    folder = shared_data / "medrel"
    with (folder / "crowd.csv").open(newline="") as file:
        latest = {(row["task"], row["worker"]): row["label"] for row in csv.DictReader(file)}
    labels = tuple(sorted({label for said in latest.values() for label in said.split("|")}))
    control = Control("c", "Choices", ("t",), labels, multiple=True)
    coded: list[Row] = [
        (int(task), int(who[1:]), Choices(tuple(sorted(said.split("|"))))) for (task, who), said in latest.items()
    ]
    evidence = ControlEvidence(control, encode(control, coded))
    scores = {}
    for method in ("majority", "label-sets"):
        found = {one.task: chosen(one.answer) for one in infer(evidence, method).tasks}
        for name, label in (("cause", "CAUSES"), ("treat", "TREATS")):
            with (folder / f"gold_{name}.csv").open(newline="") as file:
                gold = {int(row["task"]): row["label"] == "1" for row in csv.DictReader(file)}
            named = {task: label in found[task] for task in gold if task in found}
            both = sum(gold[task] and said for task, said in named.items())
            scores[method, name] = 2 * both / (sum(named.values()) + sum(gold[task] for task in named))
    assert scores["majority", "cause"] == pytest.approx(0.233, abs=0.002)
    assert scores["label-sets", "cause"] > 0.35
    assert scores["label-sets", "treat"] > 0.83
