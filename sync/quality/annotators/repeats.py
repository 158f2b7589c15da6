"""How each annotator agrees with themselves on tasks that they answered more than once."""

import numpy as np

from ..evidence import ControlEvidence
from ..records import Estimate
from .means import means
from .reference import ruler_of, similarities

NO_REPEATS = "answered no task more than once"


def self_agreements(evidence: ControlEvidence) -> list[Estimate]:
    """The mean over such tasks of 1 - distance over the pairs of their own answers; ``n`` is the number of tasks."""
    coded = evidence.coded
    person = {annotator: place for place, annotator in enumerate(coded.annotators)}
    more = [answer for _, _, answer in evidence.repeats]
    kept = _latest(evidence)
    for place, (task, annotator, _) in enumerate(evidence.repeats):
        kept[task, annotator].append(len(coded.answers) + place)
    pairs = [
        (number, person[annotator], one, two)
        for number, ((_, annotator), given) in enumerate(sorted(kept.items()))
        if annotator in person
        for at, one in enumerate(given)
        for two in given[at + 1 :]
    ]
    if not pairs:
        return [Estimate(None, n=0, reason=NO_REPEATS) for _ in coded.annotators]
    group, who, left, right = np.array(pairs, dtype=np.int64).T
    alike = similarities(ruler_of(evidence).among(more), left, right)
    _, first, place = np.unique(group, return_index=True, return_inverse=True)
    mean = np.bincount(place, alike) / np.bincount(place)
    return means(who[first], mean, len(coded.annotators), NO_REPEATS)


def _latest(evidence: ControlEvidence) -> dict[tuple[int, int], list[int]]:
    """The tasks and annotators with earlier answers, each with the place of the latest answer, where there is one."""
    coded = evidence.coded
    kept: dict[tuple[int, int], list[int]] = {(task, annotator): [] for task, annotator, _ in evidence.repeats}
    if not kept:
        return kept
    task = {number: place for place, number in enumerate(coded.tasks)}
    person = {number: place for place, number in enumerate(coded.annotators)}
    people = len(coded.annotators)
    wanted = {task[one] * people + person[two]: (one, two) for one, two in kept if one in task and two in person}
    keys = coded.task * people + coded.annotator
    for row in np.flatnonzero(np.isin(keys, np.array(list(wanted), dtype=np.int64))).tolist():
        kept[wanted[int(keys[row])]].append(int(coded.answer[row]))
    return kept
