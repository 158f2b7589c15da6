"""Sener and Savarese 2018: the pool is covered, whatever the model thinks of it."""

import numpy as np

from ..later import made
from ..likeness import likeness
from ..records import IntArray
from .pool import Pool, by_worth, then_by_worth


def coreset(pool: Pool, rng: np.random.Generator, batch: int) -> IntArray:
    """Always the task that is farthest from everything chosen or labeled (the greedy k-center algorithm).

    Without labels it begins at random. In time and memory linear in the pool for each task chosen.
    """
    if not pool.has_features or not len(pool):
        return by_worth(pool.utilities)
    rows = made(pool.features)
    nearest = np.full(len(pool), -1.0)
    if pool.known is not None and pool.known.shape[0]:
        for start in range(0, pool.known.shape[0], _AT_ONCE):
            nearest = np.maximum(nearest, likeness(rows, pool.known[start : start + _AT_ONCE]).max(axis=1))
    else:
        nearest[int(rng.integers(len(pool)))] = -2.0
    chosen: list[int] = []
    for _ in range(min(batch, len(pool))):
        best = int(np.argmin(nearest))
        chosen.append(best)
        nearest = np.maximum(nearest, likeness(rows, rows[[best]])[:, 0])
        nearest[chosen] = np.inf
    return then_by_worth(np.array(chosen, dtype=np.int64), pool.utilities)


_AT_ONCE = 500
"""Labeled tasks that are compared with the pool at a time: memory is this times the pool."""
