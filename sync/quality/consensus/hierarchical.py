"""Dawid-Skene with a prior for people: how far they may differ from what is expected of them is estimated too."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from ..records import FloatArray
from .given_classes import GivenClasses, sparing
from .posterior import BARRED, Posterior, Votes, normalise

STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""How many expected answers may be added to each row of everybody's confusion matrix."""
SHRINKAGE = 8.0
"""How many answers of the average annotator are added to everybody's before it is asked how often they are right."""
LEAST_EXPECTED = 1e-6
"""No answer is expected more rarely."""
ITERATIONS = 100
TOLERANCE = 1e-3
_SETTLED = 40
"""After so many iterations the strength stays: two that are equally likely must not take turns."""
_DIGITS = 9
_LEAST = 1e-300


def hierarchical(
    votes: Votes, *, iterations: int = ITERATIONS, tolerance: float = TOLERANCE, whole_tables: bool = False
) -> Posterior:
    """Dawid-Skene whose confusion matrices lie between one number a person and a matrix of their own.

    Each row of an annotator's confusion has a Dirichlet prior. Its mean is everybody's row, moved by how often this
    annotator is right on the whole: the logarithm of the odds of a right answer is that of the class plus that of the
    person. Its strength is the one of ``STRENGTHS`` under which the expected counts are most probable (empirical
    Bayes; the Dirichlet-multinomial likelihood, Minka 2000): people who err alike are pooled, people who do not are
    left their own ways. As in ``dawid_skene``, a task that two or more answered teaches only about the classes it was
    given, known classes stay fixed and teach, and what ``trust`` believes is counted. ``whole_tables`` computes with
    tables of all classes also where few cells of them matter, which gives the same in more time.

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
    whole = _Whole.of(votes)
    given = None if whole_tables else sparing(votes)
    steps = whole if given is None else _Few(votes, given)
    moved, strength = steps.start(probability), STRENGTHS[0]
    before = moved, prior
    for turn in range(max(1, iterations)):
        before = moved, prior
        moved, strength = steps.turn(*before, strength if turn >= _SETTLED else None)
        moved = np.round(moved, _DIGITS)
        change = float(np.abs(moved - before[0]).max(initial=0.0))
        prior = steps.class_shares(moved)
        if change < tolerance:
            break
    confusion = whole.confusion(steps.dense(before[0]), before[1], strength)[0]
    return Posterior(whole.expect(prior, confusion, None), prior, confusion)


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """The steps on whole tables: the probability of each class is (tasks, classes).

    ``table`` is ``Votes.table``, ``answers`` its transpose. ``barred`` is ``BARRED`` where a task does not teach
    about a class, else 0.
    """

    votes: Votes
    table: sparse.csr_array
    answers: sparse.csr_array
    barred: FloatArray

    @classmethod
    def of(cls, votes: Votes) -> "_Whole":
        table = votes.table()
        several = np.bincount(votes.task, minlength=votes.tasks) >= 2
        barred = np.where(several[:, None] & (votes.tally() == 0), BARRED, 0.0)
        return cls(votes, table, table.T.tocsr(), barred)

    def start(self, shares: FloatArray) -> FloatArray:
        return shares

    def dense(self, probability: FloatArray) -> FloatArray:
        return probability

    def class_shares(self, probability: FloatArray) -> FloatArray:
        return self.votes.class_shares(probability)

    def turn(self, probability: FloatArray, prior: FloatArray, strength: float | None) -> tuple[FloatArray, float]:
        """M-step and E-step; the strength is estimated where it is null."""
        confusion, strength = self.confusion(probability, prior, strength)
        return self.expect(prior, confusion, self.barred), strength

    def confusion(self, probability: FloatArray, prior: FloatArray, strength: float | None) -> tuple[FloatArray, float]:
        counts = self.votes.by_annotator(self.answers @ probability)
        if self.votes.trust is not None:
            counts = counts + self.votes.believed(prior)
        mean = expected(counts)
        if strength is None:
            strength = most_probable_strength(counts, mean)
        found = counts + strength * mean
        found /= found.sum(axis=2, keepdims=True)
        return found, strength

    def expect(self, prior: FloatArray, confusion: FloatArray, barred: FloatArray | None) -> FloatArray:
        """The probability of each class from the answers, in logarithms: (tasks, classes)."""
        logs = np.log(np.maximum(confusion, _LEAST)).transpose(0, 2, 1).reshape(-1, self.votes.classes)
        found: FloatArray = self.table @ logs + np.log(np.maximum(prior, _LEAST))
        if barred is not None:
            found += barred
        normalise(found)
        return self.votes.with_fixed(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Few:
    """The same steps where each task teaches about few of many classes: the probability is that of the cells.

    What is believed beforehand says nothing here of how far people differ.
    """

    votes: Votes
    given: GivenClasses

    def start(self, shares: FloatArray) -> FloatArray:
        return shares[self.given.task, self.given.label]

    def dense(self, probability: FloatArray) -> FloatArray:
        found = np.zeros((self.votes.tasks, self.votes.classes))
        found[self.given.task, self.given.label] = probability
        return found

    def class_shares(self, probability: FloatArray) -> FloatArray:
        return self.given.class_shares(probability)

    def turn(self, probability: FloatArray, prior: FloatArray, strength: float | None) -> tuple[FloatArray, float]:
        given = self.given
        counts = given.said.T @ probability
        mean, rows = self._expected(counts, prior)
        if strength is None:
            strength = _most_probable(given.by_truth(counts), counts, mean)
        rows = strength * rows + given.by_truth(counts) + given.believed_by_truth(prior)
        rate = np.log(counts + given.believed(prior) + strength * mean) - np.log(rows)[given.annotator, given.truth]
        return given.expect(rate, np.log(np.maximum(prior, _LEAST)))[0], strength

    def _expected(self, counts: FloatArray, prior: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``expected`` of each rate, (rates,), and its sum over what is answered, (annotators, true class)."""
        given = self.given
        pooled = given.pooled(counts) + given.believed_pooled(prior)
        every, right = (
            np.bincount(given.annotator, some, self.votes.annotators).astype(np.float64)
            for some in (counts, (counts + given.believed(prior)) * given.right)
        )
        every += given.believed_by_truth(prior).sum(axis=1)
        rate, wrong = _rates(pooled, right, every)
        mean = np.where(
            given.right,
            rate[given.annotator, given.truth],
            (1 - rate[given.annotator, given.truth]) * wrong[given.truth, given.answer],
        )
        return np.maximum(mean, LEAST_EXPECTED), _sums(rate, wrong)


