"""The consensus on regions: names that a real crowd marked, beside votes; masks, beside crowd-kit's methods."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from label_config.answers import Answer, Mask, Region, Regions, Span
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.consensus import infer
from sync.quality.distance.shapes import similarity
from sync.quality.evidence import ControlEvidence

from . import crowd_kit_masks
from .others import cpu, run_beside
from .real_data import FOLDER

Found = Mapping[int, set[Region]]


def run(*, quick: bool) -> None:
    """Print the F1 of names by votes and by ours, seconds of many spans, and the IoU of masks."""
    _names()
    _speed(2_000 if quick else 100_000)
    _masks(10 if quick else 100, beside=not quick)


def _names() -> None:
    folder = FOLDER / "conll_crowd"
    if not folder.is_dir():
        print(f"   no names: {folder} is no folder (set TIEBREAK_SHARED_DATA)")
        return
    evidence, truth, people = _crowd(folder)
    worked = {task: marks for task, marks in truth.items() if people[task]}
    print(
        f"   conll_crowd, exact span and type        F1 %   without the {len(truth) - len(worked)} text of no annotator"
    )
    votes: dict[int, Counter[Region]] = defaultdict(Counter)
    coded = evidence.coded
    for task, answer in zip(coded.task.tolist(), coded.answer.tolist(), strict=True):
        votes[coded.tasks[task]].update(_marks(coded.answers[answer]))
    needs = [(f"{least} or more votes", [least] * len(people)) for least in range(1, 6)]
    needs.append(("at least half of the votes", [-(-count // 2) for count in people]))
    for name, least in needs:
        kept = {task: {one for one, n in own.items() if n >= least[task]} for task, own in votes.items()}
        print(f"   {name:38} {100 * _f1(kept, truth):6.2f} {100 * _f1(kept, worked):6.2f}")
    for method in ("auto", "matched-regions", "token-dawid-skene", "medoid"):
        seconds, found = cpu(partial(infer, evidence, method))
        kept = {task.task: _marks(task.answer) for task in found.tasks}
        scores = f"{100 * _f1(kept, truth):6.2f} {100 * _f1(kept, worked):6.2f}"
        print(f"   {method:38} {scores}   {seconds:.1f} s")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _crowd(folder: Path) -> tuple[ControlEvidence, dict[int, set[Region]], list[int]]:
    """Every worked pair, the truth of every text, and how many annotators each text has."""
    given: dict[tuple[str, str], list[Region]] = {(r["task"], r["worker"]): [] for r in _lines(folder / "done.jsonl")}
    truth: dict[str, set[Region]] = defaultdict(set)
    for row in _lines(folder / "annotations.jsonl"):
        given[row["task"], row["worker"]].append(Region(Span(row["start"], row["end"]), (row["label"],)))
    for row in _lines(folder / "gold.jsonl"):
        truth[row["task"]].add(Region(Span(row["start"], row["end"]), (row["label"],)))
    worked = Counter(task for task, _ in given)
    tasks = {name: place for place, name in enumerate(sorted(truth))}
    people = {name: place for place, name in enumerate(sorted({person for _, person in given}))}
    control = Control("ner", "Labels", ("text",), ("PER", "LOC", "ORG", "MISC"), family=Family.REGIONS)
    rows = [(tasks[task], people[person], Regions(tuple(own))) for (task, person), own in given.items()]
    marks = {tasks[name]: own for name, own in truth.items()}
    return ControlEvidence(control, encode(control, rows)), marks, [worked[name] for name in tasks]


def _marks(answer: Answer) -> set[Region]:
    return set(answer.regions) if isinstance(answer, Regions) else set()


def _f1(found: Found, truth: Found) -> float:
    hits = sum(len(found.get(task, set()) & marks) for task, marks in truth.items())
    return 2 * hits / (sum(map(len, found.values())) + sum(map(len, truth.values())))


def _speed(tasks: int) -> None:
    """Three annotators a text, two or three spans each."""
    rng = np.random.default_rng(1)
    control = Control("ner", "Labels", ("text",), ("a", "b", "c"), family=Family.REGIONS)
    rows: list[tuple[int, int, Answer]] = []
    for task in range(tasks):
        starts = 20 * np.arange(rng.integers(2, 4)) + rng.integers(0, 8)
        for person in rng.choice(50, 3, replace=False).tolist():
            kept = starts[rng.random(len(starts)) < 0.9] - rng.integers(0, 2)
            label = "abc"[int(rng.integers(3))] if rng.random() < 0.1 else "a"
            rows.append((task, person, Regions(tuple(Region(Span(at + 1, at + 9), (label,)) for at in kept.tolist()))))
    evidence = ControlEvidence(control, encode(control, rows))
    for method in ("matched-regions", "token-dawid-skene"):
        seconds, _ = cpu(partial(infer, evidence, method))
        print(f"   {tasks:,} texts, 3 annotators each: {method:20} {seconds:6.2f} s")


def _masks(tasks: int, *, beside: bool) -> None:
    """Discs drawn by five annotators of unlike skill: moved, and ragged at random pixels."""
    truth, drawn = _discs(tasks)
    control = Control("mask", "BrushLabels", ("image",), ("disc",), family=Family.REGIONS)
    rows = [
        (task, person, Regions((Region(_mask(pixels), ("disc",)),)))
        for task, own in enumerate(drawn)
        for person, pixels in enumerate(own)
    ]
    evidence = ControlEvidence(control, encode(control, rows))
    seconds, found = cpu(lambda: infer(evidence, "matched-regions"))
    ours = [answer.regions[0].shape for task in found.tasks for answer in [task.answer] if isinstance(answer, Regions)]
    iou = float(similarity(ours, [_mask(pixels) for pixels in truth]).mean())
    print(f"   masks of {tasks} discs: matched-regions      IoU {iou:.4f}  {seconds:.2f} s")
    theirs = (
        run_beside(crowd_kit_masks.__file__, crowd_kit_masks.REQUIREMENTS, truth=truth, drawn=drawn) if beside else None
    )
    for name, result in (theirs or {}).items():
        print(f"   masks of {tasks} discs: crowd-kit {name:10} IoU {result['iou']:.4f}  {result['seconds']:.2f} s")


def _discs(tasks: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    rng = np.random.default_rng(2)
    side, people = 48, 5
    y, x = np.mgrid[:side, :side]

    def disc(across: float, down: float, radius: float) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (x - across) ** 2 + (y - down) ** 2 <= radius**2
        return inside

    truth, drawn = np.zeros((tasks, side, side), np.bool_), np.zeros((tasks, people, side, side), np.bool_)
    for task in range(tasks):
        across, down, radius = *rng.uniform(18, 30, 2), rng.uniform(8, 14)
        truth[task] = disc(across, down, radius)
        for person in range(people):
            off = rng.normal(0, 0.5 + person / 2, 3)
            ragged = rng.random((side, side)) < 0.01 * (1 + person)
            drawn[task, person] = disc(across + off[0], down + off[1], radius + off[2]) ^ ragged
    return truth, drawn


def _mask(pixels: NDArray[np.bool_]) -> Mask:
    flat = pixels.ravel()
    turns = np.flatnonzero(np.diff(flat.astype(np.int8), prepend=0))
    return Mask(pixels.shape[1], pixels.shape[0], tuple(np.diff(turns, prepend=0, append=len(flat)).tolist()))
