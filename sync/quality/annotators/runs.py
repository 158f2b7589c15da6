"""The same answer again and again, where neither the tasks nor the annotator's own ways explain it."""

import numpy as np

from ..evidence import ControlEvidence
from ..records import CodedAnswers, FloatArray, IntArray
from .coincidences import alike
from .many_tests import Tested
from .profile import SpamSignal
from .reference import STRENGTH, Reference

SHORTEST = 5
"""Equal answers in a row that are a run, at least."""


def constant(evidence: ControlEvidence, found: Reference) -> Tested:
    """For each annotator the run of equal answers that is the least probable by the answers of the others.

    In the order of time (of task ids, where times are unknown). How probable each answer of the run is follows from
    what the others say of its task and from what the annotator answers outside of the run (see ``_usually``): who is
    biased, or errs, has longer runs, and is not constant for it. p is the product over the run times the number of
    answers, the places where it could have started. ``value`` is the length of the run, ``expected`` the geometric mean
    of the probabilities, ``n`` the number of all their answers.
    """
    coded = evidence.coded
    if not len(coded.task):
        return Tested(0, [])
    code, shares, usual = _shares_of_others(coded)
    time = evidence.given_at if evidence.given_at is not None else np.zeros(len(code), dtype=np.int64)
    order = np.lexsort((coded.task, time, coded.annotator))
    ends = np.searchsorted(coded.annotator[order], np.arange(len(coded.annotators) + 1))
    signals = []
    for person, start, length in _least_probable(coded.annotator[order], code[order], (shares * usual)[order]):
        run = order[start : start + length]
        rest = np.concatenate([order[ends[person] : start], order[start + length : ends[person + 1]]])
        chances = _usually(coded, found, run, rest) if found.probability is not None else None
        if chances is None:
            chances = _by_shares(code, shares, usual, run, rest)
        logs = np.log(np.clip(chances, 1e-12, 1.0))
        n = len(run) + len(rest)
        p = min(1.0, n * float(np.exp(logs.sum())))
        signals.append(((person,), SpamSignal("constant", float(length), float(np.exp(logs.mean())), n, p)))
    return Tested(len(coded.annotators), signals)


def _least_probable(person: IntArray, code: IntArray, chance: FloatArray) -> list[tuple[int, int, int]]:
    """For each annotator the run with the smallest product of ``chance``: (annotator, first place, length)."""
    new = np.ones(len(person), dtype=np.bool_)
    new[1:] = (person[1:] != person[:-1]) | (code[1:] != code[:-1])
    starts = np.flatnonzero(new)
    length = np.diff(np.append(starts, len(person)))
    total = np.add.reduceat(np.log(np.clip(chance, 1e-12, 1.0)), starts)
    long = np.flatnonzero(length >= SHORTEST)
    best = long[np.lexsort((total[long], person[starts[long]]))]
    who, first = np.unique(person[starts[best]], return_index=True)
    chosen = best[first]
    return list(zip(who.tolist(), starts[chosen].tolist(), length[chosen].tolist(), strict=True))


def _usually(coded: CodedAnswers, found: Reference, run: IntArray, rest: IntArray) -> FloatArray:
    """Classes: by the probability of each class of the task and what the annotator answers to it outside of the run.

    Three answers as all annotators give them are added to those of each class.
    """
    assert found.probability is not None
    assert found.confusion is not None
    given = coded.answer[run[0]]
    pool = found.confusion[:, :, given].mean(axis=0)
    probable = found.probability[rest]
    hits = probable[coded.answer[rest] == given].sum(axis=0)
    answers = (hits + STRENGTH * pool) / (probable.sum(axis=0) + STRENGTH)
    chances: FloatArray = found.probability[run] @ answers
    return chances


def _by_shares(code: IntArray, shares: FloatArray, usual: FloatArray, run: IntArray, rest: IntArray) -> FloatArray:
    """Other answers: r times the share of the others on the task who gave it, and 1 - r times the usual share.

    r is how often the annotator gives what others give outside of the run; the usual share is theirs outside of the
    run, with three answers as all the others give them.
    """
    r = (shares[rest].sum() + shares.mean()) / (len(rest) + 1)
    own = (np.count_nonzero(code[rest] == code[run[0]]) + STRENGTH * usual[run[0]]) / (len(rest) + STRENGTH)
    chances: FloatArray = r * shares[run] + (1 - r) * own
    return chances


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
