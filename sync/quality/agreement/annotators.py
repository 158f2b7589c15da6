"""How each annotator agrees with the others on common tasks, and with themselves on tasks answered again."""

from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer

from ..intervals import NO_RESAMPLES, estimate
from ..measured import AnnotatorAgreement
from ..records import Estimate, FloatArray, IntArray
from .case import Case
from .resampling import AT_ONCE, FEW_TASKS, Rng
from .table import Table
from .undefined import NO_COMMON

ANNOTATOR_RESAMPLES = 300
"""Resamples for the interval of an annotator, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class _WithOthers:
    """Answers to tasks that others answered too: whose, the sum of the distances to the others' and how many."""

    annotator: IntArray
    apart: FloatArray
    others: FloatArray


def annotator_agreements(case: Case, rng: Rng) -> tuple[AnnotatorAgreement, ...]:
    """Each annotator, in the order of their ids.

    Agreement is the mean of 1 - distance over the pairs of one's own and others' answers to a task; its interval is
    of a bootstrap over one's tasks.
    """
    coded = case.evidence.coded
    given = np.bincount(coded.annotator, minlength=len(coded.annotators)).tolist()
    found = _with_others(case)
    order = np.lexsort((found.others, found.apart, found.annotator))
    ends = np.searchsorted(found.annotator[order], np.arange(len(given) + 1))
    own = self_agreements(case)
    return tuple(
        AnnotatorAgreement(
            annotator=annotator,
            annotations=given[place],
            agreement=_agreement(found, order[ends[place] : ends[place + 1]], rng, case),
            self_agreement=own.get(annotator),
        )
        for place, annotator in enumerate(coded.annotators)
    )


def _agreement(found: _WithOthers, rows: IntArray, rng: Rng, case: Case) -> Estimate:
    """One annotator's; ``rows`` are sorted by distance, so that alike ones are drawn together."""
    n = len(rows)
    if n == 0:
        return Estimate(None, reason=NO_COMMON)
    apart, others = found.apart[rows], found.others[rows]
    new = np.concatenate([[True], (np.diff(apart) != 0) | (np.diff(others) != 0)])
    starts = np.flatnonzero(new)
    times = np.diff([*starts.tolist(), n])
    apart, others = apart[starts], others[starts]
    draws = None
    resamples = min(case.method.bootstrap, ANNOTATOR_RESAMPLES)
    if n >= 2 and resamples >= 1:
        draws = np.concatenate(
            [_ratio(rng.multinomial(n, times / n, size=size), apart, others) for size in _blocks(resamples, len(times))]
        )
    value = float(_ratio(times[None, :], apart, others)[0])
    without = FEW_TASKS if n < 2 else NO_RESAMPLES
    return estimate(value, draws, n, case.method.confidence, undefined=NO_COMMON, without=without)


def _blocks(resamples: int, width: int) -> list[int]:
    most = max(1, AT_ONCE // max(1, width))
    return [most] * (resamples // most) + [resamples % most] * (resamples % most > 0)


def _ratio(weights: IntArray, apart: FloatArray, others: FloatArray) -> FloatArray:
    found: FloatArray = 1.0 - (weights @ apart) / (weights @ others)
    return found


def _with_others(case: Case) -> _WithOthers:
    coded, geometry = case.evidence.coded, case.geometry
    if not isinstance(geometry, Table):
        pairs, n = geometry.within, len(coded.task)
        ends = np.concatenate([pairs.left, pairs.right])
        apart: FloatArray = np.bincount(ends, np.tile(pairs.apart, 2), minlength=n).astype(np.float64)
        others = np.bincount(ends, minlength=n).astype(np.float64)
        met = others > 0
        return _WithOthers(coded.annotator[met], apart[met], others[met])
    rows = np.flatnonzero(case.size[coded.task] >= 2)
    place = np.zeros(len(coded.tasks), dtype=np.int64)
    place[geometry.groups.tasks] = geometry.groups.place
    apart = _to_all(geometry, place[coded.task[rows]], coded.answer[rows])
    return _WithOthers(coded.annotator[rows], apart, (case.size[coded.task[rows]] - 1).astype(np.float64))


def _to_all(found: Table, group: IntArray, answer: IntArray) -> FloatArray:
    """The sum of the distances of an answer to all answers of a group, for each two of the arrays."""
    apart = np.zeros(len(group))
    order = np.argsort(group, kind="stable")
    step = max(1, AT_ONCE // max(1, found.counts.shape[1]))
    for at in range(0, found.groups.paired_groups, step):
        low, high = np.searchsorted(group[order], [at, at + step])
        rows = order[low:high]
        apart[rows] = (found.counts[at : at + step] @ found.distances)[group[rows] - at, answer[rows]]
    return apart


def self_agreements(case: Case) -> dict[int, float]:
    """Annotator -> mean of 1 - distance over the pairs of their own answers to one task, whenever given."""
    coded, repeats = case.evidence.coded, case.evidence.repeats
    if not repeats:
        return {}
    task = {number: place for place, number in enumerate(coded.tasks)}
    person = {number: place for place, number in enumerate(coded.annotators)}
    kept: dict[tuple[int, int], list[int]] = {(one, other): [] for one, other, _ in repeats}
    wanted = {(task[one], person[other]): (one, other) for one, other in kept if one in task and other in person}
    keys = coded.task * len(coded.annotators) + coded.annotator
    sought = np.array([one * len(coded.annotators) + other for one, other in wanted], dtype=np.int64)
    for row in np.flatnonzero(np.isin(keys, sought)).tolist():
        kept[wanted[int(coded.task[row]), int(coded.annotator[row])]].append(int(coded.answer[row]))
    more: list[Answer] = []
    for one, other, answer in repeats:
        kept[one, other].append(len(coded.answers) + len(more))
        more.append(answer)
    return _own(case, kept, more)


def _own(case: Case, kept: dict[tuple[int, int], list[int]], more: list[Answer]) -> dict[int, float]:
    pairs = [
        (person, one, other)
        for (_, person), answers in kept.items()
        for at, one in enumerate(answers)
        for other in answers[at + 1 :]
    ]
    if not pairs:
        return {}
    person, left, right = np.array(pairs, dtype=np.int64).T
    apart = case.ruler.among(more).between(left, right)
    people, place = np.unique(person, return_inverse=True)
    means = 1.0 - np.bincount(place, apart) / np.bincount(place)
    return dict(zip(people.tolist(), means.tolist(), strict=True))
