"""Spans of text by what annotators say of each piece of it: a Dawid-Skene in sequence."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from label_config.answers import Region, Regions, Span

from ...evidence import ControlEvidence
from ...records import AnnotatorQuality, BoolArray, CodedAnswers, FloatArray, IntArray, TaskConsensus
from ..classes import TIE, quality_interval
from ..inference import Inferred
from .atoms import Runs, overlapping, runs_of
from .chain import STRENGTH, Tagged, tag_pieces
from .clusters import Marked, marked
from .existence import BELIEF, RECALL
from .matched import ruled_task
from .quality import USUAL

NESTED = 0.1
"""From this share of spans on that overlap another of their answer, each label has a sequence of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Spans as arrays: their task, place, label and support; and of each task what its silent runs leave open."""

    task: IntArray
    where: IntArray
    start: IntArray
    end: IntArray
    label: IntArray
    support: FloatArray
    nothing: FloatArray
    tie: BoolArray
    seen: BoolArray
    spoken: FloatArray


def token_dawid_skene(evidence: ControlEvidence) -> Inferred:
    """The consensus on spans of text: what each piece of text is, from everybody's confusion of labels.

    Texts are cut wherever a span starts or ends, so that no tokeniser is needed; a span begins, goes on, or ends at a
    piece. Where an annotator's own spans overlap, nothing is taken as said there; where a tenth of all spans do, each
    label has a sequence of its own, so that spans of different labels may overlap in the answer. ``support`` is the
    probability of a span's least certain piece; of an answer without spans the confidence is the probability that
    all is outside. A piece that is exactly undecided makes a tie: it is outside, or has the first label of the
    interface. A ruled task has the ruling's answer. Raises TypeError for regions that are no spans.
    """
    coded = evidence.coded
    found = marked(coded)
    sets = len(found.label_sets)
    if overlapping(found) < NESTED:
        drawn = [_drawn(coded, found, sets, None)]
    else:
        drawn = [_drawn(coded, _of_label(found, label), 1, label) for label in range(sets)]
    return Inferred(_tasks(coded, found, drawn), _qualities(coded, found, drawn))


def _of_label(found: Marked, label: int) -> Marked:
    """The regions of one label alone, as if it were the only one."""
    kept = np.flatnonzero(found.label == label)
    packed = found.packed
    part = replace(packed, bounds=packed.bounds[:, kept], kind=packed.kind[kept], where=packed.where[kept])
    return replace(
        found, packed=part, task=found.task[kept], annotator=found.annotator[kept], label=np.zeros(len(kept), np.int64)
    )


def _drawn(coded: CodedAnswers, found: Marked, labels: int, label: int | None) -> _Drawn:
    """The spans of the most probable tags."""
    runs = runs_of(coded, found)
    tagged = tag_pieces(runs, len(coded.annotators), labels)
    tags = 2 * labels + 1
    at = np.searchsorted(tagged.piece * tags + tagged.states, np.arange(len(runs.run)) * tags + tagged.tag)
    sure = tagged.probability[at]
    inside = tagged.tag > 0
    begins = inside & ((tagged.tag % 2 == 1) | ~np.append([False], inside[:-1]) | (np.diff(runs.run, prepend=-1) > 0))
    first = np.flatnonzero(begins)
    span = np.cumsum(begins)[inside] - 1
    support = np.ones(len(first))
    np.minimum.at(support, span, sure[inside])
    end = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(end, span, runs.end[inside])
    run = runs.run[first]
    nothing, tie = _left_open(runs, tagged, sure, len(coded.tasks))
    return _Drawn(
        task=runs.task[run],
        where=runs.where[run],
        start=runs.start[first],
        end=end,
        label=(tagged.tag[first] - 1) // 2 if label is None else np.full(len(first), label),
        support=support,
        nothing=nothing,
        tie=tie,
        seen=np.bincount(runs.task, minlength=len(coded.tasks)) > 0,
        spoken=tagged.spoken,
    )


def _left_open(runs: Runs, tagged: Tagged, sure: FloatArray, tasks: int) -> tuple[FloatArray, BoolArray]:
    """Of each task the probability that all is outside, by the least certain piece of each run; and whether it ties."""
    outside = np.zeros(len(runs.run))
    zero = tagged.states == 0
    outside[tagged.piece[zero]] = tagged.probability[zero]
    least = np.ones(len(runs.task))
    np.minimum.at(least, runs.run, outside)
    nothing = np.exp(np.bincount(runs.task, np.log(np.maximum(least, 1e-12)), minlength=tasks))
    as_good = np.bincount(tagged.piece, tagged.probability >= sure[tagged.piece] - TIE, minlength=len(runs.run)) > 1
    tie: BoolArray = np.bincount(runs.task[runs.run], as_good, minlength=tasks) > 0
    return nothing, tie


def _tasks(coded: CodedAnswers, found: Marked, drawn: list[_Drawn]) -> tuple[TaskConsensus, ...]:
    names = dict(zip(found.packed.where.tolist(), (one.where for one in found.regions), strict=True))
    spans: list[list[tuple[Region, float]]] = [[] for _ in coded.tasks]
    parts = [(d.task, d.where, d.start, d.end, d.label, d.support) for d in drawn]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.zeros(0)] * 6
    surface = _by_name(names, columns[1].astype(np.int64))
    order = np.lexsort([*columns[4:1:-1], surface, columns[0]]) if parts else np.zeros(0, dtype=np.int64)
    for task, where, start, end, label, p in zip(*(column[order].tolist() for column in columns), strict=True):
        spans[task].append((Region(Span(start, end), found.label_sets[label], names[where]), p))
    answers = np.bincount(coded.task, minlength=len(coded.tasks))
    seen = np.any([d.seen for d in drawn], axis=0) if drawn else np.zeros(len(coded.tasks), dtype=np.bool_)
    open_ = np.prod([d.nothing for d in drawn], axis=0) if drawn else np.ones(len(coded.tasks))
    nothing = np.where(seen, open_, _silence(answers))
    tie = np.any([d.tie for d in drawn], axis=0) if drawn else np.zeros(len(coded.tasks), dtype=np.bool_)
    made = []
    for place, (task, own) in enumerate(zip(coded.tasks, spans, strict=True)):
        if place in coded.fixed:
            made.append(ruled_task(coded, place, int(answers[place])))
            continue
        support = tuple(p for _, p in own)
        confidence = sum(support) / len(support) if own else float(nothing[place])
        answer = Regions(tuple(region for region, _ in own))
        made.append(
            TaskConsensus(task, answer, confidence, None, int(answers[place]), bool(tie[place]), support=support)
        )
    return tuple(made)


def _by_name(names: Mapping[int, str], where: IntArray) -> IntArray:
    """The surfaces' places in the order of their names: their numbers depend on the order of the answers."""
    ranks = np.zeros(max(names, default=0) + 1, dtype=np.int64)
    for rank, number in enumerate(sorted(names, key=names.__getitem__)):
        ranks[number] = rank
    found: IntArray = ranks[where]
    return found


