"""One label among those of each task's own data: votes are counted task by task, in linear memory."""

import tracemalloc

import pytest

from label_config.answers import Answer, Choices, chosen
from label_config.model import Control
from sync.quality.coded_answers import Row, encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus

OPEN = Control("c", "Choices", ("t",), dynamic=True)


def inferred(rows: list[Row], method: str, fixed: dict[int, Answer] | None = None) -> ControlConsensus:
    return infer(ControlEvidence(OPEN, encode(OPEN, rows, fixed)), method)


def said(text: str) -> list[Row]:
    """Words are tasks, their letters the labels that person 0, 1, ... gave."""
    return [
        (task, who, Choices((letter,))) for task, word in enumerate(text.split()) for who, letter in enumerate(word)
    ]


def test_votes_by_hand() -> None:
    found = inferred(said("aab cde ff"), "majority")
    assert [(chosen(one.answer), one.tie) for one in found.tasks] == [(("a",), False), (("c",), True), (("f",), False)]
    assert [one.confidence for one in found.tasks] == pytest.approx([2 / 3, 1 / 3, 1])
    assert found.tasks[0].posterior == pytest.approx({"a": 2 / 3, "b": 1 / 3})
    assert all(one.confusion == {} for one in found.annotators)


def test_who_agrees_with_the_others_weighs_more() -> None:
    """Person 2 is alone on ten tasks: of two, who differ, it is not the one that is believed."""
    rows = [*said("aab " * 10), (10, 1, Choices(("x",))), (10, 2, Choices(("y",)))]
    found = inferred(rows, "wawa")
    assert (chosen(found.tasks[10].answer), found.tasks[10].tie) == (("x",), False)
    assert found.annotators[2].quality < 0.5 < found.annotators[1].quality
    assert inferred(rows, "majority").tasks[10].tie


def test_a_ruling_overrides_though_nobody_gave_it() -> None:
    found = inferred(said("aab"), "auto", {0: Choices(("z",)), 7: Choices(("q",))})
    assert [(chosen(one.answer), one.confidence, one.annotations) for one in found.tasks] == [
        (("z",), 1.0, 3),
        (("q",), 1.0, 0),
    ]
    assert found.tasks[0].posterior == {"z": 1.0}


@pytest.mark.parametrize("dynamic", [True, False])
def test_thousands_of_labels_need_no_tables_of_them(dynamic: bool) -> None:
    """3,000 labels in 2,000 tasks: the table of one annotator's confusion alone would take 72 MB."""
    labels = tuple(f"l{number}" for number in range(3000))
    control = Control("c", "Choices", ("t",), () if dynamic else labels, dynamic=dynamic)
    rows: list[Row] = [
        (task, who, Choices((labels[(3 * task + (who == 2)) % 3000],))) for task in range(2000) for who in range(3)
    ]
    evidence = ControlEvidence(control, encode(control, rows))
    tracemalloc.start()
    found = infer(evidence, "auto" if dynamic else "dawid-skene")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6
    assert (found.method, "task" in found.reason) == ("wawa", True)
    assert all(chosen(one.answer) == (labels[3 * one.task % 3000],) for one in found.tasks)
