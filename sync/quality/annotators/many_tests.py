"""Many tests at once: p-values that keep the chance of any false alarm."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import FloatArray
from .profile import SpamSignal


@dataclass(frozen=True, slots=True)
class Tested:
    """How many annotators or pairs were tested for a signal, and the signals of those (positions) that may have it."""

    tests: int
    signals: Sequence[tuple[tuple[int, ...], SpamSignal]]


def holm(p: FloatArray) -> FloatArray:
    """Adjusted p-values in [0, 1], same shape: reject those up to 0.05, and any false one comes in 5 % at most.

    Source: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

    >>> holm(np.array([0.01, 0.04, 0.03, 0.005])).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    found = np.empty(len(p))
    found[order] = np.minimum(scaled, 1.0)
    return found
