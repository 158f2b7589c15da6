"""Whether annotators agree as they did before: a trend, and a point from which on they agree otherwise."""

from collections.abc import Mapping

import numpy as np

from ..records import BoolArray, FloatArray, IntArray
from .drifts import Drift

FEWEST = 20
"""Tasks that a test needs."""
MOST = 3000
"""Tasks whose order is tried; of more, so many are drawn."""
_BLOCK = 2_000_000


def agreement_drift(
    control: str, agreement: Mapping[int, float], times: Mapping[int, int], rng: np.random.Generator, draws: int = 1999
) -> list[Drift]:
    """A test for a trend and one for a change, on the agreement of each task that two or more answered.

    ``agreement`` maps tasks to values in [0, 1], ``times`` to when they were answered (0 unknown: left out). The trend
    is Kendall's tau-b of agreement and time (Mann 1945). The change is the largest standardised difference of means
    before and after any point that leaves a tenth on each side (CUSUM; Page 1954), against the same maximum in
    ``draws`` permutations: one test, however many points are looked at. Fewer than 20 tasks, or agreement or time that
    never varies: no test, and why.
    """
    known = sorted((times[task], task) for task in agreement if times.get(task, 0) > 0)
    at = np.array([time for time, _ in known], dtype=np.int64)
    values = np.array([agreement[task] for _, task in known], dtype=np.float64)
    if len(known) < FEWEST:
        return [_undefined(control, at, f"Only {len(known)} tasks have a time and two answers; {FEWEST} are needed.")]
    if np.ptp(at) == 0 or np.ptp(values) == 0:
        return [_undefined(control, at, f"Agreement, or the time, is the same on all {len(known)} tasks.")]
    return [_trend(control, at, values), _change(control, at, values, rng, draws)]


def _undefined(control: str, at: IntArray, why: str) -> Drift:
    first, last = (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)
    return Drift("agreement_change", control, "", first, last, 0, len(at), why)


def _trend(control: str, at: IntArray, values: FloatArray) -> Drift:
    from scipy import stats  # half a second that most runs need not wait for

    tau, p = stats.kendalltau(at, values)
    way = "rises" if tau > 0 else "falls"
    words = f"Agreement {way} with time: Kendall's tau is {tau:.2f} over {len(at)} tasks."
    first, last = int(at[0]), int(at[-1]) + 1
    tau, p = float(tau), float(p)
    return Drift("agreement_trend", control, "", first, last, 0, len(at), words, tau, p, None, tau, "Kendall's tau")


def _change(control: str, at: IntArray, values: FloatArray, rng: np.random.Generator, draws: int) -> Drift:
    if len(values) > MOST:
        kept = np.sort(rng.permutation(len(values))[:MOST])
        at, values = at[kept], values[kept]
    n = len(values)
    splits = np.arange(1, n)
    allowed = (at[1:] > at[:-1]) & (splits >= n / 10) & (splits <= n - n / 10)
    if not allowed.any():
        return _undefined(control, at, "All points in time leave less than a tenth of the tasks on one side.")
    observed = _standardised(values[None], allowed)[0]
    cut = int(np.flatnonzero(allowed)[np.argmax(observed)]) + 1
    reached, done = 0, 0
    while done < draws:
        some = min(draws - done, max(1, _BLOCK // n))
        shuffled = rng.permuted(np.tile(values, (some, 1)), axis=1)
        reached += int((_standardised(shuffled, allowed).max(axis=1) >= observed.max() * (1 - 1e-9)).sum())
        done += some
    old, new = float(values[:cut].mean()), float(values[cut:].mean())
    words = f"The mean agreement went from {old:.2f} on {cut} tasks to {new:.2f} on {n - cut}."
    return Drift(
        name="agreement_change",
        control=control,
        what="",
        at=int(at[cut]),
        until=int(at[-1]) + 1,
        before=cut,
        after=n - cut,
        words=words,
        statistic=float(observed.max()),
        p=(1 + reached) / (1 + draws),
        effect=new - old,
        effect_name="difference of means",
    )


def _standardised(values: FloatArray, allowed: BoolArray) -> FloatArray:
    """|mean after - mean before| over its standard error under no change, at each allowed point: (draws, points)."""
    n = values.shape[1]
    before = np.arange(1, n)[allowed]
    sums = np.cumsum(values - values.mean(axis=1, keepdims=True), axis=1)[:, :-1][:, allowed]
    spread = values[0].std()
    found: FloatArray = np.abs(sums) / (spread * np.sqrt(before * (n - before) / n))
    return found
