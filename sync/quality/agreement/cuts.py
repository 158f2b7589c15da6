"""Agreement on parts of a control: on the tasks of one day or field value, and against truths and models."""

from collections.abc import Mapping

import numpy as np

from label_config.answers import Answer

from ..measured import Against, CutAgreement
from ..records import Estimate
from .case import Case, Geometry
from .resampling import Quantity, Rng, estimates
from .undefined import NO_PAIRS, ONE_LABEL

CUT_RESAMPLES = 300
"""Resamples for the intervals of a cut, at most: there may be many of them."""


def both(geometry: Geometry, rng: Rng, bootstrap: int, confidence: float) -> tuple[Estimate, Estimate]:
    """Percent agreement and alpha, each with its interval; null without a task that two annotators answered."""
    n = geometry.groups.paired
    if n == 0:
        return Estimate(None, reason=NO_PAIRS), Estimate(None, reason=NO_PAIRS)
    found = estimates(
        {
            "percent": Quantity(geometry.groups, geometry.percent, n, ONE_LABEL),
            "alpha": Quantity(geometry.groups, geometry.alpha, n, ONE_LABEL),
        },
        rng,
        bootstrap,
        confidence,
    )
    return found["percent"], found["alpha"]


def cut_agreements(case: Case, rng: Rng) -> dict[str, dict[str, CutAgreement]]:
    """Name of the cut -> value -> the agreement on its tasks, values in ascending order."""
    return {name: _by_value(case, value_of, rng) for name, value_of in case.evidence.cuts.items()}


def _by_value(case: Case, value_of: Mapping[int, str], rng: Rng) -> dict[str, CutAgreement]:
    geometry, tasks = case.geometry, case.evidence.coded.tasks
    values: dict[str, list[int]] = {}
    for place, task in enumerate(geometry.groups.tasks.tolist()):
        if tasks[task] in value_of:
            values.setdefault(value_of[tasks[task]], []).append(place)
    times = min(case.method.bootstrap, CUT_RESAMPLES)
    return {
        value: CutAgreement(
            len(places), *both(geometry.of(np.array(places, dtype=np.int64)), rng, times, case.method.confidence)
        )
        for value, places in sorted(values.items())
    }


def against(case: Case, others: Mapping[int, Answer]) -> Against:
    """How all answers agree with those that ``others`` has for their tasks: mean of 1 - distance."""
    coded = case.evidence.coded
    place = {task: number for number, task in enumerate(coded.tasks)}
    known = {place[task]: answer for task, answer in others.items() if task in place}
    new = np.full(len(coded.tasks), -1)
    new[list(known)] = len(coded.answers) + np.arange(len(known))
    theirs = new[coded.task]
    rows = np.flatnonzero(theirs >= 0)
    if not len(rows):
        return Against(0, None)
    apart = case.ruler.among(tuple(known.values())).between(coded.answer[rows], theirs[rows])
    return Against(len(rows), 1.0 - float(apart.mean()))
