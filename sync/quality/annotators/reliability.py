"""How probably each annotator is right, from truths and from the others; little data is drawn towards the pool."""

from collections.abc import Mapping

import numpy as np
from scipy import stats

from ..records import CodedAnswers, Estimate, FloatArray, IntArray, Trust
from .reference import Reference

ALONE = "nobody else answered any of their tasks, and no truth is known"
GRID = (np.arange(200) + 0.5) / 200
"""Reliabilities that are told apart."""
STRENGTHS = 2.0 ** np.arange(1, 9)
"""How alike annotators may be: the pool counts as much as 2, 4, ... 256 answers."""


def reliability(
    coded: CodedAnswers, found: Reference, trust: Mapping[int, Trust] | None = None
) -> tuple[Estimate, ...]:
    """Posterior mean and 95 % interval of each annotator's probability of a right answer, in [0, 1].

    Classes: with probability r an answer is right, else one of the wrong classes by their shares among all answers.
    If the others (or a truth) make the given class right with probability p, the answer's likelihood is
    r p + (1 - r) q, where q is the probability that it is wrong and comes up as the error. So doubtful tasks say
    little, and nobody is blamed for the others' errors. Other answers: r^s (1 - r)^(1 - s) of the agreement s, as for
    a coin that came up right s times; agreements vary less than coins, so the intervals are rather too wide.

    Beforehand reliabilities come from one Beta distribution, of which mean and strength are unknown and averaged over
    (hierarchical Bayes on a grid): the fewer answers, the more it counts. ``trust`` adds the answers believed of each.
    Null without any task that others answered or whose truth is known.
    """
    heard = np.flatnonzero(found.heard)
    people = len(coded.annotators)
    n = np.bincount(coded.annotator[heard], minlength=people)
    if not len(heard):
        return tuple(Estimate(None, n=0, reason=ALONE) for _ in coded.annotators)
    logs = _likelihood(coded, found, heard)
    for place, annotator in enumerate(coded.annotators):
        if trust and (one := trust.get(annotator)):
            logs[place] += one.answers * (one.accuracy * np.log(GRID) + (1 - one.accuracy) * np.log1p(-GRID))
    return tuple(_estimate(row, int(count)) for row, count in zip(_posterior(logs), n, strict=True))


def _likelihood(coded: CodedAnswers, found: Reference, heard: IntArray) -> FloatArray:
    """The logarithm for each annotator and reliability of the grid: (annotators, grid)."""
    people, person = len(coded.annotators), coded.annotator[heard]
    if found.probability is None:
        n, agreed = np.bincount(person, minlength=people), np.bincount(person, found.score[heard], people)
        return np.outer(agreed, np.log(GRID)) + np.outer(n - agreed, np.log1p(-GRID))
    right, wrong = _chances(coded, found, heard)
    # Chances are rounded to a few hundred pairs, so that a million answers cost no more than those.
    cell = np.round(right * 100).astype(np.int64) * 101 + np.round(wrong * 100).astype(np.int64)
    used, place = np.unique(cell, return_inverse=True)
    likely = np.outer(used // 101, GRID) / 100 + np.outer(used % 101, 1 - GRID) / 100
    counts = np.bincount(person * len(used) + place, minlength=people * len(used)).reshape(people, len(used))
    result: FloatArray = counts @ np.log(np.maximum(likely, 1e-6))
    return result


def _chances(coded: CodedAnswers, found: Reference, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    """The probability that the given class is right, and that it is wrong and comes up as the error."""
    assert found.probability is not None
    probability, answer = found.probability[rows], coded.answer[rows]
    classes = probability.shape[1]
    shares: FloatArray = (np.bincount(coded.answer, minlength=classes) + 1.0) / (len(coded.answer) + classes)
    own = probability[np.arange(len(rows)), answer]
    error = probability @ (1 / np.maximum(1 - shares, 1e-12)) - own / np.maximum(1 - shares[answer], 1e-12)
    return own, np.clip(error * shares[answer], 0.0, 1.0)


def _posterior(logs: FloatArray) -> FloatArray:
    """Probabilities over the grid, a row an annotator."""
    centre, strength = (grid.ravel() for grid in np.meshgrid(np.arange(0.05, 1.0, 0.05), STRENGTHS))
    pools = np.array([stats.beta.pdf(GRID, c * s, (1 - c) * s) for c, s in zip(centre, strength, strict=True)])
    pools /= pools.sum(axis=1, keepdims=True)
    likely = np.exp(logs - logs.max(axis=1, keepdims=True))
    seen = np.maximum(likely @ pools.T, 1e-300)
    evidence = np.log(seen).sum(axis=0)
    weight = np.exp(evidence - evidence.max())
    found = likely * ((weight / weight.sum() / seen) @ pools)
    shares: FloatArray = found / found.sum(axis=1, keepdims=True)
    return shares


def _estimate(row: FloatArray, n: int) -> Estimate:
    if not n:
        return Estimate(None, n=0, reason=ALONE)
    low, high = np.interp([0.025, 0.975], np.cumsum(row), GRID)
    return Estimate(float(row @ GRID), float(low), float(high), n)
