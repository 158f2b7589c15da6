"""An annotator failed on known truths, or answers worse than before: their work that nobody else vouches for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from label_config.model import Family

from ..annotators.own_changes import is_worse
from ..annotators.profile import AnnotatorProfile, ChangePoint
from ..annotators.reference import ruler_of, similarity_to
from ..records import BoolArray, Finding, FloatArray, IntArray
from .case import Case
from .disputes import percent

SCALES = frozenset({Family.RATING, Family.NUMBER, Family.MOMENT})
"""Families whose distances are squared."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """The answers that somebody has to stand for alone, by rows of the coded answers.

    ``alone`` are the only answers to their tasks; ``disputed`` those to tasks whose answers are apart, and those that
    are apart from the consensus or from what the model says. Ruled tasks are neither. ``voice`` in (0, 1] is the share
    of a row in the answers to its task.
    """

    alone: BoolArray
    disputed: BoolArray
    voice: FloatArray


def gold_failed(case: Case) -> list[Finding]:
    """An annotator failed on known truths: their latest disputed answers (``Thresholds.recent`` of them at most).

    Failed means that the whole 95 % interval of their accuracy on known truths is below ``Thresholds.gold_needed``, and
    below what the others reach there: one miss among many is none. The severity is the probability that their answer
    is wrong (as after one more truth, half right) times its share in the answers to the task.
    """
    failed = [(place, one) for place, one in enumerate(case.profiles) if _failed(one, case)]
    if not failed:
        return []
    work = _work(case)
    return [
        _finding(case, "gold_failed", row, one, _wrong_on_gold(one) * float(work.voice[row]), _gold_words(one))
        for place, one in failed
        for row in _latest(case, place, work.disputed)
    ]


def _failed(one: AnnotatorProfile, case: Case) -> bool:
    if one.gold.value is None or one.gold.high is None:
        return False
    others = [(other.gold.value, other.gold.n) for other in case.profiles if other is not one and other.gold.n]
    n = sum(count for _, count in others)
    usual = sum(value * count for value, count in others if value is not None) / n if n else 1.0
    return one.gold.high < min(case.thresholds.gold_needed, usual)


def _wrong_on_gold(one: AnnotatorProfile) -> float:
    assert one.gold.value is not None
    return 1 - (one.gold.value * one.gold.n + 0.5) / (one.gold.n + 1)


def _gold_words(one: AnnotatorProfile) -> str:
    value, high = one.gold.value or 0.0, one.gold.high or 0.0
    return (
        f"One annotator who answered here agrees only {percent(value)} with the truth on {one.gold.n} tasks where it "
        f"is known (probably less than {percent(high)}), and this answer is disputed."
    )


def annotator_drift(case: Case) -> list[Finding]:
    """An annotator agrees less with the others since some time: what they answered since alone or in dispute.

    Also where since then they give, or leave, a label against the others more often. The severity is the probability
    that their answers since then are wrong (as after one more, half right) times its share in the answers to the task.
    """
    if not any(is_worse(change) for one in case.profiles for change in one.changes):
        return []
    work, time = _work(case), case.evidence.given_at
    assert time is not None
    found: dict[int, Finding] = {}
    for place, one in enumerate(case.profiles):
        mine = (case.evidence.coded.annotator == place) & (work.alone | work.disputed)
        for change, until in _spells(one):
            for row in np.flatnonzero(mine & (time >= change.at) & (time < until)).tolist():
                severity = _wrong_since(change) * float(work.voice[row])
                if row not in found or severity > found[row].severity:
                    found[row] = _finding(case, "annotator_drift", row, one, severity, _drift_words(change))
    return [found[row] for row in sorted(found)]


def _spells(one: AnnotatorProfile) -> Iterator[tuple[ChangePoint, float]]:
    """Each change for the worse and the time of the next change in the same series."""
    for change in one.changes:
        if is_worse(change):
            same = (change.series, change.measure, change.label)
            later = [
                float(other.at)
                for other in one.changes
                if (other.series, other.measure, other.label) == same and other.at > change.at
            ]
            yield change, min(later, default=float("inf"))


def _wrong_since(change: ChangePoint) -> float:
    wrong = 1 - change.after if change.series == "agreement" else change.after
    return (wrong * change.n_after + 0.5) / (change.n_after + 1)


def _drift_words(change: ChangePoint) -> str:
    since = f"{datetime.fromtimestamp(change.at / 1e6, tz=UTC):%-d %b %Y}"
    if change.series == "agreement":
        what = f"agrees {percent(change.after)} with the others since {since}, {percent(change.before)} before"
    else:
        label = change.label or "nothing"
        how = f"answers {label} where the others do not" if change.measure == "given" else f"misses {label}"
        what = f"{how} in {percent(change.after)} of the tasks since {since}, {percent(change.before)} before"
    return f"One annotator who answered here {what} ({change.n_after} answers since, {change.n_before} before)."


def _finding(case: Case, kind: str, row: int, one: AnnotatorProfile, severity: float, reason: str) -> Finding:
    task = case.evidence.coded.tasks[int(case.evidence.coded.task[row])]
    numbers = {"gold": one.gold.value, "gold_high": one.gold.high, "reliability": one.reliability.value}
    known = {name: value for name, value in numbers.items() if value is not None}
    return Finding(task, case.consensus.control, kind, severity, reason, known, annotator=one.annotator)


def _work(case: Case) -> Work:
    coded, evidence = case.evidence.coded, case.evidence
    place = {task: position for position, task in enumerate(coded.tasks)}
    size = np.bincount(coded.task, minlength=len(coded.tasks))
    least = 1 - _apart(case)
    measure = ruler_of(evidence)
    consensus = {place[one.task]: one.answer for one in case.consensus.tasks if one.task in place}
    models = {place[task]: one.answer for task, one in evidence.opinions.items() if task in place}
    split = np.zeros(len(coded.tasks), dtype=np.bool_)
    split[[place[task] for task, agreed in case.agreement.items() if task in place and agreed < least]] = True
    differs = np.zeros(len(coded.task), dtype=np.bool_)
    for answers in (consensus, models):
        differs |= np.nan_to_num(similarity_to(measure, coded, answers), nan=1.0) < least
    still_open = np.ones(len(coded.tasks), dtype=np.bool_)
    still_open[list(coded.fixed)] = False
    here = still_open[coded.task]
    return Work(here & (size == 1)[coded.task], here & (split[coded.task] | differs), 1 / size[coded.task])


def _apart(case: Case) -> float:
    """The distance from which on answers contradict each other."""
    if case.evidence.control.family in SCALES:
        return case.thresholds.apart_on_scales**2
    return case.thresholds.apart


def _latest(case: Case, person: int, rows: BoolArray) -> list[int]:
    """The person's latest of these rows (by task, where times are unknown), in the order of tasks."""
    coded = case.evidence.coded
    mine: IntArray = np.flatnonzero((coded.annotator == person) & rows)
    time = np.zeros(len(coded.task), dtype=np.int64) if case.evidence.given_at is None else case.evidence.given_at
    order = np.lexsort((coded.task[mine], time[mine]))
    latest = mine[order[max(0, len(order) - case.thresholds.recent) :]]
    return sorted(latest.tolist(), key=lambda row: int(coded.task[row]))
