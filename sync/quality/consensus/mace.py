"""MACE (Hovy et al. 2013): who knows the answer, and who answers without looking."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from ..records import FloatArray, IntArray
from .posterior import Posterior, Votes

ITERATIONS = 100
RESTARTS = 10
TOLERANCE = 1e-6

KNOWING = 0.5
"""Both parameters of the Beta prior of knowing."""
STRATEGY = 10.0
"""Parameter of the Dirichlet prior of what is answered without looking."""
SMOOTHING = 0.01
"""Added to expected counts (shared by the classes) in plain EM."""

_DIGITS = 9
_LEAST = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """``knows``: weight of looking (annotators,); ``guesses``: weight of each answer without (annotators, classes).

    In plain EM they are the probabilities theta and (1 - theta) xi of the paper, in the variational variant the
    exponentials of their expected logarithms, which sum to less than 1.
    """

    knows: FloatArray
    guesses: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Where one start ends: the objective there, and the probability of the classes."""

    objective: float
    probability: FloatArray


def mace(
    votes: Votes,
    *,
    variational: bool = True,
    restarts: int = RESTARTS,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> Posterior:
    """Fit from several starts and keep the best."""
    probability = votes.shares()
    if votes.classes > 1 and len(votes.task):
        best: _Run | None = None
        for habits in _starts(votes, restarts, seed):
            run = _fit(votes, habits, variational, iterations, tolerance)
            if best is None or run.objective > best.objective + 1e-6 * abs(best.objective):
                best = run
        if best is not None:
            probability = best.probability
    prior = votes.class_shares(probability)
    return Posterior(probability, prior, votes.confusion(probability, prior))


def _starts(votes: Votes, restarts: int, seed: int) -> Iterator[Habits]:
    """First everybody is alike; then some are thought to know more: those of the same history the same."""
    history = _history(votes)
    for place in range(max(1, restarts)):
        knows = np.full(votes.annotators, 0.5) if not place else 0.1 + 0.8 * _draws(history, seed, place)
        yield Habits(knows, np.repeat(((1 - knows) / votes.classes)[:, None], votes.classes, axis=1))


def _history(votes: Votes) -> IntArray:
    """How much everybody answered and agreed with others: a number each that no renaming changes."""
    cells = votes.task * votes.classes + votes.answer
    alike = np.bincount(cells, minlength=1)[cells]
    agreed = np.bincount(votes.annotator, alike, votes.annotators).astype(np.int64)
    answered = np.bincount(votes.annotator, minlength=votes.annotators)
    return agreed * (len(votes.task) + 1) + answered


def _draws(history: IntArray, seed: int, place: int) -> FloatArray:
    """Numbers in [0, 1) that look random, the same for the same history (the finaliser of SplitMix64)."""
    with np.errstate(over="ignore"):
        mixed = history.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15) * np.uint64(seed * 1_000_003 + place)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def _fit(votes: Votes, habits: Habits, variational: bool, iterations: int, tolerance: float) -> _Run:
    given = np.zeros((votes.annotators, votes.classes))
    np.add.at(given, (votes.annotator, votes.answer), 1.0)
    believed = _believed(votes)
    probability = votes.shares()
    for _ in range(iterations):
        moved, _ = expect(votes, habits)
        np.round(moved, _DIGITS, out=moved)
        change = float(np.abs(moved - probability).max(initial=0.0))
        probability = moved
        right = np.bincount(
            votes.annotator * votes.classes + votes.answer,
            probability[votes.task, votes.answer],
            votes.annotators * votes.classes,
        ).reshape(given.shape)
        share = habits.knows[:, None] / np.maximum(habits.knows[:, None] + habits.guesses, _LEAST)
        knowing = right * share
        habits = (_variational if variational else _plain)(knowing.sum(axis=1), given - knowing, believed)
        if change < tolerance:
            break
    probability, likelihood = expect(votes, habits)
    return _Run(likelihood, probability)


def _believed(votes: Votes) -> FloatArray:
    """``trust`` as answers of somebody who knew and who did not: (annotators, 2)."""
    if votes.trust is None:
        return np.zeros((votes.annotators, 2))
    answers = votes.trust.sum(axis=1)
    accuracy = np.divide(votes.trust[:, 0], answers, out=np.ones_like(answers), where=answers > 0)
    chance = 1 / votes.classes
    knew = np.maximum(0.0, (accuracy - chance) / (1 - chance))
    return np.stack([knew * answers, (1 - knew) * answers], axis=1)


def expect(votes: Votes, habits: Habits) -> tuple[FloatArray, float]:
    """E-step: the probability of the classes, and the logarithm of the probability of the answers."""
    blind = np.log(np.maximum(habits.guesses, _LEAST))
    seeing = np.log(np.maximum(habits.guesses + habits.knows[:, None], _LEAST))
    scores = votes.tally((seeing - blind)[votes.annotator, votes.answer])
    highest = scores.max(axis=1, keepdims=True)
    probability = np.exp(scores - highest)
    totals = probability.sum(axis=1, keepdims=True)
    probability /= totals
    evidence = (highest + np.log(totals))[:, 0]
    tasks, known = list(votes.fixed.keys()), list(votes.fixed.values())
    evidence[tasks] = scores[tasks, known]
    constant = blind[votes.annotator, votes.answer].sum() - votes.tasks * np.log(votes.classes)
    return votes.with_fixed(probability), float(evidence.sum() + constant)


def _plain(knowing: FloatArray, guessed: FloatArray, believed: FloatArray) -> Habits:
    """M-step: shares of the expected counts, smoothed."""
    smoothing = SMOOTHING / guessed.shape[1]
    knew = knowing + believed[:, 0] + smoothing
    not_knew = guessed.sum(axis=1) + believed[:, 1] + smoothing
    strategy = guessed + smoothing
    strategy /= strategy.sum(axis=1, keepdims=True)
    knows = knew / (knew + not_knew)
    return Habits(knows, (1 - knows)[:, None] * strategy)


def _variational(knowing: FloatArray, guessed: FloatArray, believed: FloatArray) -> Habits:
    """Variational M-step: exponentials of expected logarithms under the posterior Beta and Dirichlet."""
    knew = special.digamma(knowing + believed[:, 0] + KNOWING)
    not_knew = special.digamma(guessed.sum(axis=1) + believed[:, 1] + KNOWING)
    total = special.digamma(knowing + guessed.sum(axis=1) + believed.sum(axis=1) + 2 * KNOWING)
    strategy = special.digamma(guessed + STRATEGY)
    strategy -= special.digamma((guessed + STRATEGY).sum(axis=1, keepdims=True))
    return Habits(np.exp(knew - total), np.exp((not_knew - total)[:, None] + strategy))
