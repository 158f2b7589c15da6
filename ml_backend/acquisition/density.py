"""Settles and Craven 2008: unsure, and like many other tasks, so that one answer tells about all of them."""

import numpy as np

from ..later import made
from ..likeness import likeness
from ..records import IntArray
from .pool import Pool, by_worth

SAMPLE = 1000
"""Tasks of the pool that each one is compared with."""


def density_weighted(pool: Pool, rng: np.random.Generator, _batch: int) -> IntArray:
    """By the margin times the mean likeness to the pool (to ``SAMPLE`` tasks of it). Without rows: by the margin."""
    worth = pool.signal("margin")
    if not pool.has_features or not len(pool):
        return by_worth(worth)
    some = np.sort(rng.choice(len(pool), min(SAMPLE, len(pool)), replace=False))
    rows = made(pool.features)
    like = np.maximum(likeness(rows, rows[some]), 0.0).mean(axis=1)
    return by_worth(worth * like)
