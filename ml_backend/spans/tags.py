"""Spans <-> tags of tokens: outside (0), and for each label begin (2k + 1) and inside (2k + 2).

BIO (Ramshaw and Marcus 1995). One chain of tags holds spans that lie apart. Where labels overlap in what was learned
from, each label has a chain of its own; spans of one label never overlap, of those that do the first and longest stays.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..records import BoolArray, IntArray
from .tokens import Tokens

OVERLAPPING = 0.02
"""The share of spans that overlap another one, from which every label has its own chain."""


class Mark(NamedTuple):
    """Characters [start, end) of a text have this label."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """How labels become chains of tags: one chain for all of them, or ``apart`` one for each."""

    labels: tuple[str, ...]
    apart: bool

    @property
    def chains(self) -> tuple[tuple[str, ...], ...]:
        """The labels of each chain."""
        return tuple((label,) for label in self.labels) if self.apart else (self.labels,)

    @property
    def tags(self) -> int:
        """How many tags a chain has."""
        return 2 * len(self.chains[0]) + 1

    def allowed(self) -> BoolArray:
        """Which tag may follow which, (l, l): inside only what began before."""
        found = np.ones((self.tags, self.tags), dtype=bool)
        for inside in range(2, self.tags, 2):
            found[:, inside] = False
            found[[inside - 1, inside], inside] = True
        return found


def scheme_of(labels: Sequence[str], answers: Sequence[Sequence[Mark]]) -> Scheme:
    """The scheme that fits these answers.

    >>> scheme_of(["a", "b"], [[Mark(0, 5, "a"), Mark(2, 9, "b")]]).apart
    True
    """
    total = sum(map(len, answers))
    crossing = sum(_crossing(sorted(marks)) for marks in answers)
    return Scheme(tuple(labels), len(labels) > 1 and crossing > OVERLAPPING * total)


def _crossing(marks: Sequence[Mark]) -> int:
    """How many begin before an earlier one has ended."""
    count, end = 0, 0
    for mark in marks:
        count += mark.start < end
        end = max(end, mark.end)
    return count


def tags_of(scheme: Scheme, tokens: Tokens, marks: Sequence[Mark]) -> IntArray:
    """The tags of a text's tokens in each chain, (c, n): a span takes every token that it touches."""
    found = np.zeros((len(scheme.chains), len(tokens.words)), dtype=np.int64)
    for mark in sorted(marks, key=lambda one: (one.start, -one.end, one.label)):
        chain = scheme.labels.index(mark.label) if scheme.apart else 0
        begin = 1 if scheme.apart else 2 * scheme.labels.index(mark.label) + 1
        first = int(np.searchsorted(tokens.ends, mark.start, side="right"))
        after = int(np.searchsorted(tokens.starts, mark.end, side="left"))
        if first < after and not found[chain, first:after].any():
            found[chain, first:after] = begin + 1
            found[chain, first] = begin
    return found


def runs(tags: IntArray) -> list[tuple[int, int, int]]:
    """The spans that tags (n,) tell, as (first token, last token, label's position).

    >>> runs(np.array([0, 1, 2, 3, 1]))
    [(1, 2, 0), (3, 3, 1), (4, 4, 0)]
    """
    begins = np.flatnonzero(tags % 2 == 1)
    stops = np.flatnonzero(np.concatenate([(tags[1:] == 0) | (tags[1:] % 2 == 1), [True]]) & (tags > 0))
    return [
        (first, last, (int(tags[first]) - 1) // 2) for first, last in zip(begins.tolist(), stops.tolist(), strict=True)
    ]
