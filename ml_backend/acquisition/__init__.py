"""Which tasks next: the order of a pool, one strategy a file, all of them in one dict. Pure; chance is an argument.

The random share is drawn first and has random places: it is at once exploration, control group and test set. The
others come by the strategy.
"""

from bisect import bisect_right
from collections.abc import Mapping

import numpy as np

from ..records import BoolArray, FloatArray, IntArray
from .badge import badge
from .by_signal import at_random, by, by_utility
from .coreset import coreset
from .density import density_weighted
from .diverse import diverse
from .pool import Pool, Strategy
from .typiclust import typiclust
from .variance import variance

__all__ = ["BATCH", "STRATEGIES", "Pool", "Strategy", "order_pool", "place_of", "typiclust"]

BATCH = 500
"""How many tasks strategies that choose several at once choose together, unless it is known better."""

STRATEGIES: Mapping[str, Strategy] = {
    "variance": variance,
    "diverse": diverse,
    "utility": by_utility,
    "margin": by("margin"),
    "entropy": by("entropy"),
    "bald": by("disagreement"),
    "coreset": coreset,
    "badge": badge,
    "typiclust": typiclust,
    "density": density_weighted,
    "random": at_random,
}
"""By name, as the setting ``order`` has them; the first one is its default."""


def order_pool(
    pool: Pool,
    random_share: BoolArray,
    rng: np.random.Generator,
    strategy: str,
    batch: int = BATCH,
) -> IntArray:
    """The place of each task, (n,), 0 first: a permutation of 0..n-1.

    ``random_share`` (n,) true = gets a random place; ``batch`` = labels until the pool is ordered anew. Equal input
    gives equal places. Raises ValueError that lists the strategies there are for an unknown one.

    >>> pool = Pool(np.array([0.1, 0.9, 0.5]))
    >>> order_pool(pool, np.zeros(3, dtype=bool), np.random.default_rng(0), "utility").tolist()
    [2, 0, 1]
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"no strategy is named {strategy!r}; there are: {', '.join(STRATEGIES)}")
    count = len(pool)
    places = np.empty(count, dtype=np.int64)
    drawn = np.flatnonzero(random_share)
    taken = np.sort(rng.choice(count, size=len(drawn), replace=False)) if len(drawn) else np.empty(0, dtype=np.int64)
    places[drawn] = rng.permutation(taken)
    others = np.flatnonzero(~random_share)
    order = STRATEGIES[strategy](pool.where(others), rng, batch)
    places[others[order]] = np.setdiff1d(np.arange(count), taken, assume_unique=True)
    return places


def place_of(utility: float, round_utilities: FloatArray) -> int:
    """The place that a task would have had in a round: how many of its tasks have a higher utility.

    ``round_utilities`` are sorted, the lowest first. In [0, n].

    >>> place_of(0.5, np.array([0.1, 0.4, 0.6, 0.9]))
    2
    """
    return len(round_utilities) - bisect_right(round_utilities, utility)  # of one number it is quicker than numpy's
