"""The distance of a control, ready to be asked for any two of its answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer, PerRegion, Regions
from label_config.model import Control

from ..distance import Distance, default_distance, distance
from ..distance.comparison import Comparison
from ..distance.own import own
from ..evidence import Method
from ..records import FloatArray, IntArray

SMALL = 100
"""Up to this many pairs of regions, two answers are compared in no time."""
FEWEST = 500
"""Pairs of answers that are compared however large they are: the mean of their distances is off by 0.02 at most."""
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

    def affordable(self, pairs: int) -> int:
        """How many pairs of these answers take about the time of ``pairs`` small ones: what is compared is regions.

        At least 500. Two answers of n regions cost n x n comparisons, where they crowd together.
        """
        step = max(1, len(self.answers) // 1000)
        sizes = [_regions(answer) for answer in self.answers[::step]]
        cost = float(np.mean(np.square(sizes))) / SMALL if sizes else 1.0
        return pairs if cost <= 1 else min(pairs, max(FEWEST, int(pairs / cost)))

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


def _regions(answer: Answer) -> int:
    if isinstance(answer, Regions):
        return len(answer.regions)
    return len(answer.parts) if isinstance(answer, PerRegion) else 1


def ruler(control: Control, answers: Sequence[Answer], counts: FloatArray, method: Method) -> Ruler:
    """The method's distance; raises ValueError that lists the names for one that the family does not have."""
    if callable(method.distance):
        name = method.distance_name or "own"
        return Ruler(control, answers, counts, own(method.distance, name), name)
    name = method.distance or default_distance(control)
    return Ruler(control, answers, counts, distance(control, name), name)
