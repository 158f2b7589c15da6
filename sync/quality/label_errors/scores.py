"""How doubtful a given label is under a model's out-of-sample probabilities."""

from collections.abc import Callable, Mapping

import numpy as np

from ..records import BoolArray, FloatArray, IntArray

Score = Callable[[IntArray, FloatArray], FloatArray]


def self_confidence(given: IntArray, probabilities: FloatArray) -> FloatArray:
    """1 - the probability of the given label.

    >>> self_confidence(np.array([0, 0]), np.array([[0.5, 0.5, 0.0], [0.5, 0.3, 0.2]])).tolist()
    [0.5, 0.5]
    """
    doubt: FloatArray = 1 - probabilities[np.arange(len(given)), given]
    return doubt


def normalized_margin(given: IntArray, probabilities: FloatArray) -> FloatArray:
    """How far the most probable other label is ahead of the given one, from -1 to 1 brought to [0, 1].

    With one class, which has no other, it is 1 - the probability, halved.

    >>> normalized_margin(np.array([0, 0]), np.array([[0.5, 0.5, 0.0], [0.5, 0.3, 0.2]])).tolist()
    [0.5, 0.4]
    """
    rows = np.arange(len(given))
    own = probabilities[rows, given]
    others = probabilities.copy()
    others[rows, given] = 0.0
    doubt: FloatArray = (1 - own + others.max(axis=1, initial=0.0)) / 2
    return doubt


def confidence_weighted_entropy(given: IntArray, probabilities: FloatArray) -> FloatArray:
    """1 - log(1 + x) / x, where x is the entropy over that of an even guess, divided by the given label's probability.

    It asks more whether a task is unclear than whether its label is wrong. 1 where the label has probability 0.

    >>> confidence_weighted_entropy(np.array([0, 0]), np.array([[0.5, 0.5], [1.0, 0.0]])).round(4).tolist()
    [0.4507, 0.0]
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(given)), given]
    logs = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    entropy = -(probabilities * logs).sum(axis=1) / np.log(max(classes, 2))
    ratio = np.divide(entropy, own, out=np.full(len(given), np.inf), where=own > 0)
    plain = (ratio > 1e-12) & (ratio < np.inf)
    share = np.divide(np.log1p(ratio), ratio, out=np.where(ratio > 1, 0.0, 1.0), where=plain)
    doubt: FloatArray = np.clip(1 - share, 0.0, 1.0)
    return doubt


SCORES: Mapping[str, Score] = {
    "normalized_margin": normalized_margin,
    "self_confidence": self_confidence,
    "confidence_weighted_entropy": confidence_weighted_entropy,
}
"""Name -> score; the first is the default. Northcutt, Jiang and Chuang (2021); the last: Kuan and Mueller (2022)."""


def doubt_of_labels(given: IntArray, probabilities: FloatArray, score: str = "normalized_margin") -> FloatArray:
    """How doubtful each given label is: shape (tasks,), in [0, 1], higher = needs a human more.

    ``given`` (tasks,) are classes, ``probabilities`` (tasks, classes) a model's that did not learn from the task. Rows
    that do not sum to 1 are scaled; a row of zeros knows nothing and is an even guess. Raises ValueError for another
    name, which lists the names there are, for a label that has no column, and for probabilities that are negative or
    not finite.

    >>> doubt_of_labels(np.array([0, 1, 0]), np.array([[0.9, 0.1], [0.9, 0.1], [0.0, 0.0]])).round(2).tolist()
    [0.1, 0.9, 0.5]
    """
    if score not in SCORES:
        raise ValueError(f"no score of labels is named {score!r}; there are: {', '.join(SCORES)}")
    return SCORES[score](given, checked(given, probabilities))


def checked(given: IntArray, probabilities: FloatArray) -> FloatArray:
    """The probabilities with rows that sum to 1; raises ValueError as ``doubt_of_labels`` says."""
    if probabilities.ndim != 2 or len(given) != len(probabilities):
        raise ValueError(f"{len(given)} labels need a row of probabilities each, not an array {probabilities.shape}")
    if not np.all((probabilities >= 0) & (probabilities < np.inf)):
        raise ValueError("probabilities are finite numbers of 0 or more")
    if len(given) and not (given.min() >= 0 and given.max() < probabilities.shape[1]):
        raise ValueError(f"some given label has no column among {probabilities.shape[1]} classes")
    totals = probabilities.sum(axis=1, keepdims=True, dtype=np.float64)
    equal = np.full(probabilities.shape, 1 / max(probabilities.shape[1], 1))
    shares: FloatArray = np.divide(probabilities, totals, out=equal, where=totals > 0)
    return shares


def soft_minimum(values: FloatArray, temperature: float = 0.1) -> FloatArray:
    """The minimum of each row, softened: the mean weighted by exp((1 - value) / temperature), shape (rows,).

    >>> soft_minimum(np.array([[0.9, 0.9], [0.9, 0.1]])).round(4).tolist()
    [0.9, 0.1003]
    """
    if not values.shape[1]:
        return np.ones(len(values))
    weights = np.exp((values.min(axis=1, keepdims=True) - values) / temperature)
    pooled: FloatArray = (weights * values).sum(axis=1) / weights.sum(axis=1)
    return pooled


def moving_average(values: FloatArray, forget: float = 0.8) -> FloatArray:
    """The values of each row from the highest to the lowest, averaged with exponential forgetting: shape (rows,).

    >>> moving_average(np.array([[0.9, 0.9], [0.1, 0.9]])).round(4).tolist()
    [0.9, 0.26]
    """
    if not values.shape[1]:
        return np.ones(len(values))
    falling = -np.sort(-values, axis=1)
    pooled = falling[:, 0]
    for column in falling.T[1:]:
        pooled = forget * column + (1 - forget) * pooled
    return pooled


POOLS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "soft_minimum": soft_minimum,
    "moving_average": moving_average,
}
"""How the qualities of several labels become one; Thyagarajan et al. (2023), "Identifying Incorrect Annotations in
Multi-Label Classification Data"."""


def doubt_of_sets(chosen: BoolArray, probabilities: FloatArray, pool: str = "soft_minimum") -> FloatArray:
    """How doubtful each set of labels is: shape (tasks,), in [0, 1].

    ``chosen`` and ``probabilities``, (tasks, labels), say which labels were chosen and how probably each should be.
    1 - the qualities pooled, that of a label being the probability of what was said about it. Raises ValueError for
    another pool, which lists the names there are, and for numbers that are no probabilities.

    >>> doubt_of_sets(np.array([[True, False]]), np.array([[0.9, 0.8]])).round(3).tolist()
    [0.799]
    """
    if pool not in POOLS:
        raise ValueError(f"no pool of label qualities is named {pool!r}; there are: {', '.join(POOLS)}")
    if chosen.shape != probabilities.shape or not np.all((probabilities >= 0) & (probabilities <= 1)):
        raise ValueError("each label of each task needs a probability from 0 to 1")
    return 1 - POOLS[pool](np.where(chosen, probabilities, 1 - probabilities))
