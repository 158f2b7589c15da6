"""Boxes and spans of all pairs of annotators, beside plain Python with scipy, and beside seqeval.

Cpu seconds of one run. seqeval lives in a virtual environment that is made for the run and thrown away, or in the one
whose interpreter TIEBREAK_ORACLES names; the real spans are in the folder that TIEBREAK_SHARED_DATA names.
"""

import csv
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from label_config.answers import Box, Region, Regions, Span
from label_config.model import Control, Family
from sync.quality.distance import distance
from sync.quality.distance.comparison import Comparison
from sync.quality.distance.packed_regions import pack_boxes, pack_spans
from sync.quality.distance.regions import f1_exact, soft_f1
from sync.quality.records import FloatArray, IntArray

from . import seqeval_pairs
from .others import cpu, run_beside
from .real_data import FOLDER

PEOPLE, BOXES, NAMES = 3, 5, ("car", "van", "bus")

T = TypeVar("T")


@dataclass(frozen=True)
class Marked:
    """Regions as flat arrays, and all pairs of answers to one task; of spans ``bounds`` are their ends."""

    bounds: FloatArray
    labels: IntArray
    offsets: IntArray
    names: tuple[str, ...]
    left: IntArray
    right: IntArray

    def part(self, pairs: int) -> "Marked":
        """The first pairs alone, and the answers that they need."""
        left, right = self.left[:pairs], self.right[:pairs]
        answers = int(max(left.max(), right.max())) + 1
        regions = int(self.offsets[answers])
        return Marked(
            self.bounds[:regions], self.labels[:regions], self.offsets[: answers + 1], self.names, left, right
        )


def run(*, quick: bool) -> None:
    """Print the seconds of each, and how many times longer the others take."""
    _boxes(2_000 if quick else 100_000, 300 if quick else 6_000)
    for tasks in () if quick else (1_000, 10_000, 100_000):
        marked = _drawn(tasks)
        ours, _ = cpu(partial(_our_boxes, marked))
        name, each = f"3 labels, from arrays, {tasks:,} tasks", 1e6 * ours / len(marked.left)
        print(f"   {name:36}  {ours:7.3f} s  {each:.1f} us a pair")
    _spans(quick=quick)


def _boxes(tasks: int, sample: int) -> None:
    print(f"   {tasks:,} tasks x {PEOPLE} annotators x {BOXES} boxes, {3 * tasks:,} pairs of answers matched optimally")
    marked = _drawn(tasks)
    one_label = replace(marked, labels=np.zeros_like(marked.labels))
    for name, given in (("one label", one_label), (f"{len(NAMES)} labels", marked)):
        part = given.part(sample)
        ours, found = cpu(partial(_our_boxes, given))
        plain, expected = cpu(partial(_plain_boxes, part))
        assert np.allclose(found[:sample], expected, atol=1e-9), "the matchings differ"
        plain *= len(given.left) / sample
        _beside(f"{name}, from arrays", ours, plain, sample)
    objects = _objects(marked)
    control = Control("boxes", "RectangleLabels", ("image",), NAMES, family=Family.REGIONS)
    comparison = Comparison(control, objects, marked.left, marked.right, np.ones(len(objects)))
    ours, same = cpu(lambda: distance(control, "iou")(comparison))
    assert np.allclose(found, same, atol=1e-9), "answers and arrays differ"
    plain, _ = cpu(lambda: _plain_objects(objects, part))
    plain *= len(marked.left) / sample
    _beside(f"{len(NAMES)} labels, from Answer objects", ours, plain, sample)


def _beside(name: str, ours: float, plain: float, sample: int) -> None:
    print(f"   {name:36}  {ours:7.3f} s")
    print(f"   {'plain Python + scipy':36}  {plain:7.2f}  s  x {plain / ours:.0f}  (scaled from {sample:,} pairs)")


