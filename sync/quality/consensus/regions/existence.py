"""Whether a region is there, and what its label is: estimated together with what annotators miss and invent."""

from dataclasses import dataclass

import numpy as np

from ...records import FloatArray, IntArray
from .looks import INVENTED, MISSED, PASSED, RIGHT, WRONG, Looks

RECALL, INVENTS, NAMES = 0.75, 0.25, 0.9
"""Believed of everybody beforehand: how often a region is marked, one that is not there, and the right label given.

The first two mirror each other: until something was learned, as many for a region as against it leave it undecided.
"""
ALONE = 0.05
"""Where something is learned: how often what one annotator invents is marked by another. Believed as much as the data,
because three annotators cannot tell regions that many miss from inventions that many share."""
BELIEF = 4.0
"""As after so many regions that is believed of all together."""
STRENGTH = 10.0
"""As after so many regions an annotator is believed to be like all others."""
TEACHERS = 3
"""Where fewer annotators looked, a region that one of them did not mark teaches nothing: either may be wrong."""
MOST_UNSEEN = 0.5
"""No larger part of what is there is taken to be marked by nobody: so far the data are trusted on what they lack."""
ITERATIONS = 50
TOLERANCE = 1e-3
FIRST, LAST = 10_000, 5
"""Of more than twice as many clusters, about so many are learned from first, and all of them so many times at last."""

_DIGITS = 9
"""Probabilities are rounded while iterating, so that rounding errors break no ties."""
_LEAST, _MOST = 1e-6, 1 - 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """What is estimated of annotators a and labels l.

    ``recall`` (a, l): how often a region of that label is marked. ``invents`` (a, l): how often something that is
    none is marked as one. ``names`` (a, l): how often a marked region gets the right label. ``instead`` are the kinds
    of wrong labels, right label * labels + the one given, in ascending order, with how likely a wrong label is that
    one; ``otherwise`` (l,) is that of any label not listed. ``there`` (l,) and ``nothing`` are the shares of labels,
    and of what only looks like a region.
    """

    recall: FloatArray
    invents: FloatArray
    names: FloatArray
    instead: tuple[IntArray, FloatArray]
    otherwise: FloatArray
    there: FloatArray
    nothing: float

    @property
    def invents_any(self) -> FloatArray:
        """How often something that is none is marked, whatever as: shape (annotators,)."""
        any_label: FloatArray = np.minimum(self.invents.sum(axis=1), _MOST)
        return any_label


def estimate(looks: Looks, believed: FloatArray | None = None) -> tuple[FloatArray, Habits]:
    """The probability of each state, shape (states,), those of a cluster adding up to 1; and everybody's habits.

    A latent class model (Dawid and Skene 1979) whose classes are "nothing" and the labels, with the rates of
    ``Habits`` in place of full confusions, each drawn to that of all annotators. What nobody marks is no cluster, so
    plain counting takes people for better than they are: the regions that all missed are added to each step's counts
    (EM for truncated data, Dempster, Laird and Rubin 1977, section 4.2; in ecology, capture-recapture).
    ``believed``, shape (annotators, 2), is how many right and wrong answers are believed of each beforehand.
    """
    trust = np.zeros((looks.annotators, 2)) if believed is None else believed
    if not looks.teaches.any():
        habits = _beforehand(looks, trust, INVENTS)
        return _expect(looks, habits), habits
    habits = _beforehand(looks, trust, ALONE)
    step = looks.clusters // FIRST
    if step > 1:
        _, habits = _climb(looks.every(step), habits, trust, ITERATIONS)
        return _climb(looks, habits, trust, LAST)
    return _climb(looks, habits, trust, ITERATIONS)


def _climb(looks: Looks, habits: Habits, trust: FloatArray, iterations: int) -> tuple[FloatArray, Habits]:
    """Both steps in turn, until no probability moves by more than ``TOLERANCE``, or so many times."""
    probability = _expect(looks, habits)
    for _ in range(iterations):
        habits = _maximise(looks, habits, probability, trust)
        moved = _expect(looks, habits).round(_DIGITS)
        change = float(np.abs(moved - probability).max(initial=0.0))
        probability = moved
        if change < TOLERANCE:
            break
    return probability, habits


def overlooked(habits: Habits, task: IntArray, annotator: IntArray, tasks: int) -> FloatArray:
    """The probability that something is there although nobody marked anything: shape (tasks,).

    ``task`` and ``annotator``, parallel, say who looked at which. It is that of one region that all of them missed
    against a distraction that all of them passed.
    """
    missed = np.log(habits.there)[None, :] + np.zeros((tasks, 1))
    np.add.at(missed, task, np.log1p(-habits.recall)[annotator])
    passed = np.bincount(task, np.log1p(-habits.invents_any)[annotator], minlength=tasks) + np.log(habits.nothing)
    there = np.logaddexp.reduce(missed, axis=1)
    found: FloatArray = np.exp(there - np.logaddexp(there, passed))
    return found


def _beforehand(looks: Looks, trust: FloatArray, invents: float) -> Habits:
    """What is believed before anything was learned."""
    right, wrong = trust[:, :1], trust[:, 1:]
    shape = looks.annotators, looks.labels
    zero = np.zeros(shape)
    names = NAMES if looks.labels > 1 else 1.0
    return Habits(
        recall=_rate(zero, zero, np.full(looks.labels, RECALL), right, wrong),
        invents=_rate(zero, zero, np.full(looks.labels, invents), wrong, right) / looks.labels,
        names=_rate(zero, zero, np.full(looks.labels, names), right, wrong) if looks.labels > 1 else np.ones(shape),
        instead=(np.zeros(0, dtype=np.int64), np.zeros(0)),
        otherwise=np.full(looks.labels, 1 / max(1, looks.labels - 1)),
        there=np.full(looks.labels, 1 / (1 + names) / looks.labels),
        nothing=names / (1 + names),
    )


