"""Text cut wherever some span starts or ends, and what each annotator says of each piece: nothing, begin or inside."""

from dataclasses import dataclass

import numpy as np

from ...distance.packed_regions import SPAN
from ...records import BoolArray, CodedAnswers, FloatArray, IntArray
from .clusters import Marked


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Pieces of text that follow each other without a gap that nobody marked: a run is a stretch of them.

    Pieces are in the order of runs and places: ``start`` and ``end`` are their characters, ``run`` is the run of each,
    shape (pieces,). ``task`` and ``where`` (a number of the packed regions) have the shape (runs,). A tag is 0 for
    outside, 2 label + 1 for the begin and 2 label + 2 for the inside of a span. Annotators' tags are parallel:
    ``piece``, ``annotator`` and ``tag``; where an annotator's own spans overlap there is none. ``known``, shape
    (pieces,), is the tag of a ruling, -1 without one.
    """

    start: IntArray
    end: IntArray
    run: IntArray
    task: IntArray
    where: IntArray
    piece: IntArray
    annotator: IntArray
    tag: IntArray
    known: IntArray

    @property
    def lengths(self) -> IntArray:
        """How many pieces each run has, shape (runs,)."""
        return np.bincount(self.run, minlength=len(self.task))


def runs_of(coded: CodedAnswers, found: Marked) -> Runs:
    """Cut the texts of all tasks; raises TypeError where some region is no span."""
    packed = found.packed
    if np.any(packed.kind != SPAN):
        raise TypeError("token-dawid-skene is for spans of text; for other regions there is matched-regions")
    surfaces = max(1, int(packed.where.max(initial=0)) + 1)
    text = found.task * surfaces + packed.where
    start, end = (packed.bounds[side].astype(np.int64) for side in (0, 2))
    width = int(end.max(initial=0)) + 2
    cuts = np.unique(np.concatenate([text * width + start, text * width + end]))
    depth = np.zeros(len(cuts) + 1, dtype=np.int64)
    first, last = np.searchsorted(cuts, text * width + start), np.searchsorted(cuts, text * width + end)
    np.add.at(depth, first, 1)
    np.add.at(depth, last, -1)
    inside = np.flatnonzero(np.cumsum(depth)[:-1] > 0)
    number = np.full(len(cuts) + 1, -1, dtype=np.int64)
    number[inside] = np.arange(len(inside))
    new = np.diff(inside, prepend=-2) > 1
    heads = cuts[inside[new]] // width
    size = last - first
    region = np.repeat(np.arange(len(first)), size)
    within = np.arange(len(region)) - np.repeat(np.cumsum(size) - size, size)
    piece = number[first[region] + within]
    tag = 2 * found.label[region] + np.where(within == 0, 1, 2)
    run = np.cumsum(new) - 1
    task = heads // surfaces
    piece, who, tag, known = _said(coded, task[run], piece, found.annotator[region], tag)
    return Runs(
        start=cuts[inside] % width,
        end=cuts[inside + 1] % width if len(inside) else inside,
        run=run,
        task=task,
        where=heads % surfaces,
        piece=piece,
        annotator=who,
        tag=tag,
        known=known,
    )


def _said(
    coded: CodedAnswers, task: IntArray, piece: IntArray, annotator: IntArray, tag: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Everybody's tag of every piece of their tasks, and the rulings' tags."""
    people = max(1, len(coded.annotators)) + 1
    order = np.lexsort((coded.annotator, coded.task))
    answered = np.bincount(coded.task, minlength=len(coded.tasks))
    starts = np.cumsum(answered) - answered
    size = answered[task]
    pieces = np.repeat(np.arange(len(task)), size)
    within = np.arange(len(pieces)) - np.repeat(np.cumsum(size) - size, size)
    who = coded.annotator[order][starts[task][pieces] + within]
    keys = piece * people + annotator + 1
    marked, first, times = np.unique(keys, return_index=True, return_counts=True)
    tags = np.where(times == 1, tag[first], -1)

    def tag_of(wanted: IntArray) -> IntArray:
        if not len(marked):
            return np.zeros(len(wanted), dtype=np.int64)
        place = np.minimum(np.searchsorted(marked, wanted), len(marked) - 1)
        return np.where(marked[place] == wanted, tags[place], 0)

    given = tag_of(pieces * people + who + 1)
    ruled = np.zeros(len(coded.tasks) + 1, dtype=np.bool_)
    ruled[list(coded.fixed)] = True
    known = np.where(ruled[task], tag_of(np.arange(len(task)) * people), -1)
    heard: BoolArray = given >= 0
    return pieces[heard], who[heard], given[heard], known


def overlapping(found: Marked) -> float:
    """The share of spans that overlap another span of the same answer, in [0, 1]; 0 without spans."""
    if not len(found.regions):
        return 0.0
    packed = found.packed
    order = np.lexsort((packed.bounds[2], packed.bounds[0], packed.where, packed.answers))
    group = packed.answers[order] * (int(packed.where.max(initial=0)) + 1) + packed.where[order]
    start, end = packed.bounds[0][order], packed.bounds[2][order]
    reach = _reached(group, end)
    over = np.zeros(len(order), dtype=np.bool_)
    over[1:] = (group[1:] == group[:-1]) & (start[1:] < reach[:-1])
    return float(np.mean(over))


def _reached(group: IntArray, end: FloatArray) -> FloatArray:
    """The furthest end so far in each group."""
    width = float(end.max(initial=0.0)) + 1
    number = np.cumsum(np.diff(group, prepend=-1) != 0)
    found: FloatArray = np.maximum.accumulate(number * width + end) - number * width
    return found
