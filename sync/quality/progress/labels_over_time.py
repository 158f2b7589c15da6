"""How people agree on each label over time: period by period, the label against all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..agreement.case import Case
from ..agreement.labels import label_agreements
from ..agreement.resampling import Rng
from ..evidence import ControlEvidence, Method
from ..records import CodedAnswers, Estimate, IntArray
from .distribution import MOST

LABELS = 10
"""Labels that are followed: those with the most answers."""


@dataclass(frozen=True, slots=True)
class LabelPeriod:
    """One label in one ``period``, by its place: ``annotations`` answers have it, ``tasks`` were compared.

    The estimates are of whether answers have the label; null with their reason where nothing can be said.
    """

    label: str
    period: int
    tasks: int
    annotations: int
    percent_agreement: Estimate
    krippendorff_alpha: Estimate


def labels_over_time(
    evidence: ControlEvidence, method: Method, period: Mapping[int, int], rng: Rng, labels: int = LABELS
) -> tuple[LabelPeriod, ...]:
    """The labels with the most answers, most first, each in every period in which a task has two answers.

    ``period`` maps tasks to the places of their periods. Empty where answers have no labels. Where answers are compared
    two by two, of about 3,000 tasks in all, as many of each period, evenly chosen.
    """
    coded = evidence.coded
    if not coded.tasks:
        return ()
    place = np.array([period[task] for task in coded.tasks], dtype=np.int64)
    periods = np.unique(place).tolist()
    most = -(-MOST // len(periods))
    found = {one: _of(evidence, method, np.flatnonzero(place == one), most, rng) for one in periods}
    amounts: dict[str, int] = {}
    for rows in found.values():
        for row in rows:
            amounts[row.label] = amounts.get(row.label, 0) + row.annotations
    followed = sorted((name for name in amounts if amounts[name]), key=lambda name: -amounts[name])[:labels]
    known = {(row.label, one): row for one, rows in found.items() for row in rows if row.tasks}
    return tuple(replace(known[name, one], period=one) for name in followed for one in periods if (name, one) in known)


def _of(evidence: ControlEvidence, method: Method, tasks: IntArray, most: int, rng: Rng) -> Sequence[LabelPeriod]:
    """Every label on the answers to these tasks (their places), or to so many of them."""
    part = _only(evidence.coded, tasks)
    case = Case(replace(evidence, coded=part), method, rng)
    paired = np.flatnonzero(case.size > 1)
    if not case.few and len(paired) > most:
        chosen = paired[np.linspace(0, len(paired) - 1, most).astype(np.int64)]
        case = Case(replace(evidence, coded=_only(part, chosen)), method, rng)
    return [
        LabelPeriod(
            label,
            0,
            one.percent_agreement.n,
            one.annotations,
            one.percent_agreement,
            one.krippendorff_alpha,
        )
        for label, one in label_agreements(case, rng).items()
    ]


def _only(coded: CodedAnswers, tasks: IntArray) -> CodedAnswers:
    """The rows of these tasks, with these tasks and the answers to them alone."""
    rows = np.isin(coded.task, tasks)
    kept, task = np.unique(coded.task[rows], return_inverse=True)
    said, answer = np.unique(coded.answer[rows], return_inverse=True)
    return replace(
        coded,
        task=task,
        annotator=coded.annotator[rows],
        answer=answer,
        tasks=tuple(coded.tasks[place] for place in kept.tolist()),
        answers=tuple(coded.answers[place] for place in said.tolist()),
        fixed={},
    )
