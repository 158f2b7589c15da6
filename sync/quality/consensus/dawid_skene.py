"""Dawid and Skene (1979): who is right and who confuses what, estimated together by EM."""

import numpy as np
from scipy import sparse

from ..records import BoolArray, FloatArray
from .posterior import Posterior, Votes

STRENGTH = 3.0
"""How many answers of the average annotator are added to each row of everybody's confusion matrix."""
ITERATIONS = 200
TOLERANCE = 1e-5

_DIGITS = 9
"""Probabilities are rounded while iterating: otherwise EM blows rounding errors up until they break ties at random."""
_LEAST = 1e-300
"""Stands for a probability of 0, whose logarithm is not a number to add."""


def dawid_skene(
    votes: Votes,
    *,
    strength: float = STRENGTH,
    given_only: bool = True,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
) -> Posterior:
    """Maximise the posterior of class and confusion, in log space, from the shares of votes.

    Two things keep what is learned about people sound. Each annotator's confusion is drawn towards the average one by
    ``strength`` answers a row, and the shares of the classes towards equal ones by one task, so that annotators with
    few answers don't hurt. And with ``given_only`` a task that two or more answered teaches only about the classes
    that it was given: otherwise a rare class comes to stand for doubtful tasks that nobody put there. The
    probabilities that are returned know no such bar. The method as published is
    ``strength=0, given_only=False``. Known classes stay fixed and teach. Stops when no probability moves by more than
    ``tolerance``, or after ``iterations``.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(40))
    >>> truth = np.arange(40) % 2
    >>> answers = np.where(people == 2, 1 - truth[tasks], truth[tasks])  # the third always says the opposite
    >>> found = dawid_skene(Votes(tasks.ravel(), people.ravel(), answers.ravel(), 40, 3, 2, {}))
    >>> bool((found.probability.argmax(axis=1) == truth).all()), bool(found.confusion[2, 0, 0] < 0.1)
    (True, True)
    """
    table = votes.table()
    answers = table.T.tocsr()
    heard = _heard(votes)
    probability = votes.shares()
    barred = _not_given(votes, probability) if given_only else None
    prior, confusion = _maximise(votes, answers, heard, probability, strength)
    for _ in range(iterations):
        moved = _expect(votes, table, prior, confusion, barred)
        np.round(moved, _DIGITS, out=moved)
        prior, confusion = _maximise(votes, answers, heard, moved, strength)
        change = float(np.abs(moved - probability).max(initial=0.0))
        probability = moved
        if change < tolerance:
            break
    return Posterior(_expect(votes, table, prior, confusion, None), prior, confusion)


def _not_given(votes: Votes, shares: FloatArray) -> BoolArray:
    """True for the classes that nobody gave to a task of two or more answers: (tasks, classes)."""
    several = np.bincount(votes.task, minlength=votes.tasks) >= 2
    barred: BoolArray = several[:, None] & (shares == 0)
    return barred


def _heard(votes: Votes) -> FloatArray:
    """1 for each task that says something about the shares of the classes, 0 for the others: (tasks,)."""
    heard = np.minimum(np.bincount(votes.task, minlength=votes.tasks), 1).astype(np.float64)
    heard[list(votes.fixed)] = 1.0
    return heard


def _maximise(
    votes: Votes, answers: sparse.csr_array, heard: FloatArray, probability: FloatArray, strength: float
) -> tuple[FloatArray, FloatArray]:
    """M-step: class shares and confusion from the current probabilities (their equations 2.3 and 2.4)."""
    counts = votes.by_annotator(answers @ probability)
    shares = heard @ probability
    if strength > 0:
        pooled = counts.sum(axis=0) + np.eye(votes.classes) + 0.1 / votes.classes
        counts = counts + strength * pooled / pooled.sum(axis=1, keepdims=True)
        shares += 1.0 / votes.classes
    totals = counts.sum(axis=2, keepdims=True)
    equal = np.full(counts.shape, 1 / votes.classes)
    return shares / shares.sum(), np.divide(counts, totals, out=equal, where=totals > 0)


def _expect(
    votes: Votes, table: sparse.csr_array, prior: FloatArray, confusion: FloatArray, barred: BoolArray | None
) -> FloatArray:
    """E-step: probability of each class from the answers, in logarithms (their equation 2.5)."""
    logs = np.log(np.maximum(confusion, _LEAST)).transpose(0, 2, 1).reshape(-1, votes.classes)
    found = table @ logs
    found += np.log(np.maximum(prior, _LEAST))
    if barred is not None:
        np.copyto(found, -np.inf, where=barred)
    found -= found.max(axis=1, keepdims=True)
    np.exp(found, out=found)
    found /= found.sum(axis=1, keepdims=True)
    return votes.with_fixed(found)
