"""Which regions of a task's annotators are about the same thing: at most one region of each annotator in a cluster."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from label_config.answers import Answer, Region, Regions

from ...distance.overlaps import ROUNDING, overlaps
from ...distance.packed_regions import PackedRegions, pack_regions
from ...records import BoolArray, CodedAnswers, FloatArray, IntArray

ALIKE = 0.5
"""Regions of two annotators are about the same thing from this similarity on (IoU 0.5, as COCO and VOC have it)."""


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """The regions of all answers, one after another, each once an answer.

    ``regions`` and ``packed`` hold them; ``task`` and ``annotator``, shape (regions,), say whose they are, as
    positions; -1 is the annotator of a ruling. ``label``, shape (regions,), is a position in ``label_sets``: the
    labels in the interface's order, then others by their text. ``rank``, shape (regions,), is each region's place in an
    order by where and what it is: the same for equal ones, whoever marked them.
    """

    regions: tuple[Region, ...]
    packed: PackedRegions
    task: IntArray
    annotator: IntArray
    label: IntArray
    label_sets: tuple[tuple[str, ...], ...]
    rank: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """What the regions are about: ``of``, shape (regions,), is the cluster of each; ``task`` has shape (clusters,).

    Clusters are in the order of their tasks, and within a task from left to right.
    """

    of: IntArray
    task: IntArray


def marked(coded: CodedAnswers) -> Marked:
    """The regions of all answers and rulings; what one answer marks twice counts once.

    Raises TypeError for answers that are no regions.
    """
    order = np.lexsort((coded.annotator, coded.task))
    rows = [*zip(*(part[order].tolist() for part in (coded.task, coded.annotator, coded.answer)), strict=True)]
    rows += [(task, -1, answer) for task, answer in sorted(coded.fixed.items())]
    task, annotator, answer = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    given = [_regions(coded.answers[place]) for place in answer.tolist()]
    found = _marked(given, task, annotator, coded.labels)
    again = _repeated(found)
    if not again.any():
        return found
    keep = iter((~again).tolist())
    return _marked([[one for one in own if next(keep)] for own in given], task, annotator, coded.labels)


def _regions(answer: Answer) -> Sequence[Region]:
    if not isinstance(answer, Regions):
        raise TypeError(f"{type(answer).__name__} marks no regions")
    return answer.regions


def _marked(given: Sequence[Sequence[Region]], task: IntArray, annotator: IntArray, labels: tuple[str, ...]) -> Marked:
    packed = pack_regions(given)
    whose = packed.answers
    sets, label = _label_sets(packed, labels)
    regions = tuple(itertools.chain.from_iterable(given))
    return Marked(regions, packed, task[whose], annotator[whose], label, sets, _ranks(regions, packed, label))


def _repeated(found: Marked) -> BoolArray:
    """(regions,): true for what the same answer has marked already."""
    answer = found.packed.answers
    order = np.lexsort((found.rank, answer))
    again = np.zeros(len(order), dtype=np.bool_)
    again[order[1:]] = (np.diff(answer[order]) == 0) & (np.diff(found.rank[order]) == 0)
    return again


def _label_sets(packed: PackedRegions, labels: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], IntArray]:
    """The sets of labels in an order that does not depend on the answers, and which of them each region has."""
    place = {label: number for number, label in enumerate(labels)}

    def at(label: str) -> tuple[int, str]:
        return place.get(label, len(place)), label

    named = [tuple(sorted(one, key=at)) for one in packed.label_sets]
    ordered = sorted(named, key=lambda one: [at(label) for label in one])
    number = {one: position for position, one in enumerate(ordered)}
    code = np.array([number[one] for one in named], dtype=np.int64)
    return tuple(ordered), code[packed.labels] if len(named) else packed.labels


def cluster(found: Marked) -> Clusters:
    """Join regions of different annotators that are alike, the most alike first, those with equal labels before others.

    Two clusters become one by the next pair of regions, one of either, unless some annotator has a region in both
    (greedy agglomeration under cannot-link constraints, Davidson and Ravi 2005). The order of answers and the ids of
    annotators make no difference. Raises ``TooManyOverlaps`` where there is no memory for what overlaps.
    """
    rank = found.rank
    left, right, similarity = _alike(found)
    count = len(found.regions)
    joined = sparse.coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    _, component = connected_components(joined, directed=False)
    whole = _agreed(found, component, left)
    of = np.where(whole[component], component, count + np.arange(count))
    rest = np.flatnonzero(~whole[component[left]])
    equal = found.label[left[rest]] == found.label[right[rest]]
    ranks = np.sort(np.stack([rank[left[rest]], rank[right[rest]]]), axis=0)
    order = rest[np.lexsort((ranks[1], ranks[0], -similarity[rest].round(12), ~equal))]
    if len(order):
        _merge(of, found.annotator, left[order].tolist(), right[order].tolist())
    return _in_order(found, of)


def _alike(found: Marked) -> tuple[IntArray, IntArray, FloatArray]:
    """The pairs of regions of different annotators that could be one: positions, and how alike they are."""
    packed = found.packed
    task = np.full(len(packed.sizes), -1, dtype=np.int64)
    task[packed.answers] = found.task
    one, other = pairs_within(task)
    parts = [
        (every.touching.left, every.touching.right, every.similarity)
        for block in overlaps(packed, one, other, labels=False)
        for every in [block.of(block.similarity >= ALIKE - ROUNDING)]
    ]
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros(0)
    left, right, similarity = (np.concatenate(part) for part in zip(*parts, strict=True))
    return left, right, similarity


def pairs_within(group: IntArray) -> tuple[IntArray, IntArray]:
    """Every two of one group, as positions; a negative group is none.

    >>> [part.tolist() for part in pairs_within(np.array([4, -1, 4, 2, 4]))]
    [[0, 0, 2], [2, 4, 4]]
    """
    places = np.flatnonzero(group >= 0)
    order = places[np.argsort(group[places], kind="stable")]
    size = np.bincount(group[places]) if len(places) else np.zeros(0, dtype=np.int64)
    end = np.repeat(np.cumsum(size), size)
    later = end - np.arange(len(order)) - 1
    first = np.repeat(np.arange(len(order)), later)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(later) - later, later)
    return order[first], order[second]


def _agreed(found: Marked, component: IntArray, left: IntArray) -> BoolArray:
    """(components,): true where all are alike and no annotator has two, so that they are one cluster."""
    size = np.bincount(component)
    pairs = np.bincount(component[left], minlength=len(size))
    keys = component * (int(found.annotator.max(initial=0)) + 2) + found.annotator + 1
    distinct = np.unique(keys)
    people = np.bincount(distinct // (int(found.annotator.max(initial=0)) + 2), minlength=len(size))
    agreed: BoolArray = (pairs == size * (size - 1) // 2) & (people == size)
    return agreed


def _merge(of: IntArray, annotator: IntArray, left: list[int], right: list[int]) -> None:
    """Join by these pairs in turn what may be joined; writes the first region's number for all of a cluster."""
    people = annotator.tolist()
    leader = {place: place for place in {*left, *right}}
    members = {place: [place] for place in leader}
    taken = {place: {people[place]} for place in leader}
    for one, other in zip(left, right, strict=True):
        a, b = leader[one], leader[other]
        if a == b or not taken[a].isdisjoint(taken[b]):
            continue
        if len(members[a]) < len(members[b]):
            a, b = b, a
        for place in members[b]:
            leader[place] = a
        members[a] += members.pop(b)
        taken[a] |= taken.pop(b)
    for first, places in members.items():
        of[places] = len(of) + first


