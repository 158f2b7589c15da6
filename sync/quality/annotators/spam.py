"""Reasons to look at how somebody works: constant, too fast, copied or random answers."""

from dataclasses import replace

import numpy as np
from scipy import special

from ..evidence import ControlEvidence
from ..records import BoolArray, CodedAnswers, FloatArray, IntArray
from .coincidences import coincidences, tail
from .many_tests import Tested, holm
from .profile import SpamSignal
from .reference import Reference, ruler_of, similarities
from .runs import constant

LEVEL = 0.05
"""Signals are given whose p, corrected for all annotators or pairs, is at most this."""
FEWEST_COMMON = 5
"""Common tasks with unlikely answers of a pair, at least."""
SHARED = 0.2
"""Two annotators who have this share of their answers in common for other reasons (the same training, the same
misunderstanding) are not said to copy."""
UNLIKELY = 0.6
"""Equal answers that are more probable than this say nothing about copying."""
FEWEST = 10
"""Answers that tell whether somebody answers at random, at least."""
MOST_CHANCE = 50
"""Answers of each annotator that are compared with answers to other tasks, at most."""
USUALLY_FAST = 0.05
"""The share of answers that may be too fast in anybody's work: a double click, a duplicate, a look at the title."""


def signals(
    evidence: ControlEvidence, found: Reference, hasty: FloatArray, level: float = LEVEL
) -> list[tuple[SpamSignal, ...]]:
    """Everybody's signals, by kind and other annotator; ``hasty`` as from ``speed.too_fast``."""
    every: list[list[SpamSignal]] = [[] for _ in evidence.coded.annotators]
    for tested in (
        constant(evidence, found),
        hurried(evidence.coded, hasty),
        copying(evidence, found),
        random(evidence, found),
    ):
        chances = [one.p for _, one in tested.signals]
        # Those that are not even suspicious were tested too.
        adjusted = holm(np.array(chances + [1.0] * (tested.tests - len(chances))))
        for (people, one), p in zip(tested.signals, adjusted.tolist(), strict=False):
            if p <= level:
                for person in people:
                    other = next((evidence.coded.annotators[two] for two in people if two != person), None)
                    every[person].append(replace(one, p=p, other=other))
    return [tuple(sorted(mine, key=lambda one: (one.kind, one.other or 0))) for mine in every]


def hurried(coded: CodedAnswers, hasty: FloatArray) -> Tested:
    """The share of answers faster than reading allows, against that of the others (5 % at least), by a binomial."""
    known = ~np.isnan(hasty)
    people = len(coded.annotators)
    n = np.bincount(coded.annotator[known], minlength=people).astype(np.float64)
    hits: FloatArray = np.bincount(coded.annotator[known], hasty[known], people).astype(np.float64)
    share = hits / np.maximum(n, 1)
    usual = max(USUALLY_FAST, float(np.median(share[n > 0])) if np.any(n > 0) else 0.0)
    p = tail(hits, n, n * usual)
    found = [
        ((who,), SpamSignal("too_fast", float(share[who]), usual, int(n[who]), float(p[who])))
        for who in np.flatnonzero(hits > 0).tolist()
    ]
    return Tested(people, found)


