"""The consensus on spans of text: by hand, by pieces in sequence, and on a real crowd with its truth."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Answer, Box, Region, Regions, Span
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.consensus.regions.atoms import overlapping, runs_of
from sync.quality.consensus.regions.clusters import marked
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus, TaskConsensus

from ..thorough import up_to
from .generated import CASES
from .regions import as_set

LABELS = ("a", "b", "c", "d")
CONTROL = Control("ner", "Labels", ("text",), LABELS, family=Family.REGIONS)

Row = tuple[int, int, Answer]
Mark = tuple[int, int, str]


def spans(*marks: Mark) -> Regions:
    return Regions(tuple(Region(Span(start, end), (label,)) for start, end, label in marks))


def evidence_of(
    rows: Sequence[Row], fixed: Mapping[int, Answer] | None = None, control: Control = CONTROL
) -> ControlEvidence:
    return ControlEvidence(control, encode(control, rows, fixed))


def consensus(rows: Sequence[Row], fixed: Mapping[int, Answer] | None = None) -> ControlConsensus:
    return infer(evidence_of(rows, fixed), "token-dawid-skene")


def of_one_task(*answers: Answer) -> TaskConsensus:
    (task,) = consensus([(1, person, answer) for person, answer in enumerate(answers)]).tasks
    return task


def test_texts_are_cut_where_some_span_starts_or_ends() -> None:
    """Tags: 0 outside, 1 and 2 begin and inside of "a", 3 and 4 of "b"; what nobody marks parts two runs."""
    coded = encode(CONTROL, [(1, 1, spans((0, 9, "a"), (20, 25, "b"))), (1, 2, spans((4, 9, "a")))])
    runs = runs_of(coded, marked(coded))
    assert (runs.start.tolist(), runs.end.tolist(), runs.run.tolist()) == ([0, 4, 20], [4, 9, 25], [0, 0, 1])
    said = sorted(zip(runs.piece.tolist(), runs.annotator.tolist(), runs.tag.tolist(), strict=True))
    assert said == [(0, 0, 1), (0, 1, 0), (1, 0, 2), (1, 1, 1), (2, 0, 3), (2, 1, 0)]


def test_where_an_annotators_own_spans_overlap_nothing_is_said() -> None:
    coded = encode(CONTROL, [(1, 1, spans((0, 6, "a"), (4, 9, "b")))])
    found = marked(coded)
    assert runs_of(coded, found).tag.tolist() == [1, 4]
    assert overlapping(found) == 0.5


def test_the_larger_part_decides_each_piece() -> None:
    found = of_one_task(spans((0, 10, "a"), (20, 24, "b")), spans((0, 10, "a"), (20, 24, "b")), spans((4, 10, "a")))
    assert found.answer == spans((0, 10, "a"), (20, 24, "b"))
    assert len(found.support) == 2 and found.confidence == pytest.approx(sum(found.support) / 2)


def test_spans_that_touch_stay_apart() -> None:
    answer = spans((0, 4, "a"), (4, 9, "a"), (9, 12, "b"))
    assert of_one_task(answer, answer, answer).answer == answer


def test_one_of_two_is_exactly_undecided_and_left_out() -> None:
    found = of_one_task(spans((0, 4, "a")), spans())
    assert (found.answer, found.tie, found.support) == (spans(), True, ())
    assert found.confidence == pytest.approx(0.5)


def test_spans_of_different_labels_may_be_nested_where_annotators_nest_them() -> None:
    nested = spans((0, 20, "a"), (5, 9, "b"))
    assert as_set(of_one_task(nested, nested, nested).answer) == as_set(nested)


def test_a_ruling_overrides_and_teaches() -> None:
    """The second annotator writes "b" for "a" wherever a ruling looks; so it does where none does."""
    rows = [row for task in range(12) for row in ((task, 1, spans((0, 4, "a"))), (task, 2, spans((0, 4, "b"))))]
    found = consensus(rows, {**{task: spans((0, 4, "a")) for task in range(10)}, 10: spans((1, 3, "d"))})
    assert (found.tasks[10].answer, found.tasks[10].support) == (spans((1, 3, "d")), (1.0,))
    assert found.tasks[11].answer == spans((0, 4, "a"))
    first, second = found.annotators
    assert first.quality > second.quality + 0.3
    assert second.confusion["a"]["b"] > 0.5 > second.confusion["a"]["a"]


def test_it_is_for_spans_alone() -> None:
    """Other regions are matched, whatever was asked for."""
    control = Control("c", "Labels", ("t",), ("a",), family=Family.REGIONS)
    rows: list[Row] = [(1, 1, Regions((Region(Box(0, 0, 1, 1), ("a",)),)))]
    found = infer(ControlEvidence(control, encode(control, rows)), "token-dawid-skene")
    assert (found.method, found.tasks[0].answer) == ("matched-regions", rows[0][2])
    assert "spans of text" in found.reason


@settings(max_examples=up_to(15))
@given(st.data())
def test_what_all_say_is_returned_as_it_is_and_order_means_nothing(data: st.DataObject) -> None:
    case = CASES["spans"]
    cells = [(task, person) for task in range(3) for person in range(4)]
    rows = [(*cell, data.draw(case.answers)) for cell in data.draw(st.lists(st.sampled_from(cells), unique=True))]
    names = data.draw(st.permutations(range(4)))
    turned = [(task, names[person], answer) for task, person, answer in data.draw(st.permutations(rows))]
    for task, same in zip(consensus(rows).tasks, consensus(turned).tasks, strict=True):
        assert task.confidence == pytest.approx(same.confidence, abs=1e-6)
        assert task.support == pytest.approx(same.support, abs=1e-6)
        assert all(0 <= p <= 1 for p in (task.confidence, *task.support))
        assert as_set(task.answer) == as_set(same.answer)


def test_degenerate_evidence_is_defined() -> None:
    assert consensus([]).tasks == ()
    empty = consensus([(task, person, spans()) for task in range(3) for person in range(2)])
    assert all(task.answer == spans() and task.confidence == pytest.approx(0.9) for task in empty.tasks)
    apart = consensus([(person, person, spans((0, 3, "a"))) for person in range(4)])
    assert all(task.answer == spans((0, 3, "a")) and not task.tie for task in apart.tasks)
    assert all(0 < one.low <= one.quality <= one.high < 1 for one in empty.annotators)
    assert {(one.low, one.high) for one in apart.annotators} == {(0.0, 1.0)}, "nobody to be compared with"


def test_auto_takes_pieces_where_annotators_cut_differently() -> None:
    whole = [(task, person, spans((0, 10, "a"))) for task in range(5) for person in range(3)]
    found = infer(evidence_of(whole))
    assert found.method == "matched-regions" and "100% are alike" in found.reason
    pieces = [(task, 3, spans((0, 3, "a"), (4, 7, "a"), (8, 10, "a"))) for task in range(5)]
    mixed = infer(evidence_of([row for row in whole if row[1] == 0] + pieces))
    assert mixed.method == "token-dawid-skene" and "0% are alike" in mixed.reason
    assert "by itself" in infer(evidence_of(whole[:1])).reason
    box = [(1, 1, Regions((Region(Box(0, 0, 1, 1), ("a",)),)))]
    assert infer(evidence_of(box, control=CONTROL)).method == "matched-regions"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def crowd(folder: Path) -> tuple[ControlEvidence, dict[int, set[tuple[Any, frozenset[str], str]]]]:
    """A set of real spans with every worked pair, also those without a span; and the truth of its tasks."""
    given: dict[tuple[str, str], list[Region]] = {(r["task"], r["worker"]): [] for r in _lines(folder / "done.jsonl")}
    truth: defaultdict[str, set[tuple[Any, frozenset[str], str]]] = defaultdict(set)
    for row in _lines(folder / "annotations.jsonl"):
        labels: tuple[str, ...] = (row["label"],) if row["label"] else ()
        given.setdefault((row["task"], row["worker"]), []).append(Region(Span(row["start"], row["end"]), labels))
    if (folder / "gold.jsonl").exists():
        for row in _lines(folder / "gold.jsonl"):
            truth[row["task"]].add((Span(row["start"], row["end"]), frozenset((row["label"],)), ""))
    tasks = {name: place for place, name in enumerate(sorted({task for task, _ in given} | set(truth)))}
    people = {name: place for place, name in enumerate(sorted({person for _, person in given}))}
    rows = [(tasks[task], people[person], Regions(tuple(own))) for (task, person), own in given.items()]
    names = tuple(sorted({label for _, _, answer in rows for one in answer.regions for label in one.labels}))
    control = Control("ner", "Labels", ("text",), names, family=Family.REGIONS)
    return evidence_of(rows, control=control), {tasks[name]: marks for name, marks in truth.items()}


def f1(found: ControlConsensus, truth: Mapping[int, set[tuple[Any, frozenset[str], str]]]) -> float:
    """Exact span and type; what is true of texts that nobody worked on is missed."""
    answers = {task.task: as_set(task.answer) for task in found.tasks}
    hits = sum(len(answers.get(task, set()) & marks) for task, marks in truth.items())
    return 2 * hits / (sum(map(len, answers.values())) + sum(map(len, truth.values())))


@pytest.mark.parametrize(("method", "least"), [("auto", 0.71), ("token-dawid-skene", 0.69)])
def test_a_real_crowd_finds_names(shared_data: Path, method: str, least: float) -> None:
    """A vote by half of the annotators reaches 0.632, the best number of votes 0.687: both with the text of no one."""
    evidence, truth = crowd(shared_data / "conll_crowd")
    found = infer(evidence, method)
    assert f1(found, truth) > least
    exact = _exactness(evidence, truth)
    assert np.corrcoef([one.quality for one in found.annotators], exact)[0, 1] > 0.9


def _exactness(evidence: ControlEvidence, truth: Mapping[int, set[tuple[Any, frozenset[str], str]]]) -> list[float]:
    """Each annotator's own F1."""
    coded = evidence.coded
    sums = np.zeros((len(coded.annotators), 2))
    for task, person, answer in zip(coded.task.tolist(), coded.annotator.tolist(), coded.answer.tolist(), strict=True):
        marks, right = as_set(coded.answers[answer]), truth[coded.tasks[task]]
        sums[person] += 2 * len(marks & right), len(marks) + len(right)
    shares: list[float] = (sums[:, 0] / sums[:, 1]).tolist()
    return shares


def test_dirty_real_spans_have_a_consensus_each(shared_data: Path) -> None:
    evidence, _ = crowd(shared_data / "toxic_spans")
    found = infer(evidence, "token-dawid-skene")
    assert len(found.tasks) == 2000 and len(found.annotators) == 2448
    assert all(0 <= p <= 1 for task in found.tasks for p in (task.confidence, *task.support))
