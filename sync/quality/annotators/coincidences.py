"""How probable it is that one annotator gives the very answer that another gave, by everybody else's answers."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from label_config.answers import Answer

from ..evidence import ControlEvidence
from ..records import BoolArray, CodedAnswers, FloatArray, IntArray
from .reference import Pairs, Reference

MOST_ANSWERS = 60
"""Tasks with more answers are not compared pair by pair."""
AT_ONCE = 2_000_000
"""Cells of probabilities that are held at once."""
USUAL = 10.0
"""How many pairs the usual share of equal answers counts as, for an answer that was seldom given."""


@dataclass(frozen=True, slots=True, eq=False)
class Coincidences:
    """Each two answers to one task, both ways round.

    ``same`` is whether ``row`` has the very answer of ``other``, ``expected`` the probability that it would.
    """

    row: IntArray
    other: IntArray
    same: BoolArray
    expected: FloatArray


def coincidences(evidence: ControlEvidence, found: Reference) -> Coincidences:
    """Equal answers beside those expected of people who don't know of each other.

    Classes: by the class that all the others make probable and by what the person tends to answer to each class. Other
    answers: the share of the remaining annotators who gave that answer, with the usual share of pairs that are equal,
    where one of them is that answer, counted as one more. Answers that a model had put there are left out.
    """
    coded = evidence.coded
    pairs = Pairs.within(coded, MOST_ANSWERS)
    code = alike(coded)
    own = np.flatnonzero(~_prefilled(evidence, code))
    kept = np.isin(pairs.row, own) & np.isin(pairs.other, own) if len(own) < len(code) else slice(None)
    row, other = pairs.row[kept], pairs.other[kept]
    same = code[row] == code[other]
    if found.probability is not None:
        expected = _by_class(coded, found, row, other)
    else:
        expected = _by_shares(coded, code, row, other, same)
    return Coincidences(row, other, same, expected)


def alike(coded: CodedAnswers) -> IntArray:
    """A number for each row, the same for equal answers."""
    places: dict[Answer, int] = {}
    number = np.array([places.setdefault(answer, len(places)) for answer in coded.answers], dtype=np.int64)
    return number[coded.answer]


def _prefilled(evidence: ControlEvidence, code: IntArray) -> BoolArray:
    """True for rows whose answer is one that a model predicted: it may have been there before."""
    coded = evidence.coded
    found = np.zeros(len(code), dtype=np.bool_)
    for answers in evidence.predictions.values():
        told = np.array([answers.get(task) for task in coded.tasks], dtype=object)
        rows = np.flatnonzero(np.array([one is not None for one in told], dtype=np.bool_)[coded.task])
        for row in rows.tolist():
            found[row] |= coded.answers[coded.answer[row]] == told[coded.task[row]]
    return found


def _by_class(coded: CodedAnswers, found: Reference, row: IntArray, other: IntArray) -> FloatArray:
    """Sum over the classes of their probability without the row, times that of the other's answer to it by the row's
    person."""
    assert found.probability is not None
    assert found.confusion is not None
    expected = np.zeros(len(row))
    step = max(1, AT_ONCE // max(1, found.probability.shape[1]))
    for at in range(0, len(row), step):
        mine, theirs = row[at : at + step], other[at : at + step]
        answers = found.confusion[coded.annotator[mine], :, coded.answer[theirs]]
        expected[at : at + step] = np.einsum("rk,rk->r", found.probability[mine], answers)
    return expected


def _by_shares(coded: CodedAnswers, code: IntArray, row: IntArray, other: IntArray, same: BoolArray) -> FloatArray:
    if not len(row):
        return np.zeros(0)
    kinds = int(code.max()) + 1
    _, place, times = np.unique(coded.task * kinds + code, return_inverse=True, return_counts=True)
    of_same = times[place]
    size = np.bincount(coded.task, minlength=len(coded.tasks))[coded.task]
    equal = np.bincount(code, of_same - 1, kinds)
    paired = np.bincount(code, size - 1, kinds)
    usual = (equal.sum() + 1) / (paired.sum() + 2)
    share = (equal + USUAL * usual) / (paired + USUAL)
    rest = np.maximum(size[row] - 2, 0)
    agreeing = of_same[other] - 1 - same
    found: FloatArray = (agreeing + share[code[other]]) / (rest + 1)
    return found


def tail(hits: FloatArray, n: FloatArray, expected: FloatArray) -> FloatArray:
    """The probability of so many hits or more in n trials whose probabilities add up to ``expected``.

    Of a binomial distribution with their mean, which is an upper bound where the hits are more than expected by 1 or
    more (W. Hoeffding, "On the Distribution of the Number of Successes in Independent Trials", 1956); 1 otherwise.

    >>> round(float(tail(np.array([3.0]), np.array([3.0]), np.array([1.5]))[0]), 4)
    0.125
    """
    mean = np.clip(expected / np.maximum(n, 1), 1e-12, 1.0)
    found = special.betainc(np.maximum(hits, 1), np.maximum(n - hits + 1, 1e-9), mean)
    return np.where(hits >= expected + 1, found, 1.0)
