"""Dawid-Skene with a prior for people: how far they may differ from what is expected of them is estimated too."""

import numpy as np
from scipy import sparse, special

from ..records import FloatArray
from .posterior import BARRED, Posterior, Votes, normalise

STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""How many expected answers may be added to each row of everybody's confusion matrix."""
SHRINKAGE = 8.0
"""How many answers of the average annotator are added to everybody's before it is asked how often they are right."""
ITERATIONS = 100
TOLERANCE = 1e-3
_SETTLED = 40
"""After so many iterations the strength stays: two that are equally likely must not take turns."""
_DIGITS = 9
_LEAST = 1e-300


def hierarchical(votes: Votes, *, iterations: int = ITERATIONS, tolerance: float = TOLERANCE) -> Posterior:
    """Dawid-Skene whose confusion matrices lie between one number a person and a matrix of their own.

    Each row of an annotator's confusion has a Dirichlet prior. Its mean is everybody's row, moved by how often this
    annotator is right on the whole: the logarithm of the odds of a right answer is that of the class plus that of the
    person. Its strength is the one of ``STRENGTHS`` under which the expected counts are most probable (empirical
    Bayes; the Dirichlet-multinomial likelihood, Minka 2000): people who err alike are pooled, people who do not are
    left their own ways. As in ``dawid_skene``, a task that two or more answered teaches only about the classes it was
    given, known classes stay fixed and teach, and what ``trust`` believes is counted.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(40))
    >>> truth = np.arange(40) % 2
    >>> answers = np.where(people == 2, 1 - truth[tasks], truth[tasks])  # the third always says the opposite
    >>> found = hierarchical(Votes(tasks.ravel(), people.ravel(), answers.ravel(), 40, 3, 2, {}))
    >>> bool((found.probability.argmax(axis=1) == truth).all()), bool(found.confusion[2, 0, 0] < 0.2)
    (True, True)
    """
    probability = votes.shares()
    prior = votes.class_shares(probability)
    if votes.classes < 2 or not len(votes.task):
        return Posterior(probability, prior, votes.confusion(probability, prior))
    table = votes.table()
    answers = table.T.tocsr()
    several = np.bincount(votes.task, minlength=votes.tasks) >= 2
    barred = np.where(several[:, None] & (votes.tally() == 0), BARRED, 0.0)
    strength = STRENGTHS[0]
    confusion: FloatArray = np.empty((0, 0, 0))
    for turn in range(max(1, iterations)):
        counts = votes.by_annotator(answers @ probability) + votes.believed(prior)
        mean = expected(counts)
        if turn < _SETTLED:
            strength = most_probable_strength(counts, mean)
        confusion = counts + strength * mean
        confusion /= confusion.sum(axis=2, keepdims=True)
        moved = np.round(_expect(votes, table, prior, confusion, barred), _DIGITS)
        change = float(np.abs(moved - probability).max(initial=0.0))
        probability, prior = moved, votes.class_shares(moved)
        if change < tolerance:
            break
    return Posterior(_expect(votes, table, prior, confusion, None), prior, confusion)


def expected(counts: FloatArray) -> FloatArray:
    """What is expected of everybody's confusion from everybody's counts: (annotators, true class, answered class)."""
    classes = counts.shape[1]
    diagonal = np.arange(classes)
    pooled = counts.sum(axis=0) + np.eye(classes) + 0.1 / classes
    by_class = pooled[diagonal, diagonal] / pooled.sum(axis=1)
    right, all_answers = np.einsum("akk->a", counts), counts.sum(axis=(1, 2))
    everybody = (right.sum() + 1.0) / (all_answers.sum() + 1.0 + 1.0 / classes)
    person = (right + SHRINKAGE * everybody) / (all_answers + SHRINKAGE)
    odds = special.logit(by_class) + special.logit(person)[:, None] - special.logit(everybody)
    rate = special.expit(odds)
    wrong = pooled.copy()
    wrong[diagonal, diagonal] = 0.0
    wrong /= wrong.sum(axis=1, keepdims=True)
    mean: FloatArray = (1 - rate)[:, :, None] * wrong
    mean[:, diagonal, diagonal] = rate
    return np.maximum(mean, 1e-6)


def most_probable_strength(counts: FloatArray, mean: FloatArray) -> float:
    """The one of ``STRENGTHS`` that makes the counts most probable (of equal ones the weakest)."""
    totals = counts.sum(axis=2)

    def evidence(strength: float) -> float:
        prior = strength * mean
        rows = special.gammaln(strength) - special.gammaln(strength + totals)
        return float(rows.sum() + np.sum(special.gammaln(counts + prior) - special.gammaln(prior)))

    return max(STRENGTHS, key=lambda strength: round(evidence(strength), 6))


def _expect(
    votes: Votes, table: sparse.csr_array, prior: FloatArray, confusion: FloatArray, barred: FloatArray | None
) -> FloatArray:
    """The probability of each class from the answers, in logarithms: (tasks, classes)."""
    logs = np.log(np.maximum(confusion, _LEAST)).transpose(0, 2, 1).reshape(-1, votes.classes)
    found: FloatArray = table @ logs + np.log(np.maximum(prior, _LEAST))
    if barred is not None:
        found += barred
    normalise(found)
    return votes.with_fixed(found)
