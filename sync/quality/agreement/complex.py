"""Sigma and KS: agreement on complex answers, from how distances within tasks and across tasks are distributed.

Braylan, Alonso, Lease (2022), "Measuring annotator agreement generally across complex structured, multi-object, and
free-text annotation tasks", WWW '22. Observed distances are those between two answers to one task, expected ones those
between answers to different tasks: what two answers have in common that are not about the same thing. Unlike alpha,
which compares the means, both measures depend on the order of distances only, not on their scale.

Sigma is the share of observed distances that chance would hardly give: fewer than 5 % of the expected ones are as
small. KS is the Kolmogorov-Smirnov statistic: the largest lead of observed over expected distances in how many are
small. (The authors' program smooths the expected distances for sigma by default; here they are taken as they are.)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ..records import CodedAnswers, Estimate, FloatArray, IntArray
from .continua import each_task
from .resampling import AT_ONCE, Quantity, Rng, Statistic, estimates
from .undefined import NO_PAIRS

Between = Callable[[IntArray, IntArray], FloatArray]
"""Positions in the coded answers, pair by pair -> their distances."""

SIGNIFICANT = 0.05
"""The share of expected distances below which an observed one is no chance (the paper's threshold)."""

MOST_TASKS = 10_000
"""Tasks that are looked at, drawn at random where there are more; what is observed is then off by 0.005 (s.e.)."""

MOST_PAIRS, MOST_OTHERS = 20_000, 10_000
"""Pairs of answers within one task, and across tasks, drawn at random where there are more."""

ONE_TASK = "all answers are to one task, so there are none to different tasks to compare with"
TIES = "too many answers to different tasks are equal for any distance to be significantly small"


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """Observed and expected distances, and the tasks they come from, in [0, tasks).

    ``observed`` (pairs,) are distances between two answers to ``task`` (pairs,); each stands for ``share`` pairs.
    ``expected`` (others,) are those between answers to the tasks ``left`` and ``right`` (others,). ``left_out`` counts
    the tasks that were not drawn.
    """

    observed: FloatArray
    task: IntArray
    share: FloatArray
    expected: FloatArray
    left: IntArray
    right: IntArray
    tasks: int
    left_out: int = 0


def sigma(
    distances: Distances, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95, threshold: float = SIGNIFICANT
) -> Estimate:
    """The share of observed distances that fewer than ``threshold`` of the expected ones reach, in [0, 1].

    With a bootstrap interval over tasks. Null without pairs within and across tasks, and where so many expected
    distances are 0 that no distance could be significant.

    >>> far, tasks = np.linspace(0.1, 1, 1000), np.zeros(4, int)
    >>> found = Distances(np.array([0.0, 0.12, 0.3, 0.9]), tasks, np.ones(4), far, np.zeros(1000, int),
    ...                   np.ones(1000, int), 2)
    >>> sigma(found, np.random.default_rng(0), bootstrap=0).value
    0.5
    """

    def small(observed: FloatArray, expected: FloatArray) -> FloatArray:
        rare = np.cumsum(expected, axis=1) < threshold
        found: FloatArray = (observed * rare).sum(axis=1)
        return np.where(rare[:, 0], found, np.nan)

    return _estimate(distances, small, TIES, rng, bootstrap, confidence)


def ks(distances: Distances, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95) -> Estimate:
    """The largest difference of the shares of observed and of expected distances up to some distance, in [0, 1].

    With a bootstrap interval over tasks. Null without pairs within and across tasks.

    >>> found = Distances(np.array([0.0, 0.2]), np.array([0, 1]), np.ones(2), np.array([0.1, 0.9]),
    ...                   np.array([0, 0]), np.array([1, 1]), 2)
    >>> ks(found, np.random.default_rng(0), bootstrap=0).value
    0.5
    """

    def lead(observed: FloatArray, expected: FloatArray) -> FloatArray:
        found: FloatArray = np.cumsum(observed - expected, axis=1).max(axis=1)
        return np.maximum(found, 0.0)

    return _estimate(distances, lead, ONE_TASK, rng, bootstrap, confidence)


_OfShares = Callable[[FloatArray, FloatArray], FloatArray]
"""The shares of observed and of expected distances that have each value, ascending from 0 -> a number a resample."""


def _estimate(
    distances: Distances, of: _OfShares, undefined: str, rng: Rng, bootstrap: int, confidence: float
) -> Estimate:
    if len(distances.observed) == 0:
        return Estimate(None, reason=NO_PAIRS)
    if len(distances.expected) == 0:
        return Estimate(None, n=distances.tasks, reason=ONE_TASK)
    quantity = Quantity(each_task(distances.tasks), _statistic(distances, of), distances.tasks, undefined)
    found = estimates({"": quantity}, rng, bootstrap, confidence)[""]
    if distances.left_out == 0:
        return found
    sample = f"from {distances.tasks} of {distances.tasks + distances.left_out} tasks, drawn at random"
    return replace(found, reason=f"{found.reason}; {sample}" if found.reason else sample)


def _statistic(distances: Distances, of: _OfShares) -> Statistic:
    """A pair across tasks is there as often as its two tasks together, in a resample that has them several times."""
    order = np.argsort(distances.expected, kind="stable")
    expected, left, right = distances.expected[order], distances.left[order], distances.right[order]
    values, place = np.unique(np.concatenate([[0.0], distances.observed, expected]), return_inverse=True)
    observed_place, expected_place = np.split(place[1:], [len(distances.observed)])
    within = sparse.csr_array((distances.share, (distances.task, observed_place)), (distances.tasks, len(values)))
    first = np.flatnonzero(np.diff(expected_place, prepend=-1))
    step = max(1, AT_ONCE // len(values))

    def statistic(weights: FloatArray) -> FloatArray:
        return np.concatenate([block(weights[at : at + step]) for at in range(0, len(weights), step)])

    def block(weights: FloatArray) -> FloatArray:
        observed, expected = weights @ within, np.zeros((len(weights), len(values)))
        together = weights[:, left] * weights[:, right]
        expected[:, expected_place[first]] = np.add.reduceat(together, first, axis=1)
        defined = expected.sum(axis=1) > 0
        found = np.full(len(weights), np.nan)
        found[defined] = of(_shares(observed[defined]), _shares(expected[defined]))
        return found

    return statistic


def _shares(amounts: FloatArray) -> FloatArray:
    found: FloatArray = amounts / amounts.sum(axis=1, keepdims=True)
    return found


def distances(coded: CodedAnswers, between: Between, rng: Rng, others: int = MOST_OTHERS) -> Distances:
    """Observed and expected distances of the answers in tasks that two or more answered; ``between`` gives distances.

    Where there are more, ``MOST_TASKS`` tasks, ``MOST_PAIRS`` pairs of a task and ``others`` pairs across tasks are
    drawn from ``rng``.
    """
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    paired = np.flatnonzero(size >= 2)
    drawn = np.sort(rng.permutation(paired)[:MOST_TASKS])
    rank = np.full(len(size), -1)
    rank[drawn] = np.arange(len(drawn))
    rows = np.flatnonzero(rank[coded.task] >= 0)
    rows = rows[np.argsort(coded.task[rows], kind="stable")]
    task, answer = rank[coded.task[rows]], coded.answer[rows]
    one, other, share = _within(size[drawn], rng)
    left, right = _across(task, rng, others)
    return Distances(
        observed=between(answer[one], answer[other]),
        task=task[one],
        share=share,
        expected=between(answer[left], answer[right]),
        left=task[left],
        right=task[right],
        tasks=len(drawn),
        left_out=len(paired) - len(drawn),
    )


def _within(size: IntArray, rng: Rng) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of rows of one task, where the tasks have ``size`` rows one after the other; what each pair stands for."""
    start = np.cumsum(size) - size
    ones, others, shares = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for length in np.unique(size).tolist():
        first, pairs = start[size == length][:, None], length * (length - 1) // 2
        if pairs <= MOST_PAIRS:
            one, other = (half[None, :] for half in np.triu_indices(length, 1))
        else:
            one = rng.integers(length, size=(len(first), MOST_PAIRS))
            other = (one + rng.integers(1, length, size=one.shape)) % length
        ones.append((first + one).ravel())
        others.append((first + other).ravel())
        shares.append(np.full(len(ones[-1]), max(1.0, pairs / MOST_PAIRS)))
    return np.concatenate(ones), np.concatenate(others), np.concatenate(shares)


def _across(task: IntArray, rng: Rng, others: int) -> tuple[IntArray, IntArray]:
    """Pairs of rows of different tasks: all of them where they are few, else a sample; ``task`` is (rows,)."""
    rows = len(task)
    if rows * (rows - 1) // 2 <= others:
        left, right = np.triu_indices(rows, 1)
    else:
        left, right = (rng.integers(rows, size=others) for _ in range(2))
    different = task[left] != task[right]
    return left[different], right[different]