def _drawn(tasks: int) -> Marked:
    """Boxes that annotators draw a little differently, in an order of their own, one label in ten another."""
    rng = np.random.default_rng(1)
    corner = 80 * rng.random((tasks, 1, BOXES, 2))
    truth = np.concatenate([corner, corner + 10 + 25 * rng.random(corner.shape)], axis=3)
    corners = truth + rng.uniform(-2, 2, (tasks, PEOPLE, BOXES, 4))
    labels = np.repeat(rng.integers(len(NAMES), size=(tasks, 1, BOXES)), PEOPLE, axis=1)
    labels = np.where(rng.random(labels.shape) < 0.1, rng.integers(len(NAMES), size=labels.shape), labels)
    order = rng.permuted(np.tile(np.arange(BOXES), (tasks, PEOPLE, 1)), axis=2)
    corners, labels = np.take_along_axis(corners, order[..., None], 2), np.take_along_axis(labels, order, 2)
    pairs = np.array(list(itertools.combinations(range(PEOPLE), 2)))
    left, right = (np.arange(tasks)[:, None] * PEOPLE + pairs[:, side] for side in (0, 1))
    offsets = np.arange(0, tasks * PEOPLE * BOXES + 1, BOXES)
    return Marked(corners.reshape(-1, 4), labels.ravel(), offsets, NAMES, left.ravel(), right.ravel())


def _our_boxes(marked: Marked) -> FloatArray:
    packed = pack_boxes(marked.bounds, marked.labels, marked.offsets, marked.names)
    return soft_f1(packed, marked.left, marked.right)


def _objects(marked: Marked) -> list[Regions]:
    boxes = [
        Region(Box(x, y, far_x - x, far_y - y), (marked.names[label],))
        for (x, y, far_x, far_y), label in zip(marked.bounds.tolist(), marked.labels.tolist(), strict=True)
    ]
    cuts = marked.offsets.tolist()
    return [Regions(tuple(boxes[start:end])) for start, end in itertools.pairwise(cuts)]


def _plain_boxes(marked: Marked) -> FloatArray:
    """What one would write: lists, a loop over two boxes, and scipy's matching of each pair of answers."""
    boxes, labels, offsets = marked.bounds.tolist(), marked.labels.tolist(), marked.offsets.tolist()
    found = []
    for left, right in zip(marked.left.tolist(), marked.right.tolist(), strict=True):
        ours, theirs = range(offsets[left], offsets[left + 1]), range(offsets[right], offsets[right + 1])
        table = [[_iou(boxes[i], boxes[j]) if labels[i] == labels[j] else 0.0 for j in theirs] for i in ours]
        found.append(_matched(table))
    return np.array(found)


def _plain_objects(answers: list[Regions], marked: Marked) -> FloatArray:
    found = []
    for left, right in zip(marked.left.tolist(), marked.right.tolist(), strict=True):
        table = [
            [
                _iou(_corners(one), _corners(other)) if one.labels == other.labels else 0.0
                for other in answers[right].regions
            ]
            for one in answers[left].regions
        ]
        found.append(_matched(table))
    return np.array(found)


def _corners(region: Region) -> tuple[float, float, float, float]:
    box = region.shape
    assert isinstance(box, Box)
    return box.x, box.y, box.x + box.width, box.y + box.height


def _iou(one: Any, other: Any) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    area = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return float(shared / (area - shared))


def _matched(table: list[list[float]]) -> float:
    similarity = np.array(table)
    total = similarity[linear_sum_assignment(similarity, maximize=True)].sum()
    return float(1 - 2 * total / sum(similarity.shape))


def _spans(*, quick: bool) -> None:
    folder = FOLDER / "conll_crowd"
    if not folder.is_dir():
        print(f"   no spans: {folder} is no folder (TIEBREAK_SHARED_DATA names another)")
        return
    marked, tokens = _crowd(folder)
    ours, found = cpu(lambda: 1 - _our_spans(marked))
    answers, same = cpu(lambda: 1 - _span_objects(marked))
    assert np.array_equal(found, same), "answers and arrays differ"
    print(f"   {len(marked.labels):,} spans of {len(marked.offsets) - 1} answers, {len(marked.left):,} pairs, exact F1")
    print(f"   from arrays                           {ours:7.4f} s")
    print(f"   from Answer objects, and making them  {answers:7.4f} s")
    theirs = None if quick else _seqeval(marked, tokens)
    if theirs is not None:
        both_empty = np.diff(marked.offsets)[marked.left] + np.diff(marked.offsets)[marked.right] == 0
        assert np.allclose(np.where(both_empty, 0.0, found), theirs["values"]), "seqeval gives other values"
        ratios = f"x {theirs['seconds'] / ours:,.0f}, x {theirs['seconds'] / answers:,.0f}"
        print(f"   seqeval 1.2.2, pair by pair           {theirs['seconds']:7.4f} s  {ratios}, the same values")


