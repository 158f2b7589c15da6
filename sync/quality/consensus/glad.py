"""GLAD (Whitehill et al. 2009): the ability of annotators and the difficulty of tasks, estimated together."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse, special

from ..one_thread import one_thread
from ..records import FloatArray, IntArray
from .cells import PARTS, Cells, cells
from .posterior import Posterior, Votes

ITERATIONS = 500
TOLERANCE = 1e-5

MEAN = 1.0
"""Ability and ease are normal with this mean and variance 1 beforehand, as in the authors' program."""


def glad(votes: Votes, *, iterations: int = ITERATIONS, tolerance: float = TOLERANCE) -> Posterior:
    """An answer is right the more often, the more able its annotator and the easier its task.

    It is right with probability 1 / (1 + exp(-ability x exp(ease))), else any other class; all classes are equally
    likely. Ability (below 0: misleads) and ease maximise the probability of the answers under normal priors, the sum
    over the classes taken: what EM climbs to, and by the same slope (Fisher's identity), here by L-BFGS (``Model``).
    The answers that ``trust`` believes are taken for answers to a task of known class and middling difficulty. Known
    classes stay fixed and teach. Stops when no slope, in units of its spread, is above ``tolerance``, or after
    ``iterations``.

    >>> people, tasks = np.meshgrid(np.arange(3), np.arange(40))
    >>> truth = np.arange(40) % 2
    >>> answers = np.where(people == 2, 1 - truth[tasks], truth[tasks])  # the third always says the opposite
    >>> found = glad(Votes(tasks.ravel(), people.ravel(), answers.ravel(), 40, 3, 2, {}))
    >>> bool((found.probability.argmax(axis=1) == truth).all()), bool(found.confusion[2, 0, 0] < 0.1)
    (True, True)
    """
    if votes.classes < 2 or not len(votes.task):
        probability = votes.shares()
    else:
        model = Model.of(votes)
        probability = model.probability(model.fit(iterations, tolerance))
    prior = votes.class_shares(probability)
    return Posterior(probability, prior, votes.confusion(probability, prior))


@dataclass(frozen=True, slots=True, eq=False)
class Abilities:
    """``ability`` of each annotator and ``ease`` (log inverse difficulty) of each pattern of answers."""

    ability: FloatArray
    ease: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The votes by cells. ``said`` (cells, annotators) holds who gave what; ``pattern`` and ``weight`` of each row."""

    cells: Cells
    said: sparse.csr_array
    pattern: IntArray
    weight: FloatArray

    @classmethod
    def of(cls, votes: Votes) -> "Model":
        """The model of ``votes``, of which there must be one or more, for two classes or more."""
        grouped = cells(votes)
        starts = np.append(np.flatnonzero(np.diff(grouped.cell, prepend=-1)), len(grouped.cell)).astype(np.int32)
        shape = len(grouped.pattern), votes.annotators
        values = np.ones(len(grouped.cell)), grouped.annotator.astype(np.int32), starts
        return cls(grouped, sparse.csr_array(values, shape=shape), grouped.pattern[grouped.cell], grouped.weight)

    def fit(self, iterations: int = ITERATIONS, tolerance: float = TOLERANCE) -> Abilities:
        """Where ``log_posterior`` is highest, from everybody and everything middling.

        Each unknown is scaled by its spread at the start, so that all bend about alike. Points are rounded, lest
        rounding errors break ties.
        """
        spread = 1 / np.sqrt(self._bends())

        def objective(point: FloatArray) -> tuple[float, FloatArray]:
            at = self._at(point * spread)
            value, slope = self.log_posterior(at)
            return -value, -np.concatenate([slope.ability, slope.ease]) * spread

        start = np.full(len(spread), MEAN) / spread
        options = {"maxiter": iterations, "maxfun": 2 * iterations, "gtol": tolerance, "ftol": 1e-12, "maxcor": 10}
        with one_thread():
            found = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
        return self._at(found.x * spread)

    def _at(self, point: FloatArray) -> Abilities:
        rounded = np.rint(point * PARTS) / PARTS
        return Abilities(rounded[: self.said.shape[1]], rounded[self.said.shape[1] :])

    def _bends(self) -> FloatArray:
        """Minus the second derivatives at the start, as if the classes were known: abilities, then eases."""
        usual = MEAN * np.exp(MEAN)
        right = special.expit(usual)
        bend = right * (1 - right) * usual**2
        ability = 1 + bend * np.bincount(self.cells.annotator, self.weight, self.said.shape[1])
        ease = self.cells.found.weight + bend * np.bincount(self.pattern, self.weight, len(self.cells.found.weight))
        return np.concatenate([ability, ease])

    def probability(self, at: Abilities) -> FloatArray:
        """E-step: the probability of the classes, (tasks, classes)."""
        return self.cells.probability(self._scores(at))

    def _scores(self, at: Abilities) -> FloatArray:
        """Log weight of each cell's class against a class that nobody gave: each vote adds its log odds."""
        others = np.log(self.cells.votes.classes - 1)
        votes = np.diff(self.said.indptr)
        found: FloatArray = np.exp(at.ease)[self.cells.pattern] * (self.said @ at.ability) + others * votes
        return found

    def log_posterior(self, at: Abilities) -> tuple[float, Abilities]:
        """Log probability of the answers, and of ability and ease but for a constant; and its slope."""
        found, votes = self.cells.found, self.cells.votes
        clear = np.exp(at.ease)[self.pattern]
        odds = at.ability[self.cells.annotator] * clear
        probability, evidence = self.cells.expect(self._scores(at))
        small = np.exp(-np.abs(odds))
        wrong = np.maximum(odds, 0.0) + np.log1p(small) + np.log(votes.classes - 1)
        surprise = (probability[self.cells.cell] - np.where(odds >= 0, 1.0, small) / (1.0 + small)) * self.weight
        ability = np.bincount(self.cells.annotator, surprise * clear, votes.annotators) - (at.ability - MEAN)
        ease = np.bincount(self.pattern, surprise * odds, votes.tasks) - found.weight * (at.ease - MEAN)
        belief = -0.5 * (np.sum((at.ability - MEAN) ** 2) + found.weight @ (at.ease - MEAN) ** 2)
        value = evidence - found.weight.sum() * np.log(votes.classes) - self.weight @ wrong + belief
        more, slope = self._believed(at)
        return float(value + more), Abilities(ability + slope, ease)

    def _believed(self, at: Abilities) -> tuple[float, FloatArray]:
        """Log probability of the answers that are believed beforehand, and its slope by ability."""
        if self.cells.votes.trust is None:
            return 0.0, np.zeros(len(at.ability))
        right, wrong = self.cells.votes.trust.T
        usual = np.exp(MEAN)
        odds = at.ability * usual
        value = -(right @ np.logaddexp(0.0, -odds) + wrong @ np.logaddexp(0.0, odds))
        return float(value), usual * (right - (right + wrong) * special.expit(odds))
