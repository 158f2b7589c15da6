"""Coincidences of units on continua: how much of which label meets how much of which, task by task.

Everything comes from sorted ends, so that the cost depends on the number of units and not on the length of texts.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ..records import BoolArray, FloatArray, IntArray
from .continua import Continua


@dataclass(frozen=True, eq=False)
class Coincidences:
    """The sums behind the coefficients, a row for each task in which somebody of two or more marked something.

    ``values`` are the sets of label codes in use. Lengths count once an annotator: ``total`` (tasks,) of the continua,
    ``gap`` (tasks,) of what is unmarked, ``marked`` (tasks, values) of what has each value. Coincidences of two
    annotators count 1 / (annotators - 1): ``gaps`` (tasks,) of two gaps, ``same`` (tasks, values) of that value with
    itself, ``met`` (tasks, values) of that value with any. ``own`` and ``own_met`` (tasks, values) are what pairs of a
    unit with itself would add to the expected ones: the squares of
    the units' lengths, and of how much of them is met.
    """

    values: tuple[tuple[int, ...], ...]
    grain: float
    total: FloatArray
    gap: FloatArray
    gaps: FloatArray
    marked: sparse.csr_array
    same: sparse.csr_array
    met: sparse.csr_array
    own: sparse.csr_array
    own_met: sparse.csr_array

    @cached_property
    def all_same(self) -> FloatArray:
        """``same`` over all values: (tasks,); so the next ones."""
        return over_values(self.same)

    @cached_property
    def all_met(self) -> FloatArray:
        """``met`` over all values."""
        return over_values(self.met)

    @cached_property
    def all_own(self) -> FloatArray:
        """``own`` over all values, and of gaps each least part with itself."""
        return over_values(self.own) + self.grain * self.gap

    @cached_property
    def all_own_met(self) -> FloatArray:
        """``own_met`` over all values."""
        return over_values(self.own_met)


def over_values(table: sparse.csr_array) -> FloatArray:
    """The sum of each row: (tasks, values) -> (tasks,)."""
    return np.asarray(table.sum(axis=1), dtype=np.float64).ravel()


def coincidences(continua: Continua) -> Coincidences:
    """Everything that unitized alphas are computed from; continua with one line are left out.

    >>> from .continua import from_arrays
    >>> lines = np.array([0, 1]), np.array([0.0, 2.0]), np.array([4.0, 6.0]), np.array([0, 1])
    >>> found = coincidences(from_arrays((np.zeros(2, int), np.arange(2)), lines))
    >>> found.total, found.gap, found.gaps, found.met.toarray(), found.same.toarray()
    (array([12.]), array([4.]), array([0.]), array([[2., 2.]]), array([[0., 0.]]))
    """
    people, pieces = continua.annotators, _pieces(continua)
    paired = np.flatnonzero(people >= 2)
    task = np.full(len(people), -1)
    _, task[paired] = np.unique(continua.task[paired], return_inverse=True)
    pieces = pieces.of(task[continua.continuum[pieces.line]] >= 0)
    about = continua.continuum[pieces.line]
    meetings = _meetings(about, pieces, people)
    tasks, values = int(task.max(initial=-1)) + 1, len(pieces.values)

    def table(places: IntArray, amounts: FloatArray) -> sparse.csr_array:
        """The sum of amounts that pieces have, by task and value; ``places`` are the pieces'."""
        cells = task[about[places]], pieces.value[places]
        return sparse.csr_array((amounts, cells), shape=(tasks, values))

    def by_task(continuum: IntArray, amounts: FloatArray) -> FloatArray:
        return np.bincount(task[continuum], weights=amounts, minlength=tasks).astype(np.float64)

    size, each = pieces.end - pieces.start, np.arange(len(pieces.line))
    length = continua.high - continua.low
    met = np.bincount(meetings.piece, weights=meetings.met, minlength=len(each)).astype(np.float64)
    total = by_task(paired, (length * people)[paired])
    marked = table(each, size)
    return Coincidences(
        values=pieces.values,
        grain=continua.grain,
        total=total,
        gap=total - over_values(marked),
        gaps=total - by_task(meetings.continuum, meetings.not_gaps),
        marked=marked,
        same=table(meetings.piece, meetings.same),
        met=table(meetings.piece, meetings.met),
        own=table(each, size**2),
        own_met=table(each, met**2),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Units cut where those of one line overlap: no two of a line share a place. ``value`` is a place in ``values``."""

    line: IntArray
    start: FloatArray
    end: FloatArray
    value: IntArray
    values: tuple[tuple[int, ...], ...]

    def of(self, chosen: BoolArray) -> "_Pieces":
        """The chosen ones."""
        return _Pieces(self.line[chosen], self.start[chosen], self.end[chosen], self.value[chosen], self.values)


def _pieces(continua: Continua) -> _Pieces:
    real = continua.end > continua.start
    line, label = continua.line[real], continua.label[real]
    start, end = continua.start[real], continua.end[real]
    points, owner, first, last = _points(line, start, end)
    unit, point = _covered(first, last)
    labels = int(label.max(initial=-1)) + 1
    piece, value = np.divmod(np.unique(point * labels + label[unit]), max(1, labels))
    piece, begin, times = np.unique(piece, return_index=True, return_counts=True)
    sets = {(one,): one for one in range(labels)}
    value_of = value[begin]
    for place in np.flatnonzero(times > 1).tolist():
        together = tuple(value[begin[place] : begin[place] + times[place]].tolist())
        value_of[place] = sets.setdefault(together, len(sets))
    return _Pieces(owner[piece], points[piece], points[piece + 1], value_of, tuple(sets))


def _points(group: IntArray, start: FloatArray, end: FloatArray) -> tuple[FloatArray, IntArray, IntArray, IntArray]:
    """The different ends in each group in order, their groups, and the places of each start and of each end."""
    groups, places = np.concatenate([group, group]), np.concatenate([start, end])
    order = np.lexsort((places, groups))
    groups, places = groups[order], places[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (groups[1:] != groups[:-1]) | (places[1:] != places[:-1])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(new) - 1
    return places[new], groups[new], rank[: len(group)], rank[len(group) :]


def _covered(first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:
    """Every number from each ``first`` up to its ``last``, without it: (place, number) of each."""
    times = last - first
    place = np.repeat(np.arange(len(times)), times)
    return place, np.arange(len(place)) - np.repeat(np.cumsum(times) - times - first, times)


@dataclass(frozen=True, slots=True, eq=False)
class _Meetings:
    """The stretches between neighbouring ends of a continuum, and which pieces cover them.

    Row by row (rows,): ``piece`` covers a stretch; ``same`` and ``met`` are its coincidences there with equal pieces
    and with all. For each stretch (stretches,): ``continuum``, and ``not_gaps``, by how much the coincidences of gaps
    there fall short of the stretch times the annotators.
    """

    piece: IntArray
    same: FloatArray
    met: FloatArray
    continuum: IntArray
    not_gaps: FloatArray


def _meetings(about: IntArray, pieces: _Pieces, people: IntArray) -> _Meetings:
    points, continuum, first, last = _points(about, pieces.start, pieces.end)
    piece, stretch = _covered(first, last)
    value = pieces.value[piece]
    _, alike, times = np.unique(stretch * len(pieces.values) + value, return_inverse=True, return_counts=True)
    size, annotators = np.diff(points, append=0.0), people[continuum]
    here = size[stretch] / (annotators[stretch] - 1)
    covering = np.bincount(stretch, minlength=len(points))
    gaps = annotators - covering
    not_gaps = np.where(covering > 0, size * (annotators - gaps * (gaps - 1) / (annotators - 1)), 0.0)
    same, met = here * (times[alike] - 1), here * (covering[stretch] - 1)
    return _Meetings(piece, same, met, continuum, not_gaps)
