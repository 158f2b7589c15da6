"""What a strategy chooses from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from scipy import sparse

from ..later import where
from ..records import BoolArray, Features, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """n tasks to choose from.

    ``utilities`` (n,) in [0, 1], higher = a human's answer teaches more; ``signals`` (n,) each, by name, in [0, 1],
    higher = less sure; ``probabilities`` (n, k), null before the first model. ``features`` (n, d) are the encoder's
    rows of length 1 or 0, made ``Later`` perhaps, ``known`` (t, d) those of tasks with labels; null where there are
    none. ``boosts`` (n,) are at least 1: more where a task is in a slice that stays hard (``slices``); null = nowhere.
    """

    utilities: FloatArray
    features: Features = None
    probabilities: FloatArray | None = None
    signals: Mapping[str, FloatArray] = field(default_factory=dict)
    known: Features = None
    boosts: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.utilities)

    def where(self, rows: IntArray | BoolArray) -> "Pool":
        """The same of some of its tasks."""
        return Pool(
            self.utilities[rows],
            None if self.features is None else where(self.features, rows),
            None if self.probabilities is None else self.probabilities[rows],
            {name: values[rows] for name, values in self.signals.items()},
            self.known,
            None if self.boosts is None else self.boosts[rows],
        )

    @property
    def worth(self) -> FloatArray:
        """The utilities, more where a task is boosted, in [0, 1]: what the order goes by."""
        if self.boosts is None:
            return self.utilities
        return np.asarray(self.utilities * self.boosts / self.boosts.max(initial=1.0))

    @property
    def has_features(self) -> bool:
        """Whether anything says how alike tasks are."""
        return self.features is not None and self.features.shape[1] > 0

    def signal(self, name: str) -> FloatArray:
        """That signal; the utilities where the model does not give it."""
        return self.signals.get(name, self.utilities)


Strategy: TypeAlias = Callable[[Pool, np.random.Generator, int], IntArray]
"""A pool, chance, and how many tasks are labeled before the pool is ordered anew -> all tasks in order, best first.

What is chosen together is chosen among the first ones only: behind ``batch`` tasks the order may go by worth alone.
"""


def by_worth(worth: FloatArray) -> IntArray:
    """Indices, the greatest worth first; equal ones in the order in which they came.

    >>> by_worth(np.array([0.1, 0.9, 0.1])).tolist()
    [1, 0, 2]
    """
    return np.argsort(-worth, kind="stable")


def then_by_worth(chosen: IntArray, worth: FloatArray) -> IntArray:
    """``chosen`` first, the others behind it by worth.

    >>> then_by_worth(np.array([2]), np.array([0.1, 0.9, 0.1])).tolist()
    [2, 1, 0]
    """
    order = by_worth(worth)
    return np.concatenate([chosen, order[~np.isin(order, chosen)]])


def dense(rows: Features) -> FloatArray:
    """Rows as a dense array."""
    return np.asarray(rows.toarray() if sparse.issparse(rows) else rows, dtype=np.float64)
