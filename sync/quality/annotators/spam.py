"""Reasons to look at how somebody works: constant, too fast, copied or random answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from ..evidence import ControlEvidence
from ..records import BoolArray, CodedAnswers, FloatArray, IntArray
from .coincidences import alike, coincidences, tail
from .many_tests import holm
from .profile import SpamSignal
from .reference import Reference, ruler_of, similarities

LEVEL = 0.05
"""Signals are given whose p, corrected for all annotators or pairs, is at most this."""
SHORTEST = 5
"""Equal answers in a row that are a run, at least."""
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
        constant(evidence),
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


@dataclass(frozen=True, slots=True)
class Tested:
    """How many annotators or pairs were tested for a signal, and the signals of those (positions) that may have it."""

    tests: int
    signals: Sequence[tuple[tuple[int, ...], SpamSignal]]


def constant(evidence: ControlEvidence) -> Tested:
    """For each annotator the run of equal answers that is the least probable by the answers of the others.

    In the order of time (of task ids, where times are unknown). The probability of each answer of the run is r times
    the share of the others on the task who gave it (with one more voice, the share among all answers to all tasks) plus
    1 - r times that share among all, where r is how often the annotator agrees with the others: nobody is blamed for
    mere errors. p is the product over the run times the number of answers (places where it could have started).
    ``value`` is the length of the run, ``expected`` the mean of these probabilities, ``n`` all of their answers.
    """
    coded = evidence.coded
    code, shares, usual = _shares_of_others(coded)
    time = evidence.given_at if evidence.given_at is not None else np.zeros(len(code), dtype=np.int64)
    order = np.lexsort((coded.task, time, coded.annotator))
    person = coded.annotator[order]
    n = np.bincount(person, minlength=len(coded.annotators))
    agreed = (np.bincount(coded.annotator, shares, len(n)) + 0.5) / (n + 1)
    r = agreed[coded.annotator]
    logs = np.log(np.clip(r * shares + (1 - r) * usual, 1e-12, 1.0))[order]
    starts = np.flatnonzero(
        np.r_[True, (person[1:] != person[:-1]) | (code[order][1:] != code[order][:-1])][: len(order)]
    )
    if not len(starts):
        return Tested(0, [])
    length = np.diff(np.r_[starts, len(order)])
    total = np.add.reduceat(logs, starts)
    total = np.where(length >= SHORTEST, total, 0.0)
    of_run = person[starts]
    result = []
    for run in np.lexsort((total, of_run))[np.unique(np.sort(of_run), return_index=True)[1]].tolist():
        who, size = int(of_run[run]), int(length[run])
        if size >= SHORTEST:
            p = min(1.0, float(n[who]) * float(np.exp(total[run])))
            usually = float(np.exp(logs[starts[run] : starts[run] + size]).mean())
            result.append(((who,), SpamSignal("constant", float(size), usually, int(n[who]), p)))
    return Tested(len(n), result)


def _shares_of_others(coded: CodedAnswers) -> tuple[IntArray, FloatArray, FloatArray]:
    """For each row: its answer's number, its share among the others on the task, and among all others' answers."""
    code = alike(coded)
    if not len(code):
        return code, np.zeros(0), np.zeros(0)
    kinds = int(code.max()) + 1
    people = max(1, len(coded.annotators))
    size = np.bincount(coded.task, minlength=len(coded.tasks))[coded.task]
    _, place, times = np.unique(coded.task * kinds + code, return_inverse=True, return_counts=True)
    _, mine, my_times = np.unique(code * people + coded.annotator, return_inverse=True, return_counts=True)
    of_others = np.bincount(code, minlength=kinds)[code] - my_times[mine]
    all_others = len(code) - np.bincount(coded.annotator, minlength=people)[coded.annotator]
    usual = (of_others + 0.5) / (all_others + 0.5 * kinds)
    usual = np.where(all_others > 0, usual, 1.0)
    shares = (times[place] - 1 + usual) / size
    return code, shares, usual


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