def _silence(answers: IntArray) -> FloatArray:
    """The probability that nothing is there where so many annotators marked nothing, as believed beforehand."""
    odds = (RECALL / (1 - RECALL)) ** np.minimum(answers, 30)
    found: FloatArray = odds / (1 + odds)
    return found


def _qualities(coded: CodedAnswers, found: Marked, drawn: list[_Drawn]) -> tuple[AnnotatorQuality, ...]:
    """F1 of the pieces that are in a span, drawn to that of all; confusions of labels, drawn to that of all."""
    counts = np.bincount(coded.annotator, minlength=len(coded.annotators))
    right = sum((np.trace(d.spoken[:, 1:, 1:], axis1=1, axis2=2) for d in drawn), np.zeros(len(counts)))
    marks = sum((d.spoken[:, :, 1:].sum(axis=(1, 2)) for d in drawn), np.zeros(len(counts)))
    there = sum((d.spoken[:, 1:].sum(axis=(1, 2)) for d in drawn), np.zeros(len(counts)))
    total = (marks + there) / 2
    usual = (right.sum() + BELIEF * USUAL) / (total.sum() + BELIEF)
    quality = (right + STRENGTH * usual) / (total + STRENGTH)
    low, high = quality_interval(quality, total + STRENGTH / 2)
    names = ["", *(", ".join(labels) for labels in found.label_sets)]
    tables = _confusions(drawn[0].spoken) if len(drawn) == 1 and len(names) > 1 else None
    return tuple(
        AnnotatorQuality(
            annotator=annotator,
            quality=float(quality[place]),
            annotations=int(counts[place]),
            confusion={
                name: dict(zip(names, row, strict=True))
                for name, row in zip(names, tables[place].tolist(), strict=True)
            }
            if tables is not None
            else {},
            low=float(low[place]),
            high=float(high[place]),
        )
        for place, annotator in enumerate(coded.annotators)
    )


def _confusions(spoken: FloatArray) -> FloatArray:
    """Rows that sum to 1: (annotators, right label, label given), label 0 being outside."""
    pooled = spoken.sum(axis=0) + np.eye(spoken.shape[1]) + 0.1 / spoken.shape[1]
    counts = spoken + STRENGTH * pooled / pooled.sum(axis=1, keepdims=True)
    found: FloatArray = counts / counts.sum(axis=2, keepdims=True)
    return found
