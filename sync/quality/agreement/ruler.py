"""The distance of a control, ready to be asked for any two of its answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer
from label_config.model import Control

from ..distance import Distance, default_distance, distance
from ..distance.comparison import Comparison
from ..distance.own import own
from ..evidence import Method
from ..records import FloatArray, IntArray

BLOCK = 1_000_000
"""Pairs that are compared at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """A distance over ``answers``; ``counts`` as in ``Comparison``, ``name`` what the report calls it."""

    control: Control
    answers: Sequence[Answer]
    counts: FloatArray
    distance: Distance
    name: str

    def between(self, left: IntArray, right: IntArray) -> FloatArray:
        """The distances of the answers at ``left`` and ``right``, positions: shape (pairs,), in [0, 1]."""
        found = np.zeros(len(left))
        for at in range(0, len(left), BLOCK):
            here = slice(at, at + BLOCK)
            found[here] = self.distance(Comparison(self.control, self.answers, left[here], right[here], self.counts))
        return found

    def matrix(self) -> FloatArray:
        """The distances of all answers: (answers, answers). Each two are asked for once."""
        n = len(self.answers)
        left, right = np.triu_indices(n, 1)
        found = np.zeros((n, n))
        found[left, right] = self.between(left, right)
        return found + found.T

    def among(self, more: Sequence[Answer]) -> "Ruler":
        """The same distance over more answers, which come after those there are."""
        counts = np.concatenate([self.counts, np.zeros(len(more))])
        return Ruler(self.control, (*self.answers, *more), counts, self.distance, self.name)

    def instead(self, answers: Sequence[Answer]) -> "Ruler":
        """The same distance over other answers, each given once."""
        return Ruler(self.control, answers, np.ones(len(answers)), self.distance, self.name)


def ruler(control: Control, answers: Sequence[Answer], counts: FloatArray, method: Method) -> Ruler:
    """The method's distance; raises ValueError that lists the names for one that the family does not have."""
    if callable(method.distance):
        name = method.distance_name or "own"
        return Ruler(control, answers, counts, own(method.distance, name), name)
    name = method.distance or default_distance(control)
    return Ruler(control, answers, counts, distance(control, name), name)
