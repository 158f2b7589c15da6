"""Who answers better in the second half of their work than in the first, drawn to no change where little is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from ..evidence import ControlEvidence
from ..records import Estimate, FloatArray
from .reference import Reference
from .reliability import telling
from .streaks import NO_TIME

FEWEST = 10
"""Answers in each half, at least."""
TOO_FEW = f"fewer than {2 * FEWEST} answers can be compared"
SPREADS = np.linspace(0.005, 0.5, 50)
"""How far apart the changes of people may be (standard deviations), all equally probable beforehand."""
CHANGES = np.linspace(-1.0, 1.0, 801)
"""Changes that are told apart."""


@dataclass(frozen=True, slots=True)
class Improvement:
    """How the share of right answers of somebody changed from the first half of their answers to the second.

    ``change`` is second - first, in [-1, 1], drawn to 0 with its 95 % interval: nobody's change is named where it
    holds 0. ``before`` and ``after`` are the shares of right answers in the halves, as they were.
    """

    change: Estimate
    before: float | None = None
    after: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.change.low is not None and self.change.low > 0


def improvements(evidence: ControlEvidence, found: Reference) -> list[Improvement]:
    """Everybody's change, in the order of the annotators.

    Right is what agrees with a known truth or with the consensus of the others, on the rows that ``reliability`` goes
    by. The change d of a person with variance s^2 (of two Beta posteriors with Jeffreys' prior) comes from N(change,
    s^2), and the changes from N(0, t^2): t is unknown and averaged over (hierarchical Bayes on a grid). So a lucky
    half among many people, of whom nobody changed, is no improvement. Where tasks get easier, everybody improves.
    """
    time, people = evidence.given_at, len(evidence.coded.annotators)
    if time is None:
        return [Improvement(Estimate(None, n=0, reason=NO_TIME)) for _ in range(people)]
    rows = telling(evidence.coded, found)
    rows = rows[time[rows] > 0]
    order = rows[np.lexsort((evidence.coded.task[rows], time[rows], evidence.coded.annotator[rows]))]
    ends = np.searchsorted(evidence.coded.annotator[order], np.arange(people + 1)).tolist()
    halves = [_halves(found.score[order[start:end]]) for start, end in pairwise(ends)]
    known = [place for place, one in enumerate(halves) if one is not None]
    drawn = iter(_drawn(np.array([halves[place] for place in known]))) if known else iter([])
    return [
        Improvement(Estimate(None, n=end - start, reason=TOO_FEW))
        if one is None
        else Improvement(_estimate(next(drawn), end - start), one[2], one[3])
        for one, start, end in zip(halves, ends[:-1], ends[1:], strict=True)
    ]


def _halves(right: FloatArray) -> tuple[float, float, float, float] | None:
    """The change, its variance, and the means of the halves; null for too few."""
    middle = len(right) // 2
    if middle < FEWEST:
        return None
    first, second = right[:middle], right[middle:]
    (one, spread), (two, other) = _beta(first), _beta(second)
    return two - one, spread + other, float(first.mean()), float(second.mean())


def _beta(right: FloatArray) -> tuple[float, float]:
    """Mean and variance of Beta(right + 1/2, wrong + 1/2)."""
    n = len(right)
    mean = (float(right.sum()) + 0.5) / (n + 1)
    return mean, mean * (1 - mean) / (n + 2)


def _drawn(halves: FloatArray) -> list[tuple[float, float, float]]:
    """Posterior mean and 95 % bounds of each change, from rows of (change, variance, ...)."""
    seen, noise = halves[:, 0][:, None], halves[:, 1][:, None]
    total = SPREADS**2 + noise
    logs = -0.5 * (np.log(total) + seen**2 / total)
    evidence = logs.sum(axis=0)
    weight = np.exp(evidence - evidence.max())
    weight /= weight.sum()
    kept = SPREADS**2 / total
    return [
        _mixture(share * change[0], np.sqrt(share * spread[0]), weight)
        for change, spread, share in zip(seen, noise, kept, strict=True)
    ]


def _mixture(centre: FloatArray, width: FloatArray, weight: FloatArray) -> tuple[float, float, float]:
    below = special.ndtr((CHANGES[:, None] - centre) / width) @ weight
    low, high = np.interp([0.025, 0.975], below, CHANGES)
    return float(centre @ weight), float(low), float(high)


def _estimate(drawn: tuple[float, float, float], n: int) -> Estimate:
    return Estimate(*drawn, n)


def most_improved(people: Sequence[int], found: Sequence[Improvement]) -> int | None:
    """Who improved most, of those whose improvement is sure; null where nobody's is."""
    sure = [(one.change.value or 0.0, -person) for person, one in zip(people, found, strict=True) if one.is_sure]
    return -max(sure)[1] if sure else None
