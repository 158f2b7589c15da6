"""Ash et al. 2020: far apart where it would change the model most."""

import numpy as np

from ..likeness import likeness
from ..records import FloatArray, IntArray
from .pool import Pool, by_worth, then_by_worth

CANDIDATES = 5000
"""The most uncertain tasks that are looked at: the others would hardly move the model."""


def badge(pool: Pool, rng: np.random.Generator, batch: int) -> IntArray:
    """Seeds of k-means++ among the gradients that each task would have on the last layer if the model were right.

    A gradient is (probabilities - the most probable class) x the task's row, so that two of them have the product of
    their parts' products and none is ever written out. Without probabilities or rows: by utility.
    """
    if pool.probabilities is None or not pool.has_features or not len(pool):
        return by_worth(pool.utilities)
    rows = by_worth(pool.signal("margin"))[:CANDIDATES]
    features = pool.features[rows]
    pull = pool.probabilities[rows].copy()
    pull[np.arange(len(rows)), pull.argmax(axis=1)] -= 1.0
    size = (pull**2).sum(axis=1) * np.asarray(alike_to_self(features))
    chosen = [int(np.argmax(size))]
    apart = np.full(len(rows), np.inf)
    while len(chosen) < min(batch, len(rows)):
        last = chosen[-1]
        product = (pull @ pull[last]) * likeness(features, features[[last]])[:, 0]
        apart = np.minimum(apart, np.maximum(size + size[last] - 2 * product, 0.0))
        apart[chosen] = 0.0
        total = apart.sum()
        if total <= 0:
            break
        chosen.append(int(rng.choice(len(rows), p=apart / total)))
    return then_by_worth(rows[chosen], pool.utilities)


def alike_to_self(features: FloatArray) -> FloatArray:
    """The squared length of each row."""
    squares = features.multiply(features) if hasattr(features, "multiply") else features * features
    return np.asarray(squares.sum(axis=1), dtype=np.float64).ravel()