def _crowd(folder: Path) -> tuple[Marked, Mapping[str, IntArray]]:
    """All answers, also those without a span, and where the tokens of each task's text start.

    Spans that overlap an earlier one of the same answer are left out: tags can't say them.
    """
    spans: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    for name in ("done", "annotations"):
        for line in (folder / f"{name}.jsonl").read_text().splitlines():
            row = json.loads(line)
            own = spans.setdefault((row["task"], row["worker"]), [])
            if name == "annotations":
                own.append((row["start"], row["end"], row["label"]))
    with (folder / "items.csv").open(newline="") as file:
        texts = {row["task"]: row["text"] for row in csv.DictReader(file)}
    keys = sorted(spans)
    kept = [_apart(spans[key]) for key in keys]
    names = tuple(sorted({label for own in kept for _, _, label in own}))
    flat = [span for own in kept for span in own]
    tasks = sorted({task for task, _ in keys})
    answers = [[place for place, key in enumerate(keys) if key[0] == task] for task in tasks]
    pairs = np.array([pair for own in answers for pair in itertools.combinations(own, 2)])
    marked = Marked(
        np.array([span[:2] for span in flat]),
        np.array([names.index(label) for _, _, label in flat]),
        np.concatenate([[0], np.cumsum([len(own) for own in kept])]),
        names,
        pairs[:, 0],
        pairs[:, 1],
    )
    starts = [
        _tokens(texts[task], [span for place in own for span in kept[place]])
        for task, own in zip(tasks, answers, strict=True)
    ]
    return marked, {
        "starts": np.concatenate(starts),
        "first": np.concatenate([[0], np.cumsum([len(own) for own in starts])]),
        "task": np.array([tasks.index(task) for task, _ in keys]),
    }


def _apart(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _tokens(text: str, spans: list[tuple[int, int, str]]) -> IntArray:
    """Where tokens start: after white space, and where any span starts or ends; so every span is some tokens."""
    words = [place for place in range(len(text)) if place == 0 or text[place - 1].isspace()]
    return np.unique(np.array([*words, *(end for span in spans for end in span[:2])], dtype=np.int64))


def _our_spans(marked: Marked) -> FloatArray:
    return f1_exact(pack_spans(marked.bounds, marked.labels, marked.offsets, marked.names), marked.left, marked.right)


def _span_objects(marked: Marked) -> FloatArray:
    spans = [
        Region(Span(start, end), (marked.names[label],))
        for (start, end), label in zip(marked.bounds.tolist(), marked.labels.tolist(), strict=True)
    ]
    answers = [Regions(tuple(spans[start:end])) for start, end in itertools.pairwise(marked.offsets.tolist())]
    control = Control("ner", "Labels", ("text",), marked.names, family=Family.REGIONS)
    comparison = Comparison(control, answers, marked.left, marked.right, np.ones(len(answers)))
    return distance(control, "f1_exact")(comparison)


def _seqeval(marked: Marked, tokens: Mapping[str, IntArray]) -> Mapping[str, Any] | None:
    """What seqeval takes and gives; None, with a line that says why, where it cannot be had."""
    arrays = {"ends": marked.bounds, "labels": marked.labels, "offsets": marked.offsets, "names": marked.names}
    found: Mapping[str, Any] | None = run_beside(
        seqeval_pairs.__file__, seqeval_pairs.REQUIREMENTS, **arrays, left=marked.left, right=marked.right, **tokens
    )
    return found
