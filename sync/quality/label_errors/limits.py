"""From where on a distance is more than the usual one."""

import numpy as np

from ..records import FloatArray

SPREADS = 5.0
"""How many robust standard deviations above the median are still usual."""


FEW = 8
"""Fewer distances show nothing."""


def limit(distances: FloatArray, least: float = 0.0, otherwise: float = 0.3) -> float:
    """The largest usual distance: the median and ``SPREADS`` robust standard deviations; at least ``least``.

    Most answers are right, so most distances are those of two right answers; few far ones move neither the median nor
    the median deviation. ``otherwise``, or ``least`` if that is more, where there are only a few distances.

    >>> round(limit(np.array([0.0, 0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.9])), 4), limit(np.array([0.0, 1.0]), 0.05)
    (0.9413, 0.3)
    """
    if len(distances) < FEW:
        return max(least, otherwise)
    middle = float(np.median(distances))
    deviation = float(np.median(np.abs(distances - middle)))
    return max(least, middle + SPREADS * 1.4826 * deviation)
