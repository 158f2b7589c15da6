"""How fast people answer, by lead times that may be missing, zero, or hours of an open tab."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..records import BoolArray, CodedAnswers, Estimate, FloatArray
from .means import means, median
from .profile import Speed
from .reading import seconds_to_read

UNKNOWN = "no lead time is known"
NOBODY_ELSE = "no lead time of anybody else on the same tasks is known"
REACTION = 0.5
"""Seconds below which nobody has looked, decided and submitted."""
FAR = 3.0
"""Lead times are cut at so many robust standard deviations (of their logarithm) from the median of all."""


def known(lead_time: FloatArray | None, n: int) -> BoolArray:
    """True for the rows whose lead time is known and above 0."""
    if lead_time is None:
        return np.zeros(n, dtype=np.bool_)
    found: BoolArray = np.isfinite(lead_time) & (np.nan_to_num(lead_time) > 0)
    return found


def speeds(coded: CodedAnswers, lead_time: FloatArray | None, hasty: FloatArray) -> list[Speed]:
    """Everybody's speed; ``hasty`` as from ``too_fast``."""
    rows = np.flatnonzero(known(lead_time, len(coded.task)))
    people = len(coded.annotators)
    if lead_time is None or not len(rows):
        nothing = Estimate(None, n=0, reason=UNKNOWN)
        return [Speed(nothing, None, nothing, nothing) for _ in range(people)]
    seconds = lead_time[rows]
    relative = np.full(len(coded.task), np.nan)
    relative[rows] = against_others(coded, lead_time)[rows]
    fast = means(coded.annotator[rows], hasty[rows], people, UNKNOWN)
    order = np.argsort(coded.annotator[rows], kind="stable")
    ends = np.searchsorted(coded.annotator[rows][order], np.arange(people + 1))
    return [
        _speed(seconds[order[start:end]], relative[rows[order[start:end]]], fast[person])
        for person, (start, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    ]


def _speed(seconds: FloatArray, relative: FloatArray, fast: Estimate) -> Speed:
    quartiles = np.quantile(seconds, [0.25, 0.75]).tolist() if len(seconds) else None
    logs = median(relative[~np.isnan(relative)], NOBODY_ELSE)
    value, low, high = (None if one is None else float(np.exp(one)) for one in (logs.value, logs.low, logs.high))
    ratio = Estimate(value, low, high, logs.n, logs.reason)
    return Speed(median(seconds, UNKNOWN), (quartiles[0], quartiles[1]) if quartiles else None, ratio, fast)


def logarithms(lead_time: FloatArray) -> FloatArray:
    """Logarithms of lead times, those far from the others cut; NaN where unknown."""
    found = np.full(len(lead_time), np.nan)
    rows = known(lead_time, len(lead_time))
    logs = np.log(lead_time[rows])
    if len(logs):
        middle = np.median(logs)
        spread = 1.4826 * np.median(np.abs(logs - middle))
        logs = np.clip(logs, middle - FAR * spread, middle + FAR * spread) if spread > 0 else logs
    found[rows] = logs
    return found


def against_others(coded: CodedAnswers, lead_time: FloatArray) -> FloatArray:
    """Each row's logarithm less the mean one of the others on the task; NaN where one of them is unknown."""
    logs = logarithms(lead_time)
    rows = np.flatnonzero(~np.isnan(logs))
    task = coded.task[rows]
    n = np.bincount(task, minlength=len(coded.tasks))[task] - 1
    sums = np.bincount(task, logs[rows], len(coded.tasks))[task] - logs[rows]
    found = np.full(len(logs), np.nan)
    found[rows] = np.where(n > 0, logs[rows] - sums / np.maximum(n, 1), np.nan)
    return found


def too_fast(coded: CodedAnswers, lead_time: FloatArray | None, data: Mapping[int, Mapping[str, Any]]) -> FloatArray:
    """1 for answers that came faster than the task can be read, or than anybody reacts, else 0; NaN where unknown.

    ``data`` maps tasks to what they show.
    """
    if lead_time is None:
        return np.full(len(coded.task), np.nan)
    least = np.full(len(coded.tasks), REACTION)
    if data:
        read = [seconds_to_read(data[task]) if task in data else 0.0 for task in coded.tasks]
        least = np.maximum(least, np.array(read))
    there = known(lead_time, len(coded.task))
    found: FloatArray = np.where(there, np.nan_to_num(lead_time) < least[coded.task], np.nan)
    return found
