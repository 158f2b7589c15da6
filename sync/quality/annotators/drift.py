"""From when on an annotator agrees, works or answers differently than before."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..evidence import ControlEvidence
from ..label_errors.limits import limit
from ..records import CodedAnswers, FloatArray, IntArray
from .bias import Differences
from .change_points import MARGIN, Split, best_split, further_splits
from .many_tests import holm
from .profile import ChangePoint
from .reference import CLEAR, Reference
from .speed import against_others, logarithms

LEVEL = 0.05
"""Changes are reported whose p, corrected for all annotators and series, is at most this."""
DOUBT = 20
"""By so much an approximate probability is never off: where it is that far from the level it stays approximate."""
NEAR = 0.05
"""Answers that are no further from the others than this are near in any case."""
FEWEST = 6
"""Answers of a kind below which it is not looked at: hardly any change in them could be significant."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One thing about one annotator over time: ``values`` at the ``rows`` of the coded answers, in order of time.

    ``shown`` are the values that a change is told in.
    """

    name: str
    rows: IntArray
    values: FloatArray
    shown: FloatArray
    measure: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """What series are made of, a row of the coded answers an entry.

    ``given`` are the codes of the answers. ``lead_time`` are seconds, ``logs`` their logarithms and ``relative`` these
    against the others', NaN where unknown. ``apart`` are the differences of ``names``.
    """

    found: Reference
    given: IntArray
    lead_time: FloatArray | None
    logs: FloatArray
    relative: FloatArray
    apart: FloatArray
    names: tuple[tuple[str, str], ...]


def _material(evidence: ControlEvidence, found: Reference, apart: Differences) -> _Material:
    coded, lead_time = evidence.coded, evidence.lead_time
    logs: FloatArray = np.full(len(coded.task), np.nan)
    relative = logs
    if lead_time is not None:
        logs, relative = logarithms(lead_time), against_others(coded, lead_time)
    differ = np.zeros((len(coded.task), 0))
    if found.probability is None:
        differ = np.zeros((len(coded.task), len(apart.names)))
        differ[apart.rows] = apart.given - apart.expected
    return _Material(found, coded.answer, lead_time, logs, relative, differ, apart.names)


@dataclass(frozen=True, slots=True, eq=False)
class _Scanned:
    """The clearest change of ``looks`` series of a person; its p is multiplied by them."""

    person: int
    series: Series
    split: Split
    looks: int


def changes(
    evidence: ControlEvidence, found: Reference, apart: Differences, level: float = LEVEL
) -> list[tuple[ChangePoint, ...]]:
    """Everybody's changes, in the order of time and series; none where times are unknown or all the same.

    Agreement: right or wrong by the others' consensus (where one class has a probability of 0.7 or more), or 1 -
    distance and whether that is as near as is usual (all a little worse, some much worse; corrected for both). Lead
    time: against the others' on the same tasks, where half of them are known, else by itself. Answers:
    for each label whether it was given and the others say another, and whether it was not and they say it; of answers
    that are not single labels the differences of their amounts. Of these only the clearest one of a person is kept,
    corrected for how many there were. Then all are corrected for each other (Holm), so that in a group of annotators
    who do not change a false alarm comes in 5 % at most.
    """
    time = evidence.given_at
    if time is None:
        return [() for _ in evidence.coded.annotators]
    material = _material(evidence, found, apart)
    scanned = [
        one
        for person, rows in _in_time(evidence.coded, time)
        for group in (_agreement(found, rows), _lead_time(material, rows), _answers(material, rows))
        if (one := _clearest(person, group, time)) is not None
    ]
    scanned = [_confirmed(one, len(scanned), time, level) for one in scanned]
    adjusted = holm(np.array([one.split.p for one in scanned])) if scanned else np.zeros(0)
    result: list[list[ChangePoint]] = [[] for _ in evidence.coded.annotators]
    for one, p in zip(scanned, adjusted.tolist(), strict=True):
        if p <= level:
            result[one.person] += _told(one, p, len(scanned), time, level)
    return [tuple(sorted(mine, key=lambda one: (one.at, one.series, one.label))) for mine in result]


def _in_time(coded: CodedAnswers, time: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Each annotator's rows with a known time, in its order; not those with too few for a change."""
    order = np.lexsort((coded.task, time, coded.annotator))
    order = order[time[order] > 0]
    ends = np.searchsorted(coded.annotator[order], np.arange(len(coded.annotators) + 1)).tolist()
    for person, (start, end) in enumerate(itertools.pairwise(ends)):
        if end - start >= 2 * MARGIN:
            yield person, order[start:end]


