"""Since when a series of windows of time stands higher or lower, and whether chance explains it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from ..records import FloatArray, IntArray

FEWEST = 6
"""Windows below which nothing is said: with fewer the order of their values decides nothing."""
EACH_SIDE = 2
"""Windows on either side of a change, at least."""
ENOUGH = 5
"""Tasks of a window below which it is left out."""
PERMUTATIONS = 2000
SURE = 0.05
"""A change is named that chance makes at most so often."""
FEW = f"fewer than {FEWEST} windows of time with {ENOUGH} tasks each"
CHANCE = "no change that chance does not explain"

Direction = Literal["falling", "rising", "steady"]


@dataclass(frozen=True, slots=True)
class Window:
    """A value, of ``tasks`` tasks, in the time from ``start`` on (microseconds)."""

    start: int
    value: float
    tasks: int


@dataclass(frozen=True, slots=True)
class Trend:
    """What became of a series: ``since`` when it is another one, and its weighted mean ``before`` and ``after``.

    ``low`` and ``high`` bound after - before at 95 %. ``p`` is how often chance makes a change as clear at any time.
    "steady" is what no change could be shown of, with the reason; ``direction`` is null where too little is known.
    ``n`` windows were compared.
    """

    direction: Direction | None
    n: int
    since: int | None = None
    before: float | None = None
    after: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    reason: str | None = None


def trend(windows: Sequence[Window], rng: np.random.Generator) -> Trend:
    """The last clear change of level among the windows, in the order of time.

    A window weighs as its number of tasks. Every place with two windows or more on either side is tried; what is
    largest is compared with the same of the windows in 2,000 random orders. So windows may differ by more than their
    tasks explain (other people, other material), but are taken to say nothing of the next one. What comes after a
    change is looked at again, p times two for each step down. The level may have changed at once or step by step:
    ``since`` is where it did most clearly.
    """
    used = sorted((one for one in windows if one.tasks >= ENOUGH), key=lambda one: one.start)
    if len(used) < FEWEST:
        return Trend(None, len(used), reason=FEW)
    found, p = None, 1.0
    start, factor = 0, 1
    while len(used) - start >= FEWEST:
        split, chance = _split(used[start:], rng)
        p = min(p, chance) if found is None else p
        if chance * factor > SURE:
            break
        found = _changed(used[start:], split, min(1.0, chance * factor), len(used))
        start, factor = start + split, 2 * factor
    return found or Trend("steady", len(used), p=p, reason=CHANCE)


def _split(used: Sequence[Window], rng: np.random.Generator) -> tuple[int, float]:
    """Before which window the level changes most clearly, and how often chance does as much."""
    value, weight = _columns(used)
    if np.ptp(value) == 0:
        return EACH_SIDE, 1.0
    clear = _clearness(value[None, :], weight[None, :])[0]
    order = rng.permuted(np.tile(np.arange(len(used)), (PERMUTATIONS, 1)), axis=1)
    as_clear = _clearness(value[order], weight[order]).max(axis=1) >= clear.max() * (1 - 1e-12)
    return int(clear.argmax()) + EACH_SIDE, float((1 + np.count_nonzero(as_clear)) / (1 + PERMUTATIONS))


def _changed(used: Sequence[Window], at: int, p: float, n: int) -> Trend:
    value, weight = _columns(used)
    before, after = (float(np.average(value[part], weights=weight[part])) for part in (slice(at), slice(at, None)))
    low, high = _bounds(value, weight, at)
    return Trend("rising" if after > before else "falling", n, used[at].start, before, after, low, high, p)


def _columns(used: Sequence[Window]) -> tuple[FloatArray, FloatArray]:
    return np.array([one.value for one in used]), np.array([one.tasks for one in used], dtype=np.float64)


def _clearness(value: FloatArray, weight: FloatArray) -> FloatArray:
    """What a change explains of the weighted squares, over the rest, at each place: (orders, places)."""
    weights, sums = np.cumsum(weight, axis=1), np.cumsum(weight * value, axis=1)
    whole, total = weights[:, -1:], sums[:, -1:]
    places = slice(EACH_SIDE - 1, value.shape[1] - EACH_SIDE)
    left, one = weights[:, places], sums[:, places]
    explained = one**2 / left + (total - one) ** 2 / (whole - left) - total**2 / whole
    squares = (weight * value**2).sum(axis=1, keepdims=True) - total**2 / whole
    found: FloatArray = explained / np.maximum(squares - explained, 1e-12)
    return found


def _bounds(value: FloatArray, weight: FloatArray, at: int) -> tuple[float, float]:
    """The difference of the weighted means, with the spread of the windows about them, by Student's t at 95 %."""
    sides: list[IntArray] = [np.arange(at), np.arange(at, len(value))]
    means = [float(np.average(value[side], weights=weight[side])) for side in sides]
    rest = sum(float(weight[side] @ (value[side] - mean) ** 2) for side, mean in zip(sides, means, strict=True))
    freedom = len(value) - 2
    error = np.sqrt(rest / freedom * sum(1 / weight[side].sum() for side in sides))
    reach = float(special.stdtrit(freedom, 0.975)) * float(error)
    return means[1] - means[0] - reach, means[1] - means[0] + reach
