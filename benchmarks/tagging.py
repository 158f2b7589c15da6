"""Names in news, learned and read: F1, seconds and calibration, beside sklearn-crfsuite with usual signs; sets."""

import csv
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml_backend.calibration import expected_calibration_error
from ml_backend.learners.recalled import FEW, FOLDS, MORE_FOLDS
from ml_backend.spans import tagger
from ml_backend.spans.tagger import Told
from ml_backend.spans.tags import Mark

from . import crfsuite_names, span_sets
from .others import run_beside
from .real_data import FOLDER

LABELS = ("PER", "LOC", "ORG", "MISC")
SIZES = (50, 200, 500, 2000)
TEST = 1000
Example = tuple[str, list[Mark]]


def run(*, quick: bool) -> None:
    """Print F1 of exact spans by the number of sentences that are learned from."""
    folder = FOLDER / "labelerr_conllpp"
    if not folder.is_dir():
        print(f"   no names: {folder} is no folder (set TIEBREAK_SHARED_DATA)")
        return
    examples = _sentences(folder)
    asked = examples[-TEST:]
    sizes = SIZES[:2] if quick else SIZES
    theirs = None if quick else _theirs(examples[: max(sizes)], asked, sizes)
    print("   sentences     F1  error of confidence  learned in   read       crfsuite F1   (by seqeval)  learned in")
    for place, size in enumerate(sizes):
        print(f"   {size:9,}  {_ours(examples[:size], asked)}", end="")
        if theirs is not None:
            found = [[Mark(*span) for span in spans] for spans in theirs[place]["spans"]]
            f1 = f"{_f1(found, asked):11.4f}   {theirs[place]['f1']:12.4f}"
            print(f"   {f1}  {theirs[place]['seconds']:8.1f} s", end="")
        print()
    span_sets.run(examples, LABELS, quick=quick)


def _sentences(folder: Path) -> list[Example]:
    """With their corrected names, in random order."""
    found: dict[str, list[Mark]] = defaultdict(list)
    with (folder / "gold.jsonl").open(encoding="utf-8") as file:
        for row in map(json.loads, file):
            found[row["task"]].append(Mark(row["start"], row["end"], row["label"]))
    with (folder / "items.csv").open(encoding="utf-8", newline="") as file:
        examples = [(row["text"], found[row["task"]]) for row in csv.DictReader(file)]
    return [examples[at] for at in np.random.default_rng(0).permutation(len(examples))]


def _ours(taught: Sequence[Example], asked: Sequence[Example]) -> str:
    count = MORE_FOLDS if len(taught) <= FEW else FOLDS
    texts, answers = [text for text, _ in taught], [marks for _, marks in taught]
    folds = np.arange(len(texts)) % count
    start = time.process_time()
    rng = np.random.default_rng(0)
    learned, _ = tagger.fit(texts, answers, np.ones(len(texts)), folds, LABELS, rng, count=count)
    middle = time.process_time()
    told = learned.tell([text for text, _ in asked])
    read = time.process_time() - middle
    return (
        f"{_f1([one.marks for one in told], asked):.4f}  {_error(told, asked):19.3f}  "
        f"{middle - start:8.1f} s  {len(asked) / read:6,.0f} a second"
    )


def _error(told: Sequence[Told], asked: Sequence[Example]) -> float:
    right = [mark in marks for one, (_, marks) in zip(told, asked, strict=True) for mark in one.marks]
    sure = [value for one in told for value in one.confidences]
    return expected_calibration_error(np.array(sure), np.array(right, dtype=np.float64))


def _f1(said: Sequence[Sequence[Mark]], asked: Sequence[Example]) -> float:
    hits = sum(len(set(own) & set(marks)) for own, (_, marks) in zip(said, asked, strict=True))
    return 2 * hits / (sum(map(len, said)) + sum(len(marks) for _, marks in asked))


def _theirs(taught: Sequence[Example], asked: Sequence[Example], sizes: Sequence[int]) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] | None = run_beside(
        crfsuite_names.__file__,
        crfsuite_names.REQUIREMENTS,
        taught=json.dumps(taught),
        asked=json.dumps(asked),
        sizes=json.dumps(sizes),
    )
    return found
