"""Dawid and Skene (1979): who is right and who confuses what, estimated together by EM."""

import numpy as np

from ..records import FloatArray
from .posterior import Posterior, Votes

STRENGTH = 3.0
"""How many answers of the average annotator are added to each row of everybody's confusion matrix."""
ITERATIONS = 200
TOLERANCE = 1e-5


def dawid_skene(
    votes: Votes, *, strength: float = STRENGTH, iterations: int = ITERATIONS, tolerance: float = TOLERANCE
) -> Posterior:
    """Maximise the posterior of class and confusion, in log space, from the shares of votes.

    Each annotator's confusion is drawn towards the average one by ``strength`` answers a row, so that annotators
    with few answers don't hurt; 0 is the method as published. Known classes stay fixed and teach. Stops when no
    probability moves by more than ``tolerance``.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(40))
    >>> truth = np.arange(40) % 2
    >>> answers = np.where(people == 2, 1 - truth[tasks], truth[tasks])  # the third always says the opposite
    >>> found = dawid_skene(Votes(tasks.ravel(), people.ravel(), answers.ravel(), 40, 3, 2, {}))
    >>> bool((found.probability.argmax(axis=1) == truth).all()), bool(found.confusion[2, 0, 0] < 0.1)
    (True, True)
    """
    probability = votes.shares()
    prior, confusion = _maximise(votes, probability, strength)
    for _ in range(iterations):
        moved = _expect(votes, prior, confusion)
        prior, confusion = _maximise(votes, moved, strength)
        change = float(np.abs(moved - probability).max(initial=0.0))
        probability = moved
        if change < tolerance:
            break
    return Posterior(probability, prior, confusion)


def _maximise(votes: Votes, probability: FloatArray, strength: float) -> tuple[FloatArray, FloatArray]:
    """M-step: class shares and confusion from the current probabilities (their equations 2.3 and 2.4)."""
    counts = votes.confusion_counts(probability)
    pooled = counts.sum(axis=0) + np.eye(votes.classes) + 0.1 / votes.classes
    counts += strength * pooled / pooled.sum(axis=1, keepdims=True)
    totals = counts.sum(axis=2, keepdims=True)
    equal = np.full_like(counts, 1 / votes.classes)
    answered = np.bincount(votes.task, minlength=votes.tasks) > 0
    answered[list(votes.fixed)] = True
    shares = probability[answered].sum(axis=0) + 1.0 / votes.classes
    return shares / shares.sum(), np.divide(counts, totals, out=equal, where=totals > 0)


def _expect(votes: Votes, prior: FloatArray, confusion: FloatArray) -> FloatArray:
    """E-step: probability of each class from the answers, in logarithms (their equation 2.5)."""
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(confusion, 1e-300))
    found = np.tile(np.log(prior), (votes.tasks, 1))
    for truth in range(votes.classes):
        found[:, truth] += np.bincount(votes.task, logs[votes.annotator, truth, votes.answer], votes.tasks)
    found -= found.max(axis=1, keepdims=True)
    np.exp(found, out=found)
    return votes.with_fixed(found / found.sum(axis=1, keepdims=True))
