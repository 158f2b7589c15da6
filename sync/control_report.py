"""What an assessment says about one control: plain values, as they are stored and printed (docs/report.md)."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .quality.measured import CutAgreement, Measured
from .quality.records import ControlConsensus, Estimate, IntArray

DAY = 86_400_000_000
WINDOWS = 12
WINDOW = "window"
"""The cut of the evidence that the trend is made of: task -> the number of its window."""

Bounds = Sequence[tuple[int, int]]


def windows(task: IntArray, given_at: IntArray) -> tuple[dict[int, str], Bounds]:
    """The window of each task, by the time of its last answer: days, or equal shares of a shorter time.

    ``task`` and ``given_at`` have a value an answer. Windows are numbers written as text; the bounds of each are
    microseconds.
    """
    tasks, place = np.unique(task, return_inverse=True)
    if not len(tasks):
        return {}, []
    times = np.zeros(len(tasks), dtype=np.int64)
    np.maximum.at(times, place, given_at)
    first, end = int(times.min()), int(times.max())
    if end - first >= 3 * DAY:
        days = max(1, -(-(end - first) // DAY // 60))
        edges: IntArray = np.arange(first // DAY * DAY, end + days * DAY, days * DAY)
    else:
        count = max(1, min(WINDOWS, len(times) // 10))
        edges = np.unique(np.quantile(times, np.linspace(0, 1, count + 1)).astype(np.int64))
        edges[-1] = end + 1
    bounds = [(int(low), int(high)) for low, high in itertools.pairwise(edges)] or [(first, end + 1)]
    window = np.minimum(np.searchsorted(edges, times, side="right") - 1, len(bounds) - 1)
    names = [str(number) for number in range(len(bounds))]
    return {one: names[number] for one, number in zip(tasks.tolist(), window.tolist(), strict=True)}, bounds


def control_report(measured: Measured, consensus: ControlConsensus, bounds: Bounds) -> dict[str, Any]:
    """The report of one control."""
    return {
        "type": measured.control.tag,
        "tasks": measured.tasks,
        "annotators": measured.annotators,
        "annotations": measured.annotations,
        "single": measured.single,
        "percent_agreement": estimate(measured.coefficients["percent_agreement"]),
        "krippendorff_alpha": estimate(measured.coefficients["krippendorff_alpha"]),
        "pairs": [
            {
                "annotators": list(pair.annotators),
                "tasks": pair.tasks,
                "percent_agreement": estimate(pair.percent_agreement),
                "cohen_kappa": estimate(pair.cohen_kappa),
            }
            for pair in measured.pairs
        ],
        "trend": _trend(measured.cuts.get(WINDOW, {}), bounds),
        "consensus": _consensus(consensus),
        "reliability": _reliability(measured, consensus),
    }


def estimate(value: Estimate) -> dict[str, Any]:
    """An estimate as it stands in reports."""
    return dataclasses.asdict(value)


def _trend(cuts: Mapping[str, CutAgreement], bounds: Bounds) -> list[dict[str, Any]]:
    """The windows with a task that two people answered, in the order of time."""
    found = sorted((int(place), cut) for place, cut in cuts.items() if cut.percent_agreement.n)
    return [
        {
            "from": bounds[place][0],
            "to": bounds[place][1],
            "tasks": cut.percent_agreement.n,
            "percent_agreement": estimate(cut.percent_agreement),
            "krippendorff_alpha": estimate(cut.krippendorff_alpha),
        }
        for place, cut in found
    ]


def _consensus(found: ControlConsensus) -> dict[str, Any]:
    answered = [task for task in found.tasks if task.annotations]
    return {
        "method": found.method,
        "reason": found.reason,
        "tasks": len(answered),
        "ties": sum(task.tie for task in answered),
        "mean_confidence": float(np.mean([task.confidence for task in answered])) if answered else None,
    }


def _reliability(measured: Measured, consensus: ControlConsensus) -> list[dict[str, Any]]:
    quality = {one.annotator: one.quality for one in consensus.annotators}
    return [
        {
            "annotator": one.annotator,
            "quality": quality.get(one.annotator),
            "annotations": one.annotations,
            "agreement": one.agreement.value,
        }
        for one in measured.per_annotator
    ]
