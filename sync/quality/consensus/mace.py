"""MACE (Hovy et al. 2013): who knows the answer, and who answers without looking."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from ..records import FloatArray, IntArray
from .acceleration import climb
from .cells import Cells, cells
from .mixing import draws
from .posterior import Posterior, Votes

ITERATIONS = 500
TOLERANCE = 1e-5
RESTARTS = 3
SHORT = 10
"""Iterations of each start before the best one goes on alone (em-EM, Biernacki et al. 2003)."""

KNOWING = 0.5
"""Both parameters of the Beta prior of knowing, in the variational variant."""
STRATEGY = 10.0
"""Parameter of its Dirichlet prior of what is answered without looking."""
SMOOTHING = 0.01
"""Added to expected counts in plain EM, shared by the classes."""

_BETTER = 1e-9
"""A later start is better by this part of the objective or more: else it is the same, found on another way."""
_LEAST = 1e-300


def mace(
    votes: Votes,
    *,
    variational: bool = True,
    restarts: int = RESTARTS,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Posterior:
    """An annotator either knows the class or guesses with a habit of their own; all classes are equally likely.

    Who knows how often, and how each one guesses, is estimated from the answers: with priors by variational Bayes, as
    the paper recommends, or ``variational=False`` by plain EM with its smoothing. The best of several starts is kept:
    in the first all annotators are alike, in ``restarts`` - 1 more some are thought to know more, drawn from ``seed``
    (equal for annotators of an equal record, so that names and order mean nothing). What ``trust`` believes is
    added to knowing and guessing so that accuracies agree. Known classes stay fixed and teach.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(40))
    >>> truth = np.arange(40) % 2
    >>> answers = np.where(people == 2, 0, truth[tasks])  # the third never looks
    >>> found = mace(Votes(tasks.ravel(), people.ravel(), answers.ravel(), 40, 3, 2, {}))
    >>> bool((found.probability.argmax(axis=1) == truth).all()), bool(found.confusion[2, 1, 0] > 0.9)
    (True, True)
    """
    if votes.classes < 2 or not len(votes.task):
        probability = votes.shares()
    else:
        model = Model.of(votes, variational)
        habits = fit(model, restarts=restarts, iterations=iterations, tolerance=tolerance, seed=seed)
        probability = model.probability(habits)
    prior = votes.class_shares(probability)
    return Posterior(probability, prior, votes.confusion(probability, prior))


def fit(
    model: "Model",
    *,
    restarts: int = RESTARTS,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> "Habits":
    """The habits that the best of the starts leads to."""
    knowing = climb(
        model.step,
        _best(model, restarts, seed) if restarts > 1 else next(_starts(model, 1, seed)),
        change=model.change,
        project=lambda point: np.clip(point, 0.0, model.given),
        iterations=iterations,
        tolerance=tolerance,
    )
    return model.maximise(knowing)


def _best(model: "Model", restarts: int, seed: int) -> FloatArray:
    """Where the best of the starts is after a few iterations."""
    best: FloatArray | None = None
    highest = -np.inf
    for point in _starts(model, restarts, seed):
        for _ in range(SHORT):
            point, value = model.step(point)
        if best is None or value > highest + _BETTER * abs(highest):
            best, highest = point, value
    return best if best is not None else np.zeros_like(model.given)


def _starts(model: "Model", restarts: int, seed: int) -> Iterator[FloatArray]:
    """Expected counts of knowing: first where everybody is alike, then where some are thought to know more."""
    classes = model.cells.votes.classes
    for place in range(restarts):
        knows = (
            np.full(len(model.given), 0.5) if not place else 0.1 + 0.8 * draws(model.record, seed * restarts + place)
        )
        yield model.know(Habits(knows, np.repeat(((1 - knows) / classes)[:, None], classes, axis=1)))[0]


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """``knows``: weight of knowing (annotators,); ``guesses``: weight of guessing an answer (annotators, classes).

    In plain EM they are theta and (1 - theta) xi of the paper, in the variational variant the exponentials of their
    expected logarithms, which sum to less than 1. ``belief`` is what the objective has beside the log likelihood.
    """

    knows: FloatArray
    guesses: FloatArray
    belief: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The votes by cells, and what is believed.

    ``said`` (cells, annotators x classes) holds who gave what, ``weighted`` the same times the number of tasks;
    ``given`` how often each annotator gave each class, ``believed`` how often they are thought to have known and
    guessed beforehand, (annotators, 2). ``record`` is a number for each annotator that no renaming changes: how often
    they answered, and agreed with others.
    """

    cells: Cells
    said: sparse.csr_array
    weighted: sparse.csr_array
    given: FloatArray
    believed: FloatArray
    record: IntArray
    variational: bool

    @classmethod
    def of(cls, votes: Votes, variational: bool) -> "Model":
        """The model of ``votes``."""
        grouped = cells(votes)
        columns = grouped.annotator * votes.classes + grouped.label[grouped.cell]
        starts = np.append(np.flatnonzero(np.diff(grouped.cell, prepend=-1)), len(columns)).astype(np.int32)
        weight = grouped.weight
        shape = len(grouped.pattern), votes.annotators * votes.classes
        said, weighted = (
            sparse.csr_array((values, columns.astype(np.int32), starts), shape=shape)
            for values in (np.ones(len(columns)), weight)
        )
        given = np.bincount(columns, weight, shape[1]).astype(np.float64).reshape(votes.annotators, votes.classes)
        alike = np.diff(starts)[grouped.cell] * weight
        agreed = np.bincount(grouped.annotator, alike, votes.annotators).astype(np.int64)
        record = agreed * (len(votes.task) + 1) + given.sum(axis=1).astype(np.int64)
        return cls(grouped, said, weighted, given, _believed(votes), record, variational)

    def step(self, knowing: FloatArray) -> tuple[FloatArray, float]:
        """One iteration of EM: the next expected counts of knowing, and the objective at these."""
        habits = self.maximise(knowing)
        known, likelihood = self.know(habits)
        return known, likelihood + habits.belief

    def know(self, habits: Habits) -> tuple[FloatArray, float]:
        """E-step: how often each annotator knew what they gave, (annotators, classes), and the log likelihood."""
        scores, constant = self._scores(habits)
        probability, evidence = self.cells.expect(scores)
        right = (self.weighted.T @ probability).reshape(self.given.shape)
        knows = habits.knows[:, None]
        return right * (knows / np.maximum(knows + habits.guesses, _LEAST)), evidence + constant

    def probability(self, habits: Habits) -> FloatArray:
        """The probability of the classes, (tasks, classes)."""
        return self.cells.probability(self._scores(habits)[0])

    def _scores(self, habits: Habits) -> tuple[FloatArray, float]:
        """Log weight of each cell's class against a class that nobody gave, and the log weight of that one."""
        blind = np.log(np.maximum(habits.guesses, _LEAST))
        seeing = np.log(np.maximum(habits.guesses + habits.knows[:, None], _LEAST))
        tasks = float(self.cells.found.weight.sum())
        constant = float(np.sum(self.given * blind)) - tasks * np.log(self.given.shape[1])
        return self.said @ (seeing - blind).ravel(), constant

    def maximise(self, knowing: FloatArray) -> Habits:
        """M-step: from expected counts of knowing; the others were guesses."""
        guessed = self.given - knowing
        knew = np.stack([knowing.sum(axis=1), guessed.sum(axis=1)], axis=1) + self.believed
        return _variational(knew, guessed, self.believed) if self.variational else _plain(knew, guessed)

    def change(self, before: FloatArray, after: FloatArray) -> float:
        """How far the rate of knowing any class has moved that somebody gave once or more."""
        return float((np.abs(after - before) / np.maximum(self.given, 1.0)).max(initial=0.0))


