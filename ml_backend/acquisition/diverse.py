"""What is worth most, near-duplicates apart, so that nobody answers the same question twice."""

import numpy as np

from ..likeness import likeness
from ..records import FloatArray, IntArray
from .pool import Pool, by_worth

WINDOW = 2000
"""Near-duplicates are kept apart within this many tasks at a time: the work is quadratic in it."""

LOOKED_AT = 20
"""Beyond this many times the batch a pool is ordered by utility alone: it is scored anew before anybody gets there."""

ALIKE = 0.8
"""Similarity from which two tasks begin to be near-duplicates."""


def diverse(pool: Pool, _rng: np.random.Generator, batch: int) -> IntArray:
    """By utility, but a near-duplicate of one that came earlier is put off.

    Greedy, in windows of the order by utility: next is the task with the greatest utility x (1 - redundancy), where
    redundancy rises from 0 to 1 with the similarity (ALIKE to 1) to the most similar task chosen so far.
    """
    worth = pool.worth
    order = by_worth(worth)
    if not pool.has_features:
        return order
    head = min(len(order), LOOKED_AT * batch)
    windows = [order[start : min(start + WINDOW, head)] for start in range(0, head, WINDOW)]
    spread = []
    for window in windows:
        rows = pool.features[window]
        spread.append(window[_spread(worth[window], likeness(rows, rows))])
    return np.concatenate([*spread, order[head:]]) if spread else order


def _spread(utilities: FloatArray, similarities: FloatArray) -> IntArray:
    """The greedy order of one window, whose utilities come highest first."""
    count = len(utilities)
    fresh: FloatArray = np.ones(count)
    left = np.ones(count, dtype=bool)
    chosen = np.empty(count, dtype=np.int64)
    for place in range(count):
        worth = np.where(left, utilities * fresh, -1.0)
        best = int(np.argmax(worth))
        chosen[place] = best
        left[best] = False
        fresh = np.minimum(fresh, 1 - redundancy(similarities[best]))
    return chosen


def redundancy(similarities: FloatArray) -> FloatArray:
    """How much of a task is in another one already, in [0, 1], by how alike they are.

    >>> redundancy(np.array([0.5, 0.9, 1.0])).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.clip((similarities - ALIKE) / (1 - ALIKE), 0.0, 1.0)
