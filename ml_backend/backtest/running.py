"""Every strategy over every seed, on as many processes as there are processors."""

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from .replay import Curve, Labeled, Plan, full_accuracy, replay

_FULL = ""
"""Instead of a strategy: the model of all rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """What a backtest gives: the curves of each strategy, a seed after the other, and its cpu seconds."""

    data: Labeled
    plan: Plan
    full_accuracy: float
    curves: Mapping[str, Sequence[Curve]]
    seconds: Mapping[str, float]


def backtest(
    data: Labeled,
    strategies: Sequence[str],
    seeds: int,
    plan: Plan,
    advance: Callable[[int], None] = lambda _: None,
    processes: int | None = None,
) -> Backtest:
    """Replay ``data`` by each of the ``strategies`` with seeds 0..seeds-1; ``advance`` hears of each run that ended."""
    jobs = [(_FULL, 0), *((name, seed) for seed in range(seeds) for name in strategies)]
    found: dict[tuple[str, int], tuple[Curve | float, float]] = {}
    workers = min(len(jobs), processes or os.cpu_count() or 1)
    if workers == 1:
        _prepare(data, plan)
        for job in jobs:
            found[job] = _run(*job)
            advance(1)
    else:
        with ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_prepare, initargs=(data, plan)
        ) as pool:
            waiting: dict[Future[tuple[Curve | float, float]], tuple[str, int]] = {
                pool.submit(_run, *job): job for job in jobs
            }
            for done in as_completed(waiting):
                found[waiting[done]] = done.result()
                advance(1)
    full = found.pop((_FULL, 0))[0]
    curves = {name: [found[name, seed][0] for seed in range(seeds)] for name in strategies}
    seconds = {name: sum(found[name, seed][1] for seed in range(seeds)) for name in strategies}
    assert isinstance(full, float)
    return Backtest(
        data,
        plan,
        full,
        {name: [run for run in runs if isinstance(run, Curve)] for name, runs in curves.items()},
        seconds,
    )


_given: list[tuple[Labeled, Plan]] = []


def _prepare(data: Labeled, plan: Plan) -> None:
    """What all runs of a process share: it is sent once."""
    _given[:] = [(data, plan)]


def _run(strategy: str, seed: int) -> tuple[Curve | float, float]:
    data, plan = _given[0]
    began = time.process_time()
    with threadpool_limits(1):
        found = full_accuracy(data) if strategy == _FULL else replay(data, strategy, seed, plan)
    return found, time.process_time() - began
