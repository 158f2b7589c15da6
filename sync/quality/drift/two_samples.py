"""Are two sets of tasks from one distribution? The distance of their mean features, against chance."""

from dataclasses import dataclass

import numpy as np

from ..records import BoolArray, FloatArray, IntArray

MOST = 4000
"""Tasks of both sides together that are compared; of more, so many are drawn."""
_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Shift:
    """``statistic`` is n1 n2 / (n1 + n2) times the squared distance of the means, ``p`` its p-value.

    ``share`` in [0, 1] is how much of the features' variance lies between the two sides.
    """

    statistic: float
    p: float
    share: float


def shift(features: FloatArray, after: BoolArray, rng: np.random.Generator, draws: int = 1999) -> Shift:
    """A permutation test of the squared distance between mean features: shape (tasks, features), (tasks,).

    With indicators over the root of their mean it is Pearson's chi-square; with the features of a kernel, the squared
    maximum mean discrepancy (Gretton et al. 2012); the share is PERMANOVA's R squared (Anderson 2001). Exact for any
    number of tasks that can be exchanged under no change: p is (1 + draws that are as far) / (1 + draws). Both sides
    have a task at least.
    """
    if len(after) > MOST:
        drawn = rng.permutation(len(after))[:MOST]
        if 0 < after[drawn].sum() < MOST:
            features, after = features[drawn], after[drawn]
    centred = features - features.mean(axis=0)
    total = float(np.square(centred).sum())
    n, later = len(after), int(after.sum())
    scale = n / (later * (n - later))
    observed = float(np.square(after.astype(np.float64) @ centred).sum()) * scale
    reached, done = 0, 0
    while done < draws:
        some = min(draws - done, max(1, _BLOCK // n))
        sides = rng.permuted(np.tile(after, (some, 1)), axis=1).astype(np.float64)
        by_chance = np.square(sides @ centred).sum(axis=1) * scale
        reached += int((by_chance >= observed * (1 - 1e-9)).sum())
        done += some
    return Shift(observed, (1 + reached) / (1 + draws), observed / total if total > 0 else 0.0)


def kernel_features(vectors: FloatArray, rng: np.random.Generator, size: int = 256) -> FloatArray:
    """Features whose inner products are about a Gaussian kernel of the vectors: shape (tasks, size).

    Random Fourier features (Rahimi and Recht 2007) of the columns over their standard deviation, the kernel's width
    being the median distance of up to 500 of the vectors.
    """
    spread = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    some = scaled[rng.permutation(len(scaled))[:500]]
    squared = np.square(some).sum(axis=1)
    left, right = np.triu_indices(len(some), 1)
    far = np.maximum(squared[left] + squared[right] - 2 * (some @ some.T)[left, right], 0.0)
    width = float(np.sqrt(np.median(far))) if len(far) else 1.0
    waves = rng.standard_normal((vectors.shape[1], size)) / (width or 1.0)
    found: FloatArray = np.sqrt(2 / size) * np.cos(scaled @ waves + rng.uniform(0, 2 * np.pi, size))
    return found


def indicators(codes: IntArray, units: IntArray, n: int, size: int) -> FloatArray:
    """1 where a unit has a code: shape (n, size). ``units`` and ``codes`` are parallel."""
    found = np.zeros((n, size))
    found[units, codes] = 1.0
    return found
