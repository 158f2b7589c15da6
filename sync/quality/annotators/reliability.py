"""How probably each annotator is right, by truths and the others' consensus; little data is drawn to the pool."""

from collections.abc import Mapping

import numpy as np
from scipy import special

from ..records import CodedAnswers, Estimate, FloatArray, IntArray, Trust
from .reference import CLEAR, Reference

ALONE = "nobody else answered any of their tasks, and no truth is known"
GRID = (np.arange(200) + 0.5) / 200
"""Reliabilities that are told apart."""
STRENGTHS = 2.0 ** np.arange(1, 9)
"""How alike annotators may be: the pool counts as much as 2, 4, ... 256 answers."""


def reliability(
    coded: CodedAnswers, found: Reference, trust: Mapping[int, Trust] | None = None
) -> tuple[Estimate, ...]:
    """Posterior mean and 95 % interval of each annotator's probability of a right answer, in [0, 1].

    The likelihood of r is r^s (1 - r)^(1 - s) of each agreement s with a known truth or the consensus of the others. Of
    single choices only tasks count where the others make one class probable enough (``CLEAR``), if there are any, so
    that nobody is blamed for the others' doubts. Answers that are right by degrees vary less than 0 and 1 do: their
    intervals are rather too wide.

    Beforehand reliabilities come from one Beta distribution, of which mean and strength are unknown and averaged over
    (hierarchical Bayes on a grid): the fewer answers, the more it counts. ``trust`` adds the answers believed of each.
    Null without any task that others answered or whose truth is known. Where the others are wrong together, and an
    annotator with them, that is not seen: only known truths tell.
    """
    rows = telling(coded, found)
    people, person = len(coded.annotators), coded.annotator[rows]
    if not len(rows):
        return tuple(Estimate(None, n=0, reason=ALONE) for _ in coded.annotators)
    n, right = np.bincount(person, minlength=people), np.bincount(person, found.score[rows], people)
    before = np.array([_believed(trust.get(one) if trust else None) for one in coded.annotators])
    return pooled(right + before[:, 0], n - right + before[:, 1], n, ALONE)


def pooled(right: FloatArray, wrong: FloatArray, n: IntArray, undefined: str) -> tuple[Estimate, ...]:
    """Shares of right answers, drawn to everybody's: posterior means, 95 % intervals, as in ``reliability``.

    All of one length, an entry a person; ``n`` is what is shown, and of whom it is 0 nothing is known: ``undefined``
    says why.

    >>> one, few = pooled(np.array([90.0, 0.0]), np.array([10.0, 1.0]), np.array([100, 1]), "no answers")
    >>> round(one.value, 2), round(few.value, 2)  # of the second alone 0 of 1 would be said
    (0.89, 0.65)
    """
    logs = np.outer(right, np.log(GRID)) + np.outer(wrong, np.log1p(-GRID))
    return tuple(_estimate(row, int(count), undefined) for row, count in zip(_posterior(logs), n, strict=True))


def telling(coded: CodedAnswers, found: Reference) -> IntArray:
    """The rows that count: of each annotator the clear ones, or all that can be compared where none is clear."""
    heard = found.heard
    if found.probability is None:
        return np.flatnonzero(heard)
    clear = heard & (found.probability.max(axis=1, initial=0.0) >= CLEAR)
    any_clear = np.bincount(coded.annotator, clear, len(coded.annotators)) > 0
    return np.flatnonzero(np.where(any_clear[coded.annotator], clear, heard))


def _believed(one: Trust | None) -> tuple[float, float]:
    """Right and wrong answers believed of somebody."""
    return (one.accuracy * one.answers, (1 - one.accuracy) * one.answers) if one else (0.0, 0.0)


def _posterior(logs: FloatArray) -> FloatArray:
    """Probabilities over the grid, a row an annotator."""
    centre, strength = (grid.ravel() for grid in np.meshgrid(np.arange(0.05, 1.0, 0.05), STRENGTHS))
    right, wrong = (centre * strength)[:, None], ((1 - centre) * strength)[:, None]
    pools = np.exp(special.xlogy(right - 1, GRID) + special.xlog1py(wrong - 1, -GRID) - special.betaln(right, wrong))
    pools /= pools.sum(axis=1, keepdims=True)
    likely = np.exp(logs - logs.max(axis=1, keepdims=True))
    seen = np.maximum(likely @ pools.T, 1e-300)
    evidence = np.log(seen).sum(axis=0)
    weight = np.exp(evidence - evidence.max())
    found = likely * ((weight / weight.sum() / seen) @ pools)
    shares: FloatArray = found / found.sum(axis=1, keepdims=True)
    return shares


def _estimate(row: FloatArray, n: int, undefined: str) -> Estimate:
    if not n:
        return Estimate(None, n=0, reason=undefined)
    low, high = np.interp([0.025, 0.975], np.cumsum(row), GRID)
    return Estimate(float(row @ GRID), float(low), float(high), n)
