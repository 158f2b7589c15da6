"""GLAD (Whitehill et al. 2009): the ability of annotators and the difficulty of tasks, estimated together."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from ..records import FloatArray
from .posterior import Posterior, Votes

ITERATIONS = 200
TOLERANCE = 1e-6

MEAN = 1.0
"""Ability and the logarithm of inverse difficulty are normal with this mean and variance 1, as in the authors' code."""

_DIGITS = 9


@dataclass(frozen=True, slots=True, eq=False)
class Abilities:
    """``ability`` of each annotator (0 guesses, below 0 misleads), and ``ease``, the log inverse difficulty of tasks.

    An answer is right with probability 1 / (1 + exp(-ability x exp(ease))), else it is any other class.
    """

    ability: FloatArray
    ease: FloatArray


def glad(votes: Votes, *, iterations: int = ITERATIONS, tolerance: float = TOLERANCE) -> Posterior:
    """Maximise the probability of the answers and of ability and ease under their priors."""
    if votes.classes < 2 or not len(votes.task):
        probability = votes.shares()
    else:
        probability = class_probability(votes, fit(votes, iterations, tolerance))
    prior = votes.class_shares(probability)
    return Posterior(probability, prior, votes.confusion(probability, prior))


def fit(votes: Votes, iterations: int = ITERATIONS, tolerance: float = TOLERANCE) -> Abilities:
    """Ability and ease that maximise ``log_posterior``."""
    start = np.full(votes.annotators + votes.tasks, MEAN)

    def objective(point: FloatArray) -> tuple[float, FloatArray]:
        at = _split(votes, np.round(point, _DIGITS))
        slope = gradient(votes, at)
        return -log_posterior(votes, at), -np.concatenate([slope.ability, slope.ease])

    options = {"maxiter": iterations, "maxfun": 10 * iterations, "gtol": tolerance, "ftol": 1e-14}
    found = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    return _split(votes, np.round(found.x, _DIGITS))


def _split(votes: Votes, point: FloatArray) -> Abilities:
    return Abilities(point[: votes.annotators], point[votes.annotators :])


def _strength(votes: Votes, at: Abilities) -> FloatArray:
    """Ability x inverse difficulty of each answer: the log odds that it is right."""
    found: FloatArray = at.ability[votes.annotator] * np.exp(at.ease)[votes.task]
    return found


def _scores(votes: Votes, strength: FloatArray) -> FloatArray:
    """Log probability of the answers given each class, but for a constant a task: (tasks, classes)."""
    return votes.tally(strength + np.log(votes.classes - 1))


def class_probability(votes: Votes, at: Abilities) -> FloatArray:
    """E-step: the probability of each class, (tasks, classes); beforehand all are equal."""
    scores = _scores(votes, _strength(votes, at))
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return votes.with_fixed(scores)


def log_posterior(votes: Votes, at: Abilities) -> float:
    """Logarithm of the probability of the answers, and of ability and ease beforehand but for a constant."""
    strength = _strength(votes, at)
    scores = _scores(votes, strength)
    total = np.logaddexp.reduce(scores, axis=1)
    tasks, known = list(votes.fixed.keys()), list(votes.fixed.values())
    total[tasks] = scores[tasks, known]
    answers = total.sum() - votes.tasks * np.log(votes.classes)
    answers -= np.logaddexp(0.0, strength).sum() + len(strength) * np.log(votes.classes - 1)
    beliefs = -0.5 * (np.sum((at.ability - MEAN) ** 2) + np.sum((at.ease - MEAN) ** 2))
    if votes.trust is not None:
        right, wrong = votes.trust.T
        usual = at.ability * np.exp(MEAN)
        beliefs -= right @ np.logaddexp(0.0, -usual) + wrong @ np.logaddexp(0.0, usual)
    return float(answers + beliefs)


def gradient(votes: Votes, at: Abilities) -> Abilities:
    """The slope of ``log_posterior``."""
    strength = _strength(votes, at)
    right = np.round(class_probability(votes, at), _DIGITS)[votes.task, votes.answer]
    surprise = right - _logistic(strength)
    ability = np.zeros(votes.annotators) + np.bincount(
        votes.annotator, surprise * np.exp(at.ease)[votes.task], votes.annotators
    )
    ease = np.zeros(votes.tasks) + np.bincount(votes.task, surprise * strength, votes.tasks)
    ability -= at.ability - MEAN
    if votes.trust is not None:
        usual = np.exp(MEAN)
        ability += usual * (votes.trust[:, 0] - votes.trust.sum(axis=1) * _logistic(at.ability * usual))
    return Abilities(ability, ease - (at.ease - MEAN))


def _logistic(value: FloatArray) -> FloatArray:
    found: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * value))
    return found
