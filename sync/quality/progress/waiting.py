"""What waits for a reviewer: how much, since when, and how much of it longer than it may."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..records import IntArray
from .work import DAY


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a band: ``number`` of it, the ``oldest`` since then and half of it since ``median``.

    Times are microseconds since 1970, null where nothing waits. ``late`` wait longer than ``limit`` days; both are
    null for a band that may wait for any time.
    """

    band: int
    number: int
    oldest: int | None
    median: int | None
    limit: float | None
    late: int | None


def waiting(band: IntArray, since: IntArray, limits: Mapping[int, float], now: int) -> tuple[Waiting, ...]:
    """Count what waits by band; ``limits`` are the days that those of a band may wait.

    >>> waiting(np.array([1, 1]), np.array([0, 2 * DAY]), {1: 2.0}, 3 * DAY)[0]
    Waiting(band=1, number=2, oldest=0, median=86400000000, limit=2.0, late=1)
    """
    return tuple(_one(number, since[band == number], limits.get(number), now) for number in (1, 2, 3))


def _one(band: int, since: IntArray, limit: float | None, now: int) -> Waiting:
    oldest = int(since.min()) if len(since) else None
    median = int(np.median(since)) if len(since) else None
    late = None if limit is None else int(np.count_nonzero(since < now - int(limit * DAY)))
    return Waiting(band, len(since), oldest, median, limit, late)
