"""The fixed point of an EM map in fewer steps: squared extrapolation (Varadhan and Roland 2008, SQUAREM)."""

from collections.abc import Callable

import numpy as np

from ..records import FloatArray

Step = Callable[[FloatArray], tuple[FloatArray, float]]
"""A point -> the next one, and the objective at the first."""

PLAIN = 4
"""So many steps are plain ones: the start is far from the fixed point, and leaps would end at another."""
LEAP = 4.0
"""The first bound on how many steps a leap stands for; it grows while leaps succeed."""
SLACK = 1e-4
"""A leap may lower the objective by this part of it: smoothing makes it a little less than what the map raises."""


def climb(
    step: Step,
    start: FloatArray,
    *,
    change: Callable[[FloatArray, FloatArray], float],
    project: Callable[[FloatArray], FloatArray],
    iterations: int,
    tolerance: float,
    accelerated: bool = True,
) -> FloatArray:
    """Repeat ``step`` until ``change`` between two points is below ``tolerance``, at most ``iterations`` times.

    Two steps say in which direction the map moves and how much slower each time; a leap goes there at once (their
    scheme S3), put back by ``project`` where points have bounds. It is taken unless the objective falls
    by more than ``SLACK``.

    >>> halves = lambda point: (0.9 * point, -float(point @ point))
    >>> far = lambda before, after: float(np.abs(after - before).max())
    >>> steps = []
    >>> counted = lambda point: steps.append(1) or halves(point)
    >>> end = climb(counted, np.ones(1), change=far, project=np.copy, iterations=999, tolerance=1e-9)
    >>> bool(abs(end[0]) < 1e-8), len(steps) < 30
    (True, True)
    """
    bound, taken = LEAP, 0
    while taken < iterations:
        one, _ = step(start)
        taken += 1
        if change(start, one) < tolerance or taken >= iterations:
            return one
        if not accelerated or taken < PLAIN:
            start = one
            continue
        two, reached = step(one)
        taken += 1
        if change(one, two) < tolerance or taken >= iterations:
            return two
        length = min(bound, _length(start, one, two))
        if length <= 1.0:
            start = two
            continue
        leap = project(start + 2 * length * (one - start) + length**2 * (two - 2 * one + start))
        three, value = step(leap)
        taken += 1
        better = value >= reached - SLACK * abs(reached)
        start = three if better else two
        if not better:
            bound = max(1.0, bound / 2)
        elif length >= bound:
            bound *= 4
    return start


def _length(start: FloatArray, one: FloatArray, two: FloatArray) -> float:
    """How many steps lie ahead, by how much the second was shorter than the first."""
    bend = float(np.linalg.norm(two - 2 * one + start))
    return float(np.linalg.norm(one - start)) / bend if bend > 0 else 1.0
