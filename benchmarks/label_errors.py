"""Label errors that people confirmed, CROWDLAB and ActiveLab, beside cleanlab on the same numbers in one run.

The examples that people checked were chosen by cleanlab, so average precision over them says how well a score orders
what cleanlab found, not what it would find.
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from sync.quality.activelab import activelab
from sync.quality.consensus.crowdlab import weigh
from sync.quality.consensus.posterior import Votes
from sync.quality.label_errors import SCORES, doubt_of_labels, errors, temperature
from sync.quality.records import BoolArray, FloatArray, IntArray

from . import cleanlab_labels
from .others import cpu, run_beside
from .real_data import FOLDER

SETS = ("labelerr_imdb", "labelerr_mnist")
CLASSES = 10


def run(*, quick: bool) -> None:
    """Print average precision, how equal CROWDLAB and ActiveLab are, and cpu seconds with their ratios."""
    sets = {name: _checked(FOLDER / name) for name in SETS if (FOLDER / name).is_dir()}
    many = 20_000 if quick else 1_000_000
    labels, model = _many(many)
    table, honest = _table(300 if quick else 20_000)
    theirs = None if quick else _cleanlab(sets, labels, model, table, honest)
    for name, (given, probabilities, tasks, wrong) in sets.items():
        _average_precisions(name, given, probabilities, tasks, wrong, theirs)
    votes = _votes(table, honest)
    seconds, weighed = cpu(lambda: weigh(votes))
    gain_seconds, gain = cpu(lambda: activelab(votes))
    print(f"   CROWDLAB and ActiveLab on {len(votes.task):,} answers to {votes.tasks:,} tasks")
    if theirs is not None:
        label = np.mean(weighed.probability.argmax(axis=1) == np.array(theirs["labels"]))
        print(
            f"   labels equal {100 * label:.2f} %; largest difference of consensus quality"
            f" {np.abs(weighed.score - theirs['scores']).max():.1e}, annotator quality"
            f" {np.abs(weighed.quality - theirs['annotators']).max():.1e},"
            f" ActiveLab {np.abs(1 - gain - theirs['activelab']).max():.1e}"
        )
    _seconds("CROWDLAB", "crowdlab", seconds, theirs)
    _seconds("ActiveLab", "activelab", gain_seconds, theirs)
    print(f"   {many:,} tasks, {CLASSES} classes")
    for score in SCORES:
        _seconds(score, score, cpu(functools.partial(doubt_of_labels, labels, model, score))[0], theirs)
    _seconds("errors by noise rate", "", cpu(lambda: errors(labels, model))[0], None)
    _seconds("temperature", "", cpu(lambda: temperature(labels, model))[0], None)


Checked = tuple[IntArray, FloatArray, IntArray, BoolArray]
"""Given labels, probabilities, the tasks that people checked, and whether they found the label wrong."""


def _checked(folder: Path) -> Checked:
    with np.load(folder / "pred_probs.npz") as file:
        labels, model = file["labels"].astype(np.int64), file["pred_probs"].astype(np.float64)
    lines = [json.loads(line) for line in (folder / "mturk.jsonl").read_text().splitlines()]
    tasks = np.array([int(line["task"]) for line in lines])
    wrong = np.array([line["mturk"]["given"] < 3 for line in lines])
    return labels, model / model.sum(axis=1, keepdims=True), tasks, wrong


def _many(tasks: int) -> tuple[IntArray, FloatArray]:
    rng = np.random.default_rng(2)
    return rng.integers(CLASSES, size=tasks), rng.dirichlet(np.ones(CLASSES), size=tasks)


def _table(tasks: int) -> tuple[FloatArray, FloatArray]:
    """Votes of 20 people, three a task and NaN else, and a model that is honest about being right on 8 of 10."""
    rng = np.random.default_rng(3)
    truth = rng.integers(4, size=tasks)
    right = rng.random((tasks, 20)) < np.linspace(0.5, 0.95, 20)
    table = np.where(right, truth[:, None], rng.integers(4, size=(tasks, 20))).astype(np.float64)
    table[rng.random((tasks, 20)).argsort(axis=1) >= 3] = np.nan
    best = np.where(rng.random(tasks) < 0.8, truth, rng.integers(4, size=tasks))
    return table, 0.7 * np.eye(4)[best] + 0.3 * rng.dirichlet(np.ones(4), size=tasks)


def _votes(table: FloatArray, model: FloatArray) -> Votes:
    task, person = np.nonzero(~np.isnan(table))
    tasks, people = table.shape
    return Votes(task, person, table[task, person].astype(np.int64), tasks, people, model.shape[1], {}, model=model)


def _cleanlab(
    sets: dict[str, Checked], labels: IntArray, model: FloatArray, table: FloatArray, honest: FloatArray
) -> Any:
    arrays: dict[str, Any] = {"sets": np.array(list(sets)), "many_labels": labels, "many_model": model}
    for name, (given, probabilities, tasks, _) in sets.items():
        arrays |= {f"{name}_labels": given, f"{name}_model": probabilities, f"{name}_checked": tasks}
    arrays |= {"votes": table, "votes_model": honest}
    return run_beside(cleanlab_labels.__file__, cleanlab_labels.REQUIREMENTS, **arrays)


def _average_precisions(
    name: str, given: IntArray, probabilities: FloatArray, tasks: IntArray, wrong: BoolArray, theirs: Any
) -> None:
    print(f"   {name}: {len(tasks):,} checked (chosen by cleanlab), {int(wrong.sum()):,} confirmed")
    for score in SCORES:
        ours = average_precision(wrong, doubt_of_labels(given, probabilities, score)[tasks])
        beside = ""
        if theirs is not None:
            beside = f"  cleanlab {average_precision(wrong, -np.array(theirs['quality'][name][score])):.4f}"
        print(f"   {score:<30} average precision {ours:.4f}{beside}")


def average_precision(wrong: BoolArray, doubt: FloatArray) -> float:
    """Precision summed over the rises in recall, from the highest doubt; equal ones come together."""
    order = np.argsort(-doubt, kind="stable")
    found = np.cumsum(wrong[order])
    ends = np.flatnonzero(np.append(np.diff(doubt[order]) != 0, True))
    rises = np.diff(found[ends], prepend=0)
    return float((rises * found[ends] / (ends + 1)).sum() / wrong.sum())


def _seconds(what: str, name: str, ours: float, theirs: Any) -> None:
    beside = ""
    if theirs is not None and name in theirs["seconds"]:
        other = theirs["seconds"][name]
        beside = f"  cleanlab {other:.2f} s  x {other / max(ours, 1e-9):.1f}"
    print(f"   {what:<30} {ours:7.2f} s{beside}")