def expected(counts: FloatArray) -> FloatArray:
    """What is expected of everybody's confusion from everybody's counts: (annotators, true class, answered class)."""
    diagonal = np.arange(counts.shape[1])
    rate, wrong = _rates(counts.sum(axis=0), np.einsum("akk->a", counts), counts.sum(axis=(1, 2)))
    mean: FloatArray = (1 - rate)[:, :, None] * wrong
    mean[:, diagonal, diagonal] = rate
    return np.maximum(mean, LEAST_EXPECTED)


def _rates(pooled: FloatArray, right: FloatArray, every: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How often each annotator is expected to be right on a class, and what a wrong answer is then.

    From everybody's counts (true class, answered class), and everybody's right answers and all of them, (annotators,):
    (annotators, true class), and (true class, answered class) with sums of 1 and nothing on the diagonal.
    """
    classes = len(pooled)
    diagonal = np.arange(classes)
    pooled = pooled + np.eye(classes) + 0.1 / classes
    by_class = pooled[diagonal, diagonal] / pooled.sum(axis=1)
    everybody = (right.sum() + 1.0) / (every.sum() + 1.0 + 1.0 / classes)
    person = (right + SHRINKAGE * everybody) / (every + SHRINKAGE)
    odds = special.logit(by_class) + special.logit(person)[:, None] - special.logit(everybody)
    pooled[diagonal, diagonal] = 0.0
    return special.expit(odds), pooled / pooled.sum(axis=1, keepdims=True)


def _sums(rate: FloatArray, wrong: FloatArray) -> FloatArray:
    """What ``expected`` sums to over the answered classes: (annotators, true class); 1 but for ``LEAST_EXPECTED``."""
    found = np.maximum(rate, LEAST_EXPECTED) + (1 - rate)
    apart = np.where(np.eye(len(wrong), dtype=np.bool_), np.inf, wrong)
    for truth in np.flatnonzero(((1 - rate) * apart.min(axis=1)).min(axis=0) < LEAST_EXPECTED):
        each = (1 - rate[:, truth, None]) * np.delete(wrong[truth], truth)
        found[:, truth] += np.maximum(LEAST_EXPECTED - each, 0.0).sum(axis=1)
    return found


def most_probable_strength(counts: FloatArray, mean: FloatArray) -> float:
    """The one of ``STRENGTHS`` that makes the counts most probable (of equal ones the weakest)."""
    return _most_probable(counts.sum(axis=2), counts, mean)


def _most_probable(totals: FloatArray, counts: FloatArray, mean: FloatArray) -> float:
    """The same from the counts that are not 0 and their means, in any shape; ``totals`` (annotators, true class)."""

    def evidence(strength: float) -> float:
        prior = strength * mean
        rows = special.gammaln(strength) - special.gammaln(strength + totals)
        return float(rows.sum() + np.sum(special.gammaln(counts + prior) - special.gammaln(prior)))

    return max(STRENGTHS, key=lambda strength: round(evidence(strength), 6))
