"""How many tasks are labeled before the next model: so many are chosen together, the others wait for it. Pure."""

from collections.abc import Sequence

import numpy as np

LEAST, MOST = 20, 2000
"""Bounds of a batch: a new model for a handful of answers is noise, and nobody waits for more than so many."""
PAUSE = 30 * 60.0
"""Seconds without an answer after which nobody is at work."""
LOOKED_AT = 500
"""The latest answers tell the present speed."""


def batch_size(
    answers_per_hour: float, seconds: float, *, answers_per_task: float = 1.0, accuracy: float = 1.0, labels: int = 2
) -> int:
    """How many tasks get a label until the pool is ordered anew, in [LEAST, MOST].

    ``seconds`` pass from one order to the next: waiting, learning, scoring. Quick annotators need a longer batch, and a
    task that several answer counts once. The less an answer tells (``information``), the more of them it takes until
    another model is worth making: the bound below is ``LEAST`` sure labels.

    >>> batch_size(600, 60), batch_size(6000, 120), batch_size(6000, 120, answers_per_task=2)
    (20, 200, 100)
    >>> batch_size(600, 60, accuracy=0.8)
    72
    """
    told = max(information(accuracy, labels), LEAST / MOST)
    tasks = answers_per_hour * seconds / 3600 / max(answers_per_task, 1.0)
    return int(np.clip(np.ceil(max(tasks, LEAST / told)), LEAST, MOST))


def information(accuracy: float, labels: int) -> float:
    """What an answer of annotators with that accuracy tells of the truth, as a share of what a sure one tells: [0, 1].

    The capacity of a symmetric channel over its largest value log(labels): errors fall on all other labels alike
    (Shannon 1948). 0 at chance, 1 - accuracy = (labels - 1) / labels, and below it.

    >>> information(1.0, 2), round(information(0.9, 2), 3), information(0.5, 2), round(information(0.9, 10), 3)
    (1.0, 0.531, 0.0, 0.763)
    """
    if labels < 2 or accuracy <= 1 / labels:
        return 0.0
    wrong = 1 - min(accuracy, 1.0)
    lost = sum(-share * np.log(share) for share in (accuracy, wrong) if 0 < share < 1) + wrong * np.log(labels - 1)
    return float(1 - lost / np.log(labels))


def answers_per_hour(times: Sequence[float]) -> float:
    """How quickly people answer while they are at work: of the latest answers' ``times`` in seconds, in any order.

    Pauses longer than ``PAUSE`` do not count. Undefined with fewer than two answers, or none close to another: 0.

    >>> answers_per_hour([0, 36, 72, 90_000, 90_036, 90_072])
    100.0
    """
    latest = np.sort(np.asarray(times, dtype=np.float64))[-LOOKED_AT:]
    between = np.diff(latest)
    worked = between[between <= PAUSE]
    total = float(worked.sum())
    return 3600 * len(worked) / total if total > 0 else 0.0
