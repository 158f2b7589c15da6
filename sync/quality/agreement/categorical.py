"""Kappas and their kin: observed agreement against what the kinds of answers would agree by chance.

All are (observed - chance) / (1 - chance) with weights of partial agreement, and differ in chance. As Gwet defines
them (2014, chapters 2 to 5), observed agreement is the mean over tasks with two answers or more; tasks with one answer
count only in how often each answer is given, so in chance. How many categories there are (q) is what the interface
offers for a single choice, else what occurs.
"""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from ..records import FloatArray
from .case import Case
from .persons import Persons
from .profiles import Matrix
from .resampling import AT_ONCE, Groups, Quantity, Statistic
from .table import apart, divided
from .undefined import CERTAIN, TWO_ANNOTATORS, Undefined

MANY_GROUPS = 20_000
FEWER_RESAMPLES = 200
"""Resamples for Conger's kappa, at most, where more than so many groups of tasks differ in who said what: then each
task has to be drawn, and each annotator's answers be counted, for every one."""

Chance = Callable[[FloatArray, FloatArray], FloatArray]
"""Shares of the answers (resamples, answers), weights (answers, answers) -> agreement by chance (resamples,)."""


def by_shares(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """Two answers drawn from all answers: Scott (1955), Fleiss (1971)."""
    found: FloatArray = ((shares @ weights) * shares).sum(axis=1)
    return found


def by_difficulty(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """T / (q (q - 1)) x the sum of p (1 - p), T the sum of the weights: Gwet (2008)."""
    kinds = len(weights)
    if kinds < 2:
        return np.ones(len(shares))
    found: FloatArray = weights.sum() / (kinds * (kinds - 1)) * (shares * (1 - shares)).sum(axis=1)
    return found


def uniform(shares: FloatArray, weights: FloatArray) -> FloatArray:
    """T / q^2, all categories alike: Bennett, Alpert and Goldstein (1954), Brennan and Prediger (1981)."""
    return np.full(len(shares), weights.sum() / max(1, len(weights)) ** 2)


def fleiss_kappa(case: Case) -> Quantity:
    """Fleiss' kappa (1971) for any number of answers a task, as Gwet (2014) generalises it."""
    return _by(case, by_shares, case.weights)


def gwet_ac1(case: Case) -> Quantity:
    """Gwet's AC1 (2008): no weights, whatever the method says."""
    return _by(case, by_difficulty, case.weighted("identity"))


def gwet_ac2(case: Case) -> Quantity:
    """Gwet's AC2 (2014): AC1 with weights; linear ones for an order, unless the method names others."""
    ordered = case.method.weights is None and case.values() is not None
    return _by(case, by_difficulty, case.weighted("linear") if ordered else case.weights)


def brennan_prediger(case: Case) -> Quantity:
    """Brennan and Prediger's kappa (1981), also known as Bennett's S and Randolph's kappa."""
    return _by(case, uniform, case.weights)


def _by(case: Case, chance: Chance, weights: FloatArray) -> Quantity:
    found = case.table
    shares = _over(found.counts, found.size)
    agreed = observed_agreement(found.groups, found.counts, weights)

    def kappa(times: FloatArray) -> FloatArray:
        given = times @ shares / max(1, len(found.groups.tasks))
        return corrected(agreed(times), chance(given, weights))

    return Quantity(found.groups, kappa, found.groups.paired, CERTAIN)


def observed_agreement(groups: Groups, counts: Matrix, weights: FloatArray) -> Statistic:
    """The mean over tasks with two answers or more of the weight of two answers to them."""
    paired = counts[: groups.paired_groups]
    size = np.asarray(paired.sum(axis=1)).ravel()
    agreed = 1.0 - apart(paired, 1.0 - weights) / (size * (size - 1))

    def mean(times: FloatArray) -> FloatArray:
        found: FloatArray = times[:, : groups.paired_groups] @ agreed / groups.paired
        return found

    return mean


def corrected(observed: FloatArray, chance: FloatArray) -> FloatArray:
    """(observed - chance) / (1 - chance), NaN where chance is certain."""
    return divided(observed - chance, 1.0 - chance)


def _over(counts: Matrix, size: FloatArray) -> Matrix:
    """Each row over its own size."""
    shares: Matrix = sparse.diags_array(1.0 / size) @ counts
    return shares


def conger_kappa(case: Case) -> Quantity:
    """Conger's kappa (1980): as Fleiss', with each annotator's own habits; of two it is Cohen's on complete tasks.

    Chance is the mean over the pairs of annotators of what their shares of answers agree by chance; as Gwet (2014)
    has it, less their covariance over the number of annotators.
    """
    people, weights = case.people, case.weights
    agreed = observed_agreement(people.groups, people.counts(), weights)

    def kappa(times: FloatArray) -> FloatArray:
        step = max(1, AT_ONCE // (people.people * people.kinds))
        blocks = [times[at : at + step] for at in range(0, len(times), step)]
        chance = np.concatenate([_habits(people.totals(block), weights) for block in blocks])
        return corrected(agreed(times), chance)

    many = len(people.groups.times) > MANY_GROUPS
    return Quantity(people.groups, kappa, people.groups.paired, CERTAIN, FEWER_RESAMPLES if many else None)


def _habits(totals: FloatArray, weights: FloatArray) -> FloatArray:
    """Agreement by chance of two different annotators; ``totals`` is (resamples, annotators, answers)."""
    given = totals.sum(axis=2, keepdims=True)
    shares = divided(totals, given, otherwise=0.0)
    there = np.count_nonzero(given, axis=(1, 2)).astype(np.float64)
    alone = ((shares @ weights) * shares).sum(axis=(1, 2))
    together = by_shares(shares.sum(axis=1), weights)
    return divided(together - alone, there * (there - 1), otherwise=1.0)


def cohen_kappa(case: Case) -> Quantity:
    """Cohen's kappa (1960, weighted 1968) of two annotators on the tasks that both answered."""
    return _of_two(case, lambda first, second: (first, second))


def scott_pi(case: Case) -> Quantity:
    """Scott's pi (1955) of two annotators on the tasks that both answered: both have the habits of the two together."""
    return _of_two(case, lambda first, second: ((first + second) / 2, (first + second) / 2))


def _of_two(case: Case, habits: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]) -> Quantity:
    people, weights = case.people, case.weights
    if people.people != 2:
        raise Undefined(TWO_ANNOTATORS)
    agreed = observed_agreement(people.groups, people.counts(), weights)

    def kappa(times: FloatArray) -> FloatArray:
        first, second = _common(people, times)
        one, other = habits(first, second)
        return corrected(agreed(times), ((one @ weights) * other).sum(axis=1))

    return Quantity(people.groups, kappa, people.groups.paired, CERTAIN)


def _common(people: Persons, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The shares of the answers that each of two annotators gave to the tasks that both answered."""
    both = times.copy()
    both[:, people.groups.paired_groups :] = 0
    totals = people.totals(both) / people.groups.paired
    return totals[:, 0], totals[:, 1]