def _ranks(regions: Sequence[Region], packed: PackedRegions, label: IntArray) -> IntArray:
    surfaces = sorted({one.where for one in regions})
    number = {where: place for place, where in enumerate(surfaces)}
    where = np.fromiter((number[one.where] for one in regions), np.int64, len(regions))
    shape = np.zeros(len(regions), dtype=np.int64)
    by_text = sorted((repr(drawn), place) for place, drawn in packed.shapes.items())
    texts: dict[str, int] = defaultdict(lambda: len(texts) + 1)
    for text, place in by_text:
        shape[place] = texts[text]
    columns = (label, shape, packed.kind, *packed.bounds[::-1], where)
    order = np.lexsort(columns)
    new = np.zeros(len(order), dtype=np.bool_)
    for column in columns:
        new[1:] |= column[order][1:] != column[order][:-1]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(new)
    return rank


def _in_order(found: Marked, of: IntArray) -> Clusters:
    """Number the clusters by task, then by the first of their regions."""
    ids, place = np.unique(of, return_inverse=True)
    first = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first, place, found.rank)
    task = np.zeros(len(ids), dtype=np.int64)
    task[place] = found.task
    order = np.lexsort((np.arange(len(ids)), first, task))
    number = np.empty(len(ids), dtype=np.int64)
    number[order] = np.arange(len(ids))
    return Clusters(number[place], task[order])