def _agreement(found: Reference, rows: IntArray) -> list[Series]:
    clear = rows[found.heard[rows]]
    if found.probability is None:
        usual = limit(1 - found.score[found.heard], NEAR)
        near = (1 - found.score[clear] <= usual).astype(np.float64)
        return [Series("agreement", clear, values, found.score[clear]) for values in (found.score[clear], near)]
    clear = clear[found.probability[clear].max(axis=1, initial=0.0) >= CLEAR]
    right = (found.score[clear] > 0.5).astype(np.float64)
    return [Series("agreement", clear, right, right)]


def _lead_time(material: _Material, rows: IntArray) -> list[Series]:
    if material.lead_time is None:
        return []
    values = material.logs[rows]
    met = ~np.isnan(material.relative[rows])
    if 2 * np.count_nonzero(met) >= np.count_nonzero(~np.isnan(values)):
        values = material.relative[rows]
    there = ~np.isnan(values)
    return [Series("lead_time", rows[there], values[there], material.lead_time[rows[there]])]


def _answers(material: _Material, rows: IntArray) -> list[Series]:
    rows = rows[material.found.heard[rows]]
    if material.found.probability is not None:
        return list(_labels(material.found, material.given[rows], rows))
    columns = ((name, material.apart[rows, place]) for place, name in enumerate(material.names))
    return [
        Series("answers", rows, values, values, measure, label)
        for (measure, label), values in columns
        if np.count_nonzero(values) >= FEWEST
    ]


def _labels(found: Reference, given: IntArray, rows: IntArray) -> Iterator[Series]:
    """For each class that it was given against the others, and that it was not given against them."""
    assert found.probability is not None
    said, certain = found.probability[rows].argmax(axis=1), found.probability[rows].max(axis=1, initial=0.0)
    astray = (said != given) & (certain >= CLEAR)
    for measure, classes in (("given", given), ("left", said)):
        counts = np.bincount(classes[astray], minlength=len(found.names))
        for code in np.flatnonzero(counts >= FEWEST).tolist():
            values = (astray & (classes == code)).astype(np.float64)
            yield Series("answers", rows, values, values, measure, found.names[code])


def _clearest(person: int, group: list[Series], time: IntArray) -> _Scanned | None:
    """The series of a group with the clearest change, its p multiplied by how many there are."""
    splits = [(one, split) for one in group if (split := best_split(one.values, time[one.rows], 0.0)) is not None]
    if not splits:
        return None
    series, split = min(splits, key=lambda pair: (pair[1].p, pair[0].measure, pair[0].label))
    return _Scanned(person, series, Split(split.at, min(1.0, split.p * len(splits))), len(splits))


def _confirmed(one: _Scanned, tests: int, time: IntArray, level: float) -> _Scanned:
    """With the exact probability, where the approximate one leaves a chance that it matters."""
    if one.split.p * tests > DOUBT * level:
        return one
    split = best_split(one.series.values, time[one.series.rows], 1.0)
    assert split is not None
    return replace(one, split=Split(split.at, min(1.0, split.p * one.looks)))


def _told(one: _Scanned, p: float, tests: int, time: IntArray, level: float) -> list[ChangePoint]:
    """The change and those within its sides, with the levels between them."""
    series = one.series
    when = time[series.rows]
    splits = further_splits(series.values, when, one.split, level / tests)
    ends = [0, *(split.at for split in splits), len(series.rows)]
    level_of = np.median if series.name == "lead_time" else np.mean
    levels = [float(level_of(series.shown[start:end])) for start, end in itertools.pairwise(ends)]
    return [
        ChangePoint(
            series=series.name,
            at=int(when[split.at]),
            before=levels[place],
            after=levels[place + 1],
            n_before=ends[place + 1] - ends[place],
            n_after=ends[place + 2] - ends[place + 1],
            p=p if split is one.split else min(1.0, split.p * tests),
            measure=series.measure,
            label=series.label,
        )
        for place, split in enumerate(splits)
    ]
