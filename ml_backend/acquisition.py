"""Which tasks next: the order of a pool. Pure; the random generator is an argument.

The random share is drawn first and has random places: it is at once exploration, control group and test set. The
others come by utility, near-duplicates apart, so that an annotator does not answer the same question twice.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import sparse

from .records import BoolArray, Features, FloatArray, IntArray

WINDOW = 2000
"""Near-duplicates are kept apart within this many tasks at a time: the work is quadratic in it."""

HEAD = 10_000
"""Beyond this place a pool is ordered by utility alone: it is scored anew long before anybody gets there."""

ALIKE = 0.8
"""Similarity from which two tasks begin to be near-duplicates."""


def order_pool(
    utilities: FloatArray,
    random_share: BoolArray,
    features: Features,
    rng: np.random.Generator,
    strategy: str = "diverse",
) -> IntArray:
    """The place of each task, (n,), 0 first: a permutation of 0..n-1.

    ``utilities`` (n,) in [0, 1], higher = needs a human more; ``random_share`` (n,) true = gets a random place;
    ``features`` (n, d) rows of the encoder, of length 1 or 0, null where there are none. Equal input gives equal
    places. Raises ValueError that lists the strategies there are for an unknown one.

    >>> order_pool(np.array([0.1, 0.9, 0.5]), np.zeros(3, dtype=bool), None, np.random.default_rng(0)).tolist()
    [2, 0, 1]
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"no strategy is named {strategy!r}; there are: {', '.join(STRATEGIES)}")
    count = len(utilities)
    places = np.empty(count, dtype=np.int64)
    drawn = np.flatnonzero(random_share)
    taken = np.sort(rng.choice(count, size=len(drawn), replace=False)) if len(drawn) else np.empty(0, dtype=np.int64)
    places[drawn] = rng.permutation(taken)
    others = np.flatnonzero(~random_share)
    order = STRATEGIES[strategy](utilities[others], None if features is None else features[others], rng)
    places[others[order]] = np.setdiff1d(np.arange(count), taken, assume_unique=True)
    return places


def place_of(utility: float, round_utilities: FloatArray) -> int:
    """The place that a task would have had in a round: how many of its tasks have a higher utility.

    ``round_utilities`` are sorted, the lowest first. In [0, n].

    >>> place_of(0.5, np.array([0.1, 0.4, 0.6, 0.9]))
    2
    """
    return int(len(round_utilities) - np.searchsorted(round_utilities, utility, side="right"))


def by_utility(utilities: FloatArray, _features: Features, _rng: np.random.Generator) -> IntArray:
    """Indices, the highest utility first; equal ones in the order in which they came."""
    return np.argsort(-utilities, kind="stable")


def diverse(utilities: FloatArray, features: Features, rng: np.random.Generator) -> IntArray:
    """Indices, by utility, but a near-duplicate of one that came earlier is put off.

    Greedy, in windows of the order by utility: next is the task with the greatest utility x (1 - redundancy), where
    redundancy rises from 0 to 1 with the similarity (ALIKE to 1) to the most similar task chosen so far.
    """
    order = by_utility(utilities, features, rng)
    if features is None or features.shape[1] == 0:
        return order
    head = min(len(order), HEAD)
    windows = [order[start : min(start + WINDOW, head)] for start in range(0, head, WINDOW)]
    spread = [window[_spread(utilities[window], _similarities(features[window]))] for window in windows]
    return np.concatenate([*spread, order[head:]]) if spread else order


def random_order(utilities: FloatArray, _features: Features, rng: np.random.Generator) -> IntArray:
    """Indices in random order: the control that any other strategy must beat."""
    return rng.permutation(len(utilities))


STRATEGIES: Mapping[str, Callable[[FloatArray, Features, np.random.Generator], IntArray]] = {
    "diverse": diverse,
    "utility": by_utility,
    "random": random_order,
}


def _similarities(features: Features) -> FloatArray:
    """How alike the rows are, (n, n), in [-1, 1]; a row of zeros is like nothing."""
    products = features @ features.T
    return np.asarray(products.toarray() if sparse.issparse(products) else products, dtype=np.float64)


def _spread(utilities: FloatArray, similarities: FloatArray) -> IntArray:
    """The greedy order of one window, whose utilities come highest first."""
    count = len(utilities)
    redundancy = np.zeros(count)
    left = np.ones(count, dtype=bool)
    chosen = np.empty(count, dtype=np.int64)
    for place in range(count):
        worth = np.where(left, utilities * (1 - redundancy), -1.0)
        best = int(np.argmax(worth))
        chosen[place] = best
        left[best] = False
        near = np.clip((similarities[best] - ALIKE) / (1 - ALIKE), 0.0, 1.0)
        redundancy = np.maximum(redundancy, near)
    return chosen
