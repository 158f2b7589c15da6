"""Sequences of units (submissions, messages, items) side by side: every unit of one with every unit of the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ..records import FloatArray, IntArray
from .equality import Key, Measure, codes, once_a_pair

NONE = -1
"""Stands beyond the end of a shorter sequence."""

_AT_ONCE = 500_000
"""Cells of the tables that are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """Sequences as codes of their units, one after the other in ``flat``; ``kinds`` is how many codes there are."""

    flat: IntArray
    start: IntArray
    size: IntArray
    kinds: int

    def rows(self, chosen: IntArray) -> IntArray:
        """The codes of the chosen sequences, shape (chosen, longest of them but at least 1), NONE beyond their ends."""
        place = np.arange(self.size[chosen].max(initial=1))
        there = place < self.size[chosen][:, None]
        found = np.full(there.shape, NONE, dtype=np.int64)
        found[there] = self.flat[(self.start[chosen][:, None] + place)[there]]
        return found

    def blocks(self, left: IntArray, right: IntArray) -> Iterator[IntArray]:
        """Places of pairs, those of about the same size together, few enough for their tables to be held at once."""
        size = np.maximum(np.maximum(self.size[left], self.size[right]), 1)
        power = np.ceil(np.log2(size)).astype(np.int64)
        order = np.argsort(power, kind="stable")
        held = np.cumsum(4 ** power[order]) // _AT_ONCE
        ends = np.flatnonzero((np.diff(held) > 0) | (np.diff(power[order]) > 0)) + 1
        return iter(np.split(order, ends) if len(order) else [])

    def table(self, left: IntArray, right: IntArray, measure: Measure) -> FloatArray:
        """The distance of every unit of ``left`` from every unit of ``right``, 1 beyond the ends.

        Shape (pairs, longest left, longest right).
        """
        one, other = np.broadcast_arrays(self.rows(left)[:, :, None], self.rows(right)[:, None, :])
        there = (one != NONE) & (other != NONE)
        found = np.ones(one.shape)
        found[there] = once_a_pair(one[there], other[there], self.kinds, measure)
        return found


def sequences(keys: Sequence[Sequence[Key]]) -> tuple[Sequences, list[Key]]:
    """Sequences of hashable units, and the distinct units by their codes.

    >>> found, units = sequences(["ab", "", "b"])
    >>> found.rows(np.arange(3)).tolist(), units
    ([[0, 1], [-1, -1], [1, -1]], ['a', 'b'])
    """
    size = np.array([len(key) for key in keys], dtype=np.int64)
    flat, units = codes(chain.from_iterable(keys))
    return Sequences(flat, np.cumsum(size) - size, size, len(units)), units
