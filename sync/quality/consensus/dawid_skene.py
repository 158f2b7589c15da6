"""Dawid and Skene (1979): who is right and who confuses what, estimated together by EM."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..records import FloatArray, IntArray
from .acceleration import climb
from .given_classes import GivenClasses, sparing
from .patterns import Patterns, patterns
from .posterior import BARRED, STRENGTH, Posterior, Votes, normalise, usual

ITERATIONS = 500
TOLERANCE = 1e-5

_PARTS = 2.0**36
"""Probabilities are rounded to such parts while iterating: EM would blow rounding errors up until they break ties."""
_LEAST = 1e-10
"""No expected count and no class share is taken for less: what was never seen is not impossible."""


def dawid_skene(
    votes: Votes,
    *,
    strength: float = STRENGTH,
    given_only: bool = True,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
    accelerated: bool | None = None,
    whole_tables: bool = False,
) -> Posterior:
    """Maximise the posterior of class and confusion, in log space, from the shares of votes.

    Two things keep what is learned about people sound. Each annotator's confusion is drawn towards the average one by
    ``strength`` answers a row, and the shares of the classes towards equal ones by one task, so that annotators with
    few answers don't hurt. And with ``given_only`` a task that two or more answered teaches only about the classes
    that it was given: otherwise a rare class comes to stand for doubtful tasks that nobody put there. The
    probabilities that are returned know no such bar. The answers that ``trust`` believes are counted like given ones.
    The method as published is ``strength=0, given_only=False``. Known classes stay fixed and teach.

    Stops when no class share and no rate of error that rests on an answer moves by more than ``tolerance``, or after
    ``iterations`` passes over the votes; ``accelerated`` needs fewer of them (``acceleration.climb``). Null: where
    there is smoothing, because without it the likelihood has so many optima that leaps end at another one.
    ``whole_tables`` computes with tables of all classes also where few cells of them matter (``FewRates``), which
    gives the same in more time.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(40))
    >>> truth = np.arange(40) % 2
    >>> answers = np.where(people == 2, 1 - truth[tasks], truth[tasks])  # the third always says the opposite
    >>> found = dawid_skene(Votes(tasks.ravel(), people.ravel(), answers.ravel(), 40, 3, 2, {}))
    >>> bool((found.probability.argmax(axis=1) == truth).all()), bool(found.confusion[2, 0, 0] < 0.1)
    (True, True)
    """
    model = Model.of(votes, strength, given_only)
    few = FewRates.of(model) if strength > 0 and given_only and not whole_tables else None
    climber = model if few is None else few
    counts = climb(
        climber.step,
        climber.start(),
        change=climber.change,
        project=lambda point: np.maximum(point, 0.0),
        iterations=iterations,
        tolerance=tolerance,
        accelerated=strength > 0 if accelerated is None else accelerated,
    )
    rates = model.maximise(counts if few is None else few.whole(counts))
    probability, _ = model.expect(rates, barred=False)
    return Posterior(probability[model.of_task], rates.prior, rates.confusion)


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Class shares, and confusion (annotators, true class, answered class)."""

    prior: FloatArray
    confusion: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The votes by pattern, as matrices, and how they are smoothed.

    ``said`` (patterns, annotators x answers) holds who answered what, ``weighted`` the same times the number of tasks
    of each pattern; ``heard`` is that number for patterns that say something about the shares of the classes, else 0.
    ``barred`` is ``BARRED`` for the classes that a pattern may not teach about, else 0; null where it may about all.

    Expected counts are one array: how often each class is true (classes,), then how often each annotator gives each
    answer where it is (annotators, answered class, true class).
    """

    votes: Votes
    weight: FloatArray
    of_task: IntArray
    said: sparse.csr_array
    weighted: sparse.csr_array
    heard: FloatArray
    barred: FloatArray | None
    strength: float

    @classmethod
    def of(cls, votes: Votes, strength: float, given_only: bool) -> "Model":
        """The model of ``votes``; the arguments are those of ``dawid_skene``."""
        found = patterns(votes)
        length = np.bincount(found.votes.task, minlength=found.votes.tasks)
        said = _matrix(found.votes, length, np.ones(len(found.votes.task)))
        weighted = _matrix(found.votes, length, found.weight[found.votes.task])
        unheard = (length >= 2)[:, None] & (found.votes.tally() == 0)
        barred = np.where(unheard, BARRED, 0.0) if given_only else None
        return cls(found.votes, found.weight, found.of_task, said, weighted, _heard(found, length), barred, strength)

    def start(self) -> FloatArray:
        """Expected counts from the shares of votes."""
        return self.count(self.votes.shares())

    def step(self, counts: FloatArray) -> tuple[FloatArray, float]:
        """One iteration of EM: the next expected counts, and the objective at these."""
        rates, added = self._maximised(counts)
        probability, likelihood = self.expect(rates)
        return self.count(probability), likelihood + self._belief(rates, added)

    def count(self, probability: FloatArray) -> FloatArray:
        """Expected counts from the probability of the classes, (patterns, classes), which is rounded."""
        probability *= _PARTS
        np.rint(probability, out=probability)
        probability /= _PARTS
        return np.concatenate([self.heard @ probability, (self.weighted.T @ probability).ravel()])

    def maximise(self, counts: FloatArray) -> Rates:
        """M-step: class shares and confusion from expected counts (their equations 2.3 and 2.4)."""
        return self._maximised(counts)[0]

    def _maximised(self, counts: FloatArray) -> tuple[Rates, FloatArray]:
        """The same, and the answers that were ``_added``."""
        classes = self.votes.classes
        shares = np.maximum(counts[:classes] + self._equal_shares, _LEAST)
        prior = shares / shares.sum()
        table = self.votes.by_annotator(counts[classes:])
        added = self._added(table, prior)
        table = table + added
        np.maximum(table, _LEAST, out=table)
        table /= table.sum(axis=2, keepdims=True)
        return Rates(prior, table), added

    @property
    def _equal_shares(self) -> float:
        """How many tasks of each class are added."""
        return 1.0 / self.votes.classes if self.strength > 0 else 0.0

    def _belief(self, rates: Rates, added: FloatArray) -> float:
        """The log probability of class shares and confusion beforehand, but for a constant."""
        if not np.any(added):
            return 0.0
        return float(self._equal_shares * np.log(rates.prior).sum() + np.sum(added * np.log(rates.confusion)))

    def _added(self, table: FloatArray, prior: FloatArray) -> FloatArray:
        """Answers that are believed beforehand, (annotators or 1, true class, answered class)."""
        added: FloatArray = np.zeros((1, self.votes.classes, self.votes.classes))
        if self.strength > 0:
            added = added + usual(table, self.strength)
        return added if self.votes.trust is None else added + self.votes.believed(prior)

    def expect(self, rates: Rates, *, barred: bool = True) -> tuple[FloatArray, float]:
        """E-step: probability of each class from the answers (their equation 2.5), and their log likelihood."""
        found = self.said @ np.log(rates.confusion).transpose(0, 2, 1).reshape(-1, self.votes.classes)
        found += np.log(rates.prior)
        tasks, known = list(self.votes.fixed.keys()), list(self.votes.fixed.values())
        alone = found[tasks, known]
        if barred and self.barred is not None:
            found += self.barred
        evidence = normalise(found)
        evidence[tasks] = alone
        return self.votes.with_fixed(found), float(self.weight @ evidence)

    def change(self, before: FloatArray, after: FloatArray) -> float:
        """How far any rate has moved that rests on an answer or more, or any class share."""
        classes = self.votes.classes
        moved, share = np.abs(after - before), np.maximum(1.0, after[:classes].sum())
        rows = np.maximum(1.0, self.votes.by_annotator(after[classes:]).sum(axis=2, keepdims=True))
        rates = self.votes.by_annotator(moved[classes:]) / rows
        return float(max(rates.max(initial=0.0), moved[:classes].max(initial=0.0) / share))


@dataclass(frozen=True, slots=True, eq=False)
class FewRates:
    """A smoothed model of many classes, of which each task may teach about few: the same steps on few numbers.

    Expected counts are one array: how often each class is true (classes,), then one for each rate of ``given``. Of
    what is believed beforehand, the objective counts what concerns those rates.
    """

    model: Model
    given: GivenClasses
    weighted: sparse.csc_array

    @classmethod
    def of(cls, model: Model) -> "FewRates | None":
        """Null where whole tables are as good."""
        if (given := sparing(model.votes)) is None:
            return None
        weighted = sparse.csr_array(given.said.multiply(model.weight[given.task][:, None])).T
        return cls(model, given, weighted)

    def whole(self, counts: FloatArray) -> FloatArray:
        """The expected counts as ``Model`` has them."""
        classes = self.model.votes.classes
        found = np.zeros(classes + self.model.votes.annotators * classes**2)
        found[:classes] = counts[:classes]
        found[classes + self.given.place] = counts[classes:]
        return found

    def start(self) -> FloatArray:
        """Expected counts from the shares of votes."""
        return self._count(self.model.votes.shares()[self.given.task, self.given.label])

    def step(self, counts: FloatArray) -> tuple[FloatArray, float]:
        """``Model.step``."""
        given, strength = self.given, self.model.strength
        classes = self.model.votes.classes
        shares = counts[:classes] + 1.0 / classes
        prior = shares / shares.sum()
        table, believed = counts[classes:], given.believed(prior)
        common = usual(given.pooled(table)[None], strength)
        mine = common[given.truth, given.answer]
        rows = np.log(given.by_truth(table) + strength + given.believed_by_truth(prior))
        rate = np.log(table + mine + believed)
        logs = rate - rows[given.annotator, given.truth]
        belief = np.log(prior).sum() / classes + mine @ (rate - np.log(mine)) + believed @ logs
        belief += self.model.votes.annotators * np.sum(common * np.log(common)) - strength * rows.sum()
        probability, evidence = given.expect(logs, np.log(prior))
        return self._count(probability), float(self.model.weight @ evidence + belief)

    def _count(self, probability: FloatArray) -> FloatArray:
        rounded = np.rint(probability * _PARTS) / _PARTS
        heard = np.bincount(self.given.label, self.model.heard[self.given.task] * rounded, self.model.votes.classes)
        return np.concatenate([heard, self.weighted @ rounded])

    def change(self, before: FloatArray, after: FloatArray) -> float:
        """``Model.change``."""
        classes = self.model.votes.classes
        moved, share = np.abs(after - before), np.maximum(1.0, after[:classes].sum())
        rows = np.maximum(1.0, self.given.by_truth(after[classes:]))[self.given.annotator, self.given.truth]
        return float(max((moved[classes:] / rows).max(initial=0.0), moved[:classes].max(initial=0.0) / share))


def _matrix(votes: Votes, length: IntArray, values: FloatArray) -> sparse.csr_array:
    """The values of votes in order of task, as (tasks, annotators x answers)."""
    columns = (votes.annotator * votes.classes + votes.answer).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
    return sparse.csr_array((values, columns, starts), shape=(votes.tasks, votes.annotators * votes.classes))


def _heard(found: Patterns, length: IntArray) -> FloatArray:
    """The number of tasks of each pattern that says something about the shares of the classes, 0 for the others."""
    heard = np.where(length > 0, found.weight, 0.0)
    known = list(found.votes.fixed)
    heard[known] = found.weight[known]
    return heard
