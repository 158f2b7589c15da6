"""One number a task decides: what it is worth, one signal of how unsure the model is, or chance."""

import numpy as np

from ..records import IntArray
from .pool import Pool, Strategy, by_worth


def by_utility(pool: Pool, _rng: np.random.Generator, _batch: int) -> IntArray:
    """By the worth: the utility that the setting ``utility`` names, more where a slice stays hard."""
    return by_worth(pool.worth)


def by(signal: str) -> Strategy:
    """By that signal alone."""

    def order(pool: Pool, _rng: np.random.Generator, _batch: int) -> IntArray:
        return by_worth(pool.signal(signal))

    return order


def at_random(pool: Pool, rng: np.random.Generator, _batch: int) -> IntArray:
    """The control that any other strategy must beat."""
    return rng.permutation(len(pool))