def copying(evidence: ControlEvidence, found: Reference) -> Tested:
    """For each two annotators, on common tasks where equal answers were not to be expected, how many are equal.

    The test is against a fifth of equal answers beyond those that ``coincidences`` expects, by a binomial. Both ways
    round, the less probable one counts, times two. Who copied whom cannot be told: both have the signal.
    """
    coded = evidence.coded
    every = coincidences(evidence, found)
    told = every.expected <= UNLIKELY
    people = max(1, len(coded.annotators))
    pair = coded.annotator[every.row[told]] * people + coded.annotator[every.other[told]]
    keys, place = np.unique(pair, return_inverse=True)
    n, hits, expected = (
        np.bincount(place, weight, len(keys)).astype(np.float64)
        for weight in (np.ones(len(place)), every.same[told], every.expected[told])
    )
    many = n >= FEWEST_COMMON
    p = np.minimum(1.0, 2 * tail(hits, n, SHARED * n + (1 - SHARED) * expected))
    best: dict[tuple[int, int], int] = {}
    for at in np.flatnonzero(many & (hits > expected)).tolist():
        ends = (int(keys[at]) // people, int(keys[at]) % people)
        ends = (min(ends), max(ends))
        if ends not in best or p[at] < p[best[ends]]:
            best[ends] = at
    tests = len({(min(divmod(key, people)), max(divmod(key, people))) for key in keys[many].tolist()})
    share, usual = hits / np.maximum(n, 1), expected / np.maximum(n, 1)
    signals = [
        (ends, SpamSignal("copying", float(share[at]), float(usual[at]), int(n[at]), float(p[at])))
        for ends, at in sorted(best.items())
    ]
    return Tested(tests, signals)


def random(evidence: ControlEvidence, found: Reference) -> Tested:
    """Whether an annotator's agreement with the others is nearer to chance than to what is usual.

    Chance is the agreement with what the others say of other tasks; usual is the median over the annotators.
    ``expected`` is the middle between the two; p the probability of so little agreement or less from there (binomial).
    """
    coded = evidence.coded
    heard = np.flatnonzero(found.heard)
    people = len(coded.annotators)
    n = np.bincount(coded.annotator[heard], minlength=people).astype(np.float64)
    total = np.bincount(coded.annotator[heard], found.score[heard], people)
    many = n >= FEWEST
    if not many.any():
        return Tested(0, [])
    share, chance = total / np.maximum(n, 1), _chance(evidence, found, heard)
    middle = (chance + float(np.median(share[many]))) / 2
    told = many & (middle > chance) & ~np.isnan(chance)
    right, wrong = np.floor(total + 1e-9) + 1, np.maximum(n - np.floor(total + 1e-9), 1e-9)
    p = np.where(told, special.betainc(wrong, right, 1 - np.clip(np.nan_to_num(middle), 0.0, 1.0)), 1.0)
    signals = [
        ((who,), SpamSignal("random", float(share[who]), float(middle[who]), int(n[who]), float(p[who])))
        for who in np.flatnonzero(told & (share < middle)).tolist()
    ]
    return Tested(int(np.count_nonzero(many)), signals)


def _chance(evidence: ControlEvidence, found: Reference, heard: IntArray) -> FloatArray:
    """How much each annotator would agree with what the others say of other tasks; NaN where nothing tells."""
    coded, people = evidence.coded, len(evidence.coded.annotators)
    person = coded.annotator[heard]
    n = np.maximum(np.bincount(person, minlength=people), 1)
    if found.probability is not None:
        classes = found.probability.shape[1]
        given = np.bincount(person * classes + coded.answer[heard], minlength=people * classes).reshape(people, classes)
        probable = np.zeros((people, classes))
        np.add.at(probable, person, found.probability[heard])
        result: FloatArray = (given * probable).sum(axis=1) / n**2
        return result
    return _chance_by_distance(evidence, heard)


def _chance_by_distance(evidence: ControlEvidence, heard: IntArray) -> FloatArray:
    """The mean of 1 - distance to answers of others to other tasks: to those that stand half of all answers away."""
    coded, people = evidence.coded, len(evidence.coded.annotators)
    order = heard[np.lexsort((coded.task[heard], coded.annotator[heard]))]
    person = coded.annotator[order]
    nth = np.arange(len(order)) - np.searchsorted(person, person)
    every = np.lexsort((coded.annotator, coded.task))
    place = np.empty(len(every), dtype=np.int64)
    place[every] = np.arange(len(every))
    away = every[(place[order] + len(every) // 2) % len(every)]
    kept: BoolArray = (nth < MOST_CHANCE) & (coded.task[away] != coded.task[order]) & (coded.annotator[away] != person)
    alike_ = similarities(ruler_of(evidence), coded.answer[order[kept]], coded.answer[away[kept]])
    n = np.bincount(person[kept], minlength=people)
    total = np.bincount(person[kept], alike_, people)
    return np.where(n >= FEWEST, total / np.maximum(n, 1), np.nan)
