"""How the agreement on single tasks is distributed."""

from dataclasses import dataclass, replace

import numpy as np

from ..agreement.case import Case
from ..agreement.resampling import Rng
from ..evidence import ControlEvidence, Method
from ..records import FloatArray

BINS = 10
MOST = 3000
"""Tasks that are compared, where that means comparing regions, texts and the like two by two."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Tasks with two answers or more by their agreement: ``counts[i]`` in [i / 10, (i + 1) / 10), 1.0 in the last.

    ``all_agree`` of them have an agreement of 1; ``mean`` is the mean over them, null without any. They are ``tasks``
    of ``of``: all, or evenly chosen ones. ``single`` other tasks have one answer.
    """

    counts: tuple[int, ...]
    all_agree: int
    tasks: int
    of: int
    single: int
    mean: float | None


def task_agreements(evidence: ControlEvidence, method: Method, rng: Rng) -> FloatArray:
    """The mean over each task's pairs of answers of 1 - distance, of the tasks with two answers or more.

    Where answers are compared two by two, of 3,000 of these, evenly chosen.
    """
    case = Case(evidence, method, rng)
    paired = np.flatnonzero(case.size > 1)
    if not case.few and len(paired) > MOST:
        coded = evidence.coded
        chosen = paired[np.linspace(0, len(paired) - 1, MOST).astype(np.int64)]
        rows = np.isin(coded.task, chosen)
        part = replace(coded, task=coded.task[rows], annotator=coded.annotator[rows], answer=coded.answer[rows])
        case = Case(replace(evidence, coded=part), method, rng)
    found: FloatArray = case.geometry.task_agreement()
    return found


def distribution(evidence: ControlEvidence, method: Method, rng: Rng) -> Distribution:
    """How the tasks of a control are distributed, by the distance of ``method``; ``rng`` samples where that is long."""
    size = np.bincount(evidence.coded.task, minlength=len(evidence.coded.tasks))
    agreements = task_agreements(evidence, method, rng)
    place = np.clip((agreements * BINS + 1e-9).astype(np.int64), 0, BINS - 1)
    return Distribution(
        tuple(np.bincount(place, minlength=BINS).tolist()),
        int(np.count_nonzero(agreements > 1 - 1e-9)),
        len(agreements),
        int(np.count_nonzero(size > 1)),
        int(np.count_nonzero(size == 1)),
        float(agreements.mean()) if len(agreements) else None,
    )
