"""When a project will be done, as its recent days go on: by resampling them, weekday by weekday."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import FloatArray, IntArray

RECENT = 42
"""Days that the pace is taken from: each weekday six times."""
FEWEST = 5
"""Days with work among them below which nothing is foretold."""
DRAWS = 1000
AHEAD = 1095
"""Days that are looked ahead."""
WEEK = 7
BAND = 0.8
"""How often the true day lies between ``low`` and ``high``, where the work goes on as before."""
OFTEN = 4
"""A weekday that was seen so often is drawn from its own days, another one from those of all weekdays like it."""
PART = 8 * WEEK
"""Days that are drawn together."""

DONE = "nothing is left to be done"
NO_WORK = "no answer that a task still wanted came in the last {} days"
FEW_DAYS = "fewer than {} working days"


@dataclass(frozen=True, slots=True)
class Forecast:
    """The day (since 1970) on which the last answer comes: the median, and the bounds of the band.

    ``pace`` is the mean number of answers a day, days without any among them. ``days`` are those with work that it is
    made of. ``low`` and ``day`` are null with a ``reason``; ``high`` alone is null where that lies too far away.
    """

    remaining: int
    days: int
    pace: float | None = None
    day: int | None = None
    low: int | None = None
    high: int | None = None
    reason: str | None = None


def forecast(first: int, done: Sequence[int] | IntArray, remaining: int, rng: np.random.Generator) -> Forecast:
    """Foretell when ``remaining`` more answers will be there.

    ``done[i]`` is how many came on the day ``first`` + i (days since 1970, UTC; 0 was a Thursday). The last one is
    today, which is not over yet: it says nothing of the pace. Days of one weekday are taken to be alike and
    independent; so nothing is known of holidays to come, and of people who begin or stop.
    """
    today = first + len(done) - 1
    past = np.asarray(done[:-1], dtype=np.float64)
    started = np.flatnonzero(past)
    past = past[max(int(started[0]) if len(started) else len(past), len(past) - RECENT) :]
    worked = int(np.count_nonzero(past))
    pace = float(past.mean()) if len(past) else None
    if remaining <= 0:
        return Forecast(0, worked, pace, reason=DONE)
    if worked < FEWEST:
        reason = NO_WORK.format(RECENT) if len(started) and not worked else FEW_DAYS.format(FEWEST)
        return Forecast(remaining, worked, pace, reason=reason)
    weekday = np.arange(today - len(past), today) % WEEK
    pools = _pools(past, weekday)
    length = _lengths(pools, _spread(past, weekday, pools, rng), today, float(done[-1]), remaining, rng)
    low, middle, high = np.quantile(length, [(1 - BAND) / 2, 0.5, (1 + BAND) / 2], method="inverted_cdf").tolist()
    if middle >= AHEAD:
        return Forecast(remaining, worked, pace, reason=f"at this pace it takes more than {AHEAD // 365} years")
    ends = today + int(middle), today + int(low), today + int(high) if high < AHEAD else None
    return Forecast(remaining, worked, pace, *ends, None if ends[2] is not None else "the later bound is years away")


def _pools(past: FloatArray, weekday: IntArray) -> list[FloatArray]:
    """The past days that each weekday is drawn from: its own, or those of all weekdays that (never) had work."""
    busy = np.array([bool(np.any(past[weekday == one])) or not np.any(weekday == one) for one in range(WEEK)])
    found = []
    for one in range(WEEK):
        own = past[weekday == one]
        found.append(own if len(own) >= OFTEN else past[busy[weekday] == busy[one]])
    return found


def _spread(past: FloatArray, weekday: IntArray, pools: Sequence[FloatArray], rng: np.random.Generator) -> FloatArray:
    """By how much the days of each draw spread more than those that were seen: (draws, 1).

    By the root of (1 + r) / (1 - r), r the correlation of one working day with the next: what good and bad weeks add
    to the spread of sums. And by that of f / chi-squared with f degrees of freedom, as in Student's t, for what so few
    days leave open of the spread.
    """
    mean = np.array([pool.mean() if len(pool) else 0.0 for pool in pools])
    rest = (past - mean[weekday])[mean[weekday] > 0]
    kinds = len({pool.tobytes() for pool in pools if np.any(pool)})
    freedom = max(2, len(rest) - kinds)
    square = float(rest @ rest)
    r = min(0.9, max(0.0, float(rest[1:] @ rest[:-1]) / square + 1 / len(rest))) if square > 0 else 0.0
    student = np.sqrt(freedom / rng.chisquare(freedom, size=(DRAWS, 1)))
    found: FloatArray = student * np.sqrt((1 + r) / (1 - r))
    return found


def _lengths(
    pools: Sequence[FloatArray],
    spread: FloatArray,
    today: int,
    already: float,
    remaining: int,
    rng: np.random.Generator,
) -> IntArray:
    """Days until the last answer, 0 today, AHEAD for more: one a draw.

    Each draw has pools of its own, resampled, for what so few days leave open of the pace; its days come from these.
    """
    own = [_resampled(pool, spread, rng) for pool in pools]
    length = np.full(DRAWS, AHEAD, dtype=np.int64)
    total: FloatArray = np.zeros(DRAWS)
    for start in range(0, AHEAD, PART):
        days = np.empty((DRAWS, PART))
        for place in range(PART):
            pool = own[(today + start + place) % WEEK]
            days[:, place] = pool[np.arange(DRAWS), rng.integers(pool.shape[1], size=DRAWS)]
        if start == 0:
            days[:, 0] = np.maximum(days[:, 0], already)
        sums = total[:, None] + np.cumsum(days, axis=1)
        reached = sums >= remaining + already
        here = reached.any(axis=1) & (length == AHEAD)
        length[here] = start + reached[here].argmax(axis=1)
        total = sums[:, -1]
        if np.all(length < AHEAD):
            break
    return length


def _resampled(pool: FloatArray, spread: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A resample of the pool for each draw, spread about the pool's mean: (draws, days).

    Resamples spread too little by the root of (n - 1) / n, which is put right (Davison and Hinkley 1997, section 2.3).
    """
    n = len(pool)
    if n == 0:
        return np.zeros((DRAWS, 1))
    mean = float(pool.mean())
    wider = spread * math.sqrt(n / (n - 1)) if n > 1 else spread
    found: FloatArray = mean + (pool[rng.integers(n, size=(DRAWS, n))] - mean) * wider
    return found
