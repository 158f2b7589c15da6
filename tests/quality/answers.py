"""Answers for tests: by hand, generated, and the real crowd data."""

import csv
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from label_config.answers import Choices
from label_config.model import Control
from sync.quality.agreement import measure
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.measured import Measured
from sync.quality.records import CodedAnswers, ControlConsensus, IntArray

ABC = ("a", "b", "c")
Row = tuple[int, int, str]


def single(rows: Sequence[Row], labels: Sequence[str] = ABC, fixed: Mapping[int, str] | None = None) -> CodedAnswers:
    """(task, annotator, label) rows of a single choice."""
    known = {task: Choices((label,)) for task, label in (fixed or {}).items()}
    control = Control("c", "Choices", ("t",), tuple(labels))
    return encode(control, [(task, person, Choices((label,))) for task, person, label in rows], known)


def multiple(
    rows: Sequence[tuple[int, int, str]], labels: Sequence[str] = ABC, fixed: Mapping[int, str] | None = None
) -> CodedAnswers:
    """(task, annotator, "ab") rows of a multiple choice: one letter a label."""
    known = {task: Choices(tuple(letters)) for task, letters in (fixed or {}).items()}
    control = Control("c", "Choices", ("t",), tuple(labels), multiple=True)
    return encode(control, [(task, person, Choices(tuple(letters))) for task, person, letters in rows], known)


def measured(
    coded: CodedAnswers, *, seed: int = 0, bootstrap: int = 0, cuts: Mapping[str, Mapping[int, str]] | None = None
) -> Measured:
    """Percent agreement and alpha of a choice, and everything that stands beside them."""
    control = Control("c", "Choices", ("t",), coded.labels, coded.multiple)
    method = Method(coefficients=("percent_agreement", "krippendorff_alpha"), bootstrap=bootstrap)
    return measure(ControlEvidence(control, coded, cuts=cuts or {}), method, np.random.default_rng(seed))


def inferred(coded: CodedAnswers, method: str = "auto") -> ControlConsensus:
    """The consensus on a choice."""
    return infer(ControlEvidence(Control("c", "Choices", ("t",), coded.labels, coded.multiple), coded), method)


def table(text: str) -> list[Row]:
    """Rows from a picture: a line an annotator, a letter a task, "." for no answer."""
    lines = text.split()
    return [
        (task, person, label) for person, line in enumerate(lines) for task, label in enumerate(line) if label != "."
    ]


def _rows(answers: st.SearchStrategy[str], tasks: int, people: int) -> st.SearchStrategy[list[Row]]:
    cells = st.tuples(st.integers(0, tasks - 1), st.integers(0, people - 1), answers)
    return st.lists(cells, max_size=tasks * people, unique_by=lambda row: row[:2])


ROWS = _rows(st.sampled_from(ABC), tasks=7, people=5)
SETS = _rows(st.sampled_from(["", "a", "b", "c", "ab", "ac", "bc", "abc"]), tasks=6, people=4)


def simulated(
    rng: np.random.Generator, tasks: int, people: int, labels: int, right: float
) -> tuple[CodedAnswers, IntArray]:
    """Everybody answers every task: the truth with probability ``right``, else any label. Their alpha is right**2."""
    truth = rng.integers(labels, size=tasks)
    knows = rng.random((tasks, people)) < right
    answer = np.where(knows, truth[:, None], rng.integers(labels, size=(tasks, people)))
    names = tuple(str(label) for label in range(labels))
    return CodedAnswers(
        task=np.repeat(np.arange(tasks), people),
        annotator=np.tile(np.arange(people), tasks),
        answer=answer.ravel(),
        tasks=tuple(range(tasks)),
        annotators=tuple(range(people)),
        answers=tuple(Choices((name,)) for name in names),
        labels=names,
    ), truth


def crowd(folder: Path) -> tuple[CodedAnswers, dict[str, int]]:
    """A set of the real data with all of its rows, repeated ones included, and the place of each task's name."""
    with (folder / "crowd.csv").open(newline="") as file:
        rows = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(file)]
    tasks, people, labels = (
        {name: place for place, name in enumerate(names)}
        for names in (
            dict.fromkeys(task for task, _, _ in rows),
            dict.fromkeys(person for _, person, _ in rows),
            sorted({label for _, _, label in rows}),
        )
    )
    codes = np.array([(tasks[task], people[person], labels[label]) for task, person, label in rows], dtype=np.int64)
    return CodedAnswers(
        task=codes[:, 0],
        annotator=codes[:, 1],
        answer=codes[:, 2],
        tasks=tuple(range(len(tasks))),
        annotators=tuple(range(len(people))),
        answers=tuple(Choices((label,)) for label in labels),
        labels=tuple(labels),
    ), tasks


def gold(folder: Path) -> dict[str, str]:
    """Task name -> true label."""
    with (folder / "gold.csv").open(newline="") as file:
        return {row["task"]: row["label"] for row in csv.DictReader(file)}


def pairs_by_task(coded: CodedAnswers) -> list[list[int]]:
    """The answers of each task, as codes."""
    found: list[list[int]] = [[] for _ in coded.tasks]
    for task, answer in zip(coded.task.tolist(), coded.answer.tolist(), strict=True):
        found[task].append(answer)
    return found


def ordered_pairs(values: Sequence[int]) -> list[tuple[int, int]]:
    """Every two of the values, both ways round."""
    return list(itertools.permutations(values, 2))