def _expect(looks: Looks, habits: Habits) -> FloatArray:
    """E-step: how likely each state is, by Bayes, in logarithms."""
    found = _logarithms(habits).ravel()[looks.cell]
    at, kind, kinds = looks.wrong
    found[at] += np.log(wrong_label(habits, kinds))[kind]
    total: FloatArray = looks.by_state(found) + np.log(np.append(habits.there, habits.nothing))[looks.label]
    first = np.flatnonzero(np.diff(looks.cluster, prepend=-1))
    if not len(first):
        return total
    size = np.diff(np.append(first, len(total)))
    total = np.exp(total - np.repeat(np.maximum.reduceat(total, first), size))
    total /= np.repeat(np.add.reduceat(total, first), size)
    probability: FloatArray = np.where(np.isnan(looks.known), total, looks.known)
    return probability


def _logarithms(habits: Habits) -> FloatArray:
    """How likely each outcome is, as logarithms: shape (outcomes, annotators, labels)."""
    table = np.empty((5, *habits.recall.shape))
    table[MISSED] = np.log1p(-habits.recall)
    table[RIGHT] = np.log(habits.recall) + np.log(habits.names)
    table[WRONG] = np.log(habits.recall) + np.log1p(-np.minimum(habits.names, _MOST))
    table[INVENTED] = np.log(habits.invents)
    table[PASSED] = np.log1p(-habits.invents_any)[:, None]
    return table


def wrong_label(habits: Habits, kinds: IntArray) -> FloatArray:
    """How likely a wrong label is that one, for each of these: right label * labels + the label given."""
    keys, values = habits.instead
    found: FloatArray = habits.otherwise[kinds // len(habits.there)]
    if len(keys):
        place = np.minimum(np.searchsorted(keys, kinds), len(keys) - 1)
        found = np.where(keys[place] == kinds, values[place], found)
    return found


def _maximise(looks: Looks, habits: Habits, probability: FloatArray, trust: FloatArray) -> Habits:
    """M-step: rates from the current probabilities, with what nobody saw."""
    weight = np.where(looks.teaches, probability, 0.0)
    unmarked = looks.by_state(_logarithms(habits).ravel()[looks.silent_cell])
    unseen = np.where(np.isnan(looks.known), np.minimum(np.exp(unmarked), MOST_UNSEEN), 0.0)
    total = weight / (1 - unseen)
    counts = looks.by_cell(looks.cell, weight[looks.state])
    looked = looks.by_cell(looks.silent_cell, total[looks.state])
    marked, right, wrong = counts[RIGHT] + counts[WRONG], trust[:, :1], trust[:, 1:]
    shares: FloatArray = np.bincount(looks.label + 1, total, minlength=looks.labels + 1).astype(np.float64)
    shares += BELIEF / 2 / looks.labels
    shares[0] += BELIEF / 2 * (1 - 1 / looks.labels)
    shares /= shares.sum()
    instead, otherwise = _instead(looks, weight)
    return Habits(
        recall=_rate(marked, looked[MISSED], _pooled(marked, looked[MISSED], RECALL), right, wrong),
        invents=_invents(counts[INVENTED], looked[PASSED][:, :1], right, wrong),
        names=_rate(counts[RIGHT], marked, _pooled(counts[RIGHT], marked, NAMES), right, wrong)
        if looks.labels > 1
        else habits.names,
        instead=instead,
        otherwise=otherwise,
        there=shares[1:],
        nothing=float(shares[0]),
    )


def _pooled(hits: FloatArray, total: FloatArray, rate: float) -> FloatArray:
    """The rate of all annotators, label by label, drawn to that of all labels: shape (labels,)."""
    overall = (hits.sum() + BELIEF * rate) / (total.sum() + BELIEF)
    pooled: FloatArray = (hits.sum(axis=0) + BELIEF * overall) / (total.sum(axis=0) + BELIEF)
    return pooled


def _rate(hits: FloatArray, total: FloatArray, pooled: FloatArray, right: FloatArray, wrong: FloatArray) -> FloatArray:
    """Each annotator's rate, drawn to that of all, and by what is believed of them: shape (annotators, labels)."""
    rates = (hits + STRENGTH * pooled + right) / (total + STRENGTH + right + wrong)
    clipped: FloatArray = np.clip(rates, _LEAST, _MOST)
    return clipped


def _invents(invented: FloatArray, tempted: FloatArray, right: FloatArray, wrong: FloatArray) -> FloatArray:
    """The same of what is marked and not there, divided among the labels as by all annotators."""
    labels = invented.shape[1]
    belief = BELIEF + tempted.sum()
    overall = (invented.sum() + belief * ALONE) / (tempted.sum() + belief)
    mix = (invented.sum(axis=0) + 1) / (invented.sum() + labels)
    rates = (invented + (STRENGTH * overall + wrong) * mix) / (tempted + STRENGTH + right + wrong)
    clipped: FloatArray = np.clip(rates, _LEAST / labels, _MOST)
    return clipped


def _instead(looks: Looks, weight: FloatArray) -> tuple[tuple[IntArray, FloatArray], FloatArray]:
    """Which wrong labels are given for which, each other label once by half beforehand; and any that never was."""
    at, kind, kinds = looks.wrong
    counts = np.bincount(kind, weight[looks.state[at]], minlength=len(kinds)).astype(np.float64)
    right = kinds // looks.labels
    totals: FloatArray = np.bincount(right, counts, minlength=looks.labels).astype(np.float64)
    totals += 0.5 * max(1, looks.labels - 1)
    return (kinds, (counts + 0.5) / totals[right]), 0.5 / totals