def _believed(votes: Votes) -> FloatArray:
    """``trust`` as answers known and guessed, (annotators, 2): who guesses is right by 1 / classes."""
    if votes.trust is None:
        return np.zeros((votes.annotators, 2))
    answers = votes.trust.sum(axis=1)
    accuracy = np.divide(votes.trust[:, 0], answers, out=np.ones_like(answers), where=answers > 0)
    chance = 1 / votes.classes
    knew = np.maximum(0.0, (accuracy - chance) / (1 - chance))
    return np.stack([knew * answers, (1 - knew) * answers], axis=1)


def _plain(knew: FloatArray, guessed: FloatArray) -> Habits:
    """Shares of the expected counts, smoothed; the objective counts the smoothing as answers."""
    smoothing = SMOOTHING / guessed.shape[1]
    rates = knew + smoothing
    rates /= rates.sum(axis=1, keepdims=True)
    strategy = guessed + smoothing
    strategy /= strategy.sum(axis=1, keepdims=True)
    belief = smoothing * float(np.log(rates).sum() + np.log(strategy).sum())
    return Habits(rates[:, 0], rates[:, 1:] * strategy, belief)


def _variational(knew: FloatArray, guessed: FloatArray, believed: FloatArray) -> Habits:
    """Exponentials of expected logarithms under the posterior Beta and Dirichlet; the objective is the lower bound."""
    rates, rates_belief = _expected_logs(knew + KNOWING, believed + KNOWING)
    strategy, strategy_belief = _expected_logs(guessed + STRATEGY, np.full_like(guessed, STRATEGY))
    knows, guesses = np.exp(rates[:, 0]), np.exp(rates[:, 1:] + strategy)
    return Habits(knows, guesses, rates_belief + strategy_belief)


def _expected_logs(posterior: FloatArray, prior: FloatArray) -> tuple[FloatArray, float]:
    """Expected logarithms under Dirichlet posteriors, a row each, and minus their divergence from the priors."""
    logs = special.digamma(posterior) - special.digamma(posterior.sum(axis=1, keepdims=True))
    sizes = (special.gammaln(one).sum() - special.gammaln(one.sum(axis=1)).sum() for one in (posterior, prior))
    mine, before = sizes
    return logs, float(np.sum((prior - posterior) * logs) + mine - before)
