"""The area that two outlines share, of many pairs at once, without building the shared outline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...records import FloatArray, IntArray

_BLOCK = 1 << 16
"""How many pairs of edges are worked on at once."""
_NOISE = 1e-13
"""What is less than this part of the box around both outlines is what rounding leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The edges of outlines that do not cross themselves, from left to right, upright ones left out.

    ``sign`` is 1 where the outline's inside is below (smaller y), -1 where it is above. ``start`` and ``count`` say
    which edges are whose, ``bounds`` has shape (outlines, 4): least x, least y, largest x, largest y.
    """

    x0: FloatArray
    x1: FloatArray
    y0: FloatArray
    slope: FloatArray
    sign: FloatArray
    start: IntArray
    count: IntArray
    bounds: FloatArray


def edges(corners: Sequence[FloatArray]) -> Edges:
    """The edges of outlines, each of shape (points, 2)."""
    sizes = np.array([len(points) for points in corners])
    first = np.cumsum(sizes) - sizes
    whose = np.repeat(np.arange(len(sizes)), sizes)
    here = np.concatenate(corners)
    following = np.arange(1, len(here) + 1)
    following[first + sizes - 1] = first
    there = here[following]
    across = there[:, 0] - here[:, 0]
    area = np.add.reduceat(across * (here[:, 1] + there[:, 1] - 2 * here[first[whose], 1]), first)
    kept = np.flatnonzero(across)
    low = np.where((across > 0)[kept, None], here[kept], there[kept])
    high = np.where((across > 0)[kept, None], there[kept], here[kept])
    count = np.bincount(whose[kept], minlength=len(sizes))
    bounds = np.column_stack((np.minimum.reduceat(here, first), np.maximum.reduceat(here, first)))
    slope = (high[:, 1] - low[:, 1]) / (high[:, 0] - low[:, 0])
    sign = np.sign(across[kept]) * np.sign(area)[whose[kept]]
    return Edges(low[:, 0], high[:, 0], low[:, 1], slope, sign, np.cumsum(count) - count, count, bounds)


def shared_area(outlines: Edges, left: IntArray, right: IntArray) -> FloatArray:
    """The area that two outlines share: shape (pairs,).

    At one x the inside of an outline is what is below its edges, each with its sign. So the shared area is the sum
    over pairs of edges, one of either outline, of both signs times the area below the lower one of the two, over the x
    that both are above: of two straight lines, which has a closed form.
    """
    work = outlines.count[left] * outlines.count[right]
    shared = np.zeros(len(left))
    for block in _blocks(work):
        shared[block] = _block(outlines, left[block], right[block], work[block])
    around = np.maximum(outlines.bounds[left, 2:], outlines.bounds[right, 2:]) - np.minimum(
        outlines.bounds[left, :2], outlines.bounds[right, :2]
    )
    return np.where(shared > _NOISE * around[:, 0] * around[:, 1], shared, 0.0)


def _blocks(work: IntArray) -> Iterator[IntArray]:
    places = np.flatnonzero(work)
    yield from (block for block in np.split(places, np.flatnonzero(np.diff(np.cumsum(work[places]) // _BLOCK)) + 1))


def _block(outlines: Edges, left: IntArray, right: IntArray, work: IntArray) -> FloatArray:
    pair = np.repeat(np.arange(len(left)), work)
    number = np.arange(len(pair)) - np.repeat(np.cumsum(work) - work, work)
    row, column = np.divmod(number, np.repeat(outlines.count[right], work))
    one, other = row + outlines.start[left][pair], column + outlines.start[right][pair]
    low = np.maximum(outlines.x0[one], outlines.x0[other])
    high = np.minimum(outlines.x1[one], outlines.x1[other])
    common = np.flatnonzero(high > low)
    pair, one, other, low, high = pair[common], one[common], other[common], low[common], high[common]
    floor = np.maximum(outlines.bounds[left, 1], outlines.bounds[right, 1])[pair]
    ours, theirs = (_heights(outlines, edge, low, high, floor) for edge in (one, other))
    below = (high - low) * _lower(ours, theirs) * outlines.sign[one] * outlines.sign[other]
    return np.asarray(np.bincount(pair, weights=below, minlength=len(left)), np.float64)


def _heights(
    outlines: Edges, edge: IntArray, low: FloatArray, high: FloatArray, floor: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """How high an edge is at both ends; over any floor, because the signs of an outline's edges cancel it."""
    y, x, slope = outlines.y0[edge] - floor, outlines.x0[edge], outlines.slope[edge]
    return y + (low - x) * slope, y + (high - x) * slope


def _lower(ours: tuple[FloatArray, FloatArray], theirs: tuple[FloatArray, FloatArray]) -> FloatArray:
    """The mean height of the lower one of two lines: half of (their sum - how far they are apart)."""
    before, after = ours[0] - theirs[0], ours[1] - theirs[1]
    apart = np.abs(before + after) / 2
    crossing = np.flatnonzero(before * after < 0)
    before, after = np.abs(before[crossing]), np.abs(after[crossing])
    apart[crossing] = (before * before + after * after) / (2 * (before + after))
    return np.asarray((ours[0] + ours[1] + theirs[0] + theirs[1]) / 4 - apart / 2, np.float64)
