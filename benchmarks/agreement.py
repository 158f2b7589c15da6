"""Alpha, its bootstrap and the kappas of all pairs, on arrays, beside krippendorff and scikit-learn: cpu time.

All start from the same arrays (task, annotator, code), in no order; what a library makes of them first is its time.
krippendorff is run in an environment of its own. Loops of others are timed on a part and scaled.
"""

import resource
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from sync.quality.agreement import alpha_of_codes, kappa_matrix
from sync.quality.records import IntArray

from . import alpha_oracles
from .others import cpu, run_beside

Columns = tuple[IntArray, IntArray, IntArray]
T = TypeVar("T")

CASES = {"3 answers a task, 5 labels": (3, 5), "20 answers a task, 10 labels": (20, 10)}
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)


def run(*, quick: bool) -> None:
    """Print our seconds and, but for ``quick``, how many times longer the others take."""
    n = 30_000 if quick else 1_000_000
    for name, (size, labels) in CASES.items():
        columns = answers(n, size, labels, people=300)
        print(f"   {len(columns[0]):,} answers of 300 annotators, {name}")
        _alpha(columns, beside=not quick)
    _kappas(answers(n, 3, 5, people=300), 20 if quick else 300)
    _curve(SIZES[:2] if quick else SIZES)


def answers(n: int, size: int, labels: int, people: int) -> Columns:
    """About n answers, ``size`` to each task by as many people drawn at random, 7 of 10 the truth; shuffled."""
    rng = np.random.default_rng(1)
    tasks = n // size
    steps = rng.integers(1, people // size, size=(tasks, size)).cumsum(axis=1)  # nobody twice on a task
    person = (rng.integers(people, size=(tasks, 1)) + steps) % people
    truth, other = rng.integers(labels, size=(tasks, 1)), rng.integers(labels, size=(tasks, size))
    code = np.where(rng.random((tasks, size)) < 0.7, truth, other)
    order = rng.permutation(tasks * size)
    return np.repeat(np.arange(tasks), size)[order], person.ravel()[order], code.ravel()[order]


def _alpha(columns: Columns, *, beside: bool) -> None:
    task, person, code = columns
    point, value = cpu(lambda: alpha_of_codes(task, code).value, times=5)
    boot, _ = cpu(lambda: alpha_of_codes(task, code, rng=np.random.default_rng(0), bootstrap=1000))
    memory = extra(lambda: alpha_of_codes(task, code))
    print(f"   alpha                            {point:8.3f} s  {value:.4f}  {memory:.0f} MB extra")
    print(f"   alpha with 1,000 resamples       {boot:8.3f} s")
    if not beside:
        return
    others = run_beside(alpha_oracles.__file__, alpha_oracles.REQUIREMENTS, task=task, annotator=person, code=code)
    for name, (seconds, theirs) in (others or {}).items():
        print(f"   krippendorff, {name:18} {seconds:8.3f} s  {theirs:.4f}  x {seconds / point:.1f}", end="")
        print(f"  x {1000 * seconds / boot:,.0f} for 1,000 calls (one measured)")


def _kappas(columns: Columns, sample: int) -> None:
    task, person, code = columns
    ours, found = cpu(lambda: kappa_matrix(task, person, code), times=3)
    pairs = np.argwhere(np.triu(found.tasks, 1))
    chosen = np.random.default_rng(0).permutation(pairs)[:sample]
    prepared, wide = cpu(lambda: _wide(task, person, code))
    _one_kappa(wide, *chosen[0].tolist())  # importing it is not counted
    loop, kappas = cpu(lambda: [_one_kappa(wide, one, other) for one, other in chosen.tolist()])
    theirs = prepared + loop / len(chosen) * len(pairs)
    wrong = np.nanmax(np.abs(found.kappa[chosen[:, 0], chosen[:, 1]] - np.array(kappas)))
    print(f"   kappas of {len(pairs):,} pairs            {ours:8.3f} s")
    print(
        f"   scikit-learn, pair by pair       {theirs:8.1f} s  x {theirs / ours:,.0f}"
        f"  (scaled from {len(chosen)} pairs; largest difference {wrong:.0e})"
    )


def _wide(task: IntArray, person: IntArray, code: IntArray) -> IntArray:
    """(annotators, tasks), -1 where somebody did not answer."""
    found = np.full((int(person.max()) + 1, int(task.max()) + 1), -1)
    found[person, task] = code
    return found


def _one_kappa(wide: IntArray, one: int, other: int) -> float:
    from sklearn.metrics import cohen_kappa_score

    both = (wide[one] >= 0) & (wide[other] >= 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it is undefined it says so, and gives NaN
        return float(cohen_kappa_score(wide[one, both], wide[other, both]))


def _curve(sizes: tuple[int, ...]) -> None:
    """Seconds and memory of alpha as the answers grow: 5 a task, 10 labels, 1000 annotators."""
    for n in sizes:
        task, _, code = answers(n, 5, 10, people=1000)
        seconds, _ = cpu(partial(alpha_of_codes, task, code), times=3)
        memory = extra(partial(alpha_of_codes, task, code))
        print(f"   alpha of {n:>10,} answers       {seconds:8.3f} s  {memory:.0f} MB extra")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"   the whole process, its data included, had {most:,.0f} MB at most")


def extra(compute: Callable[[], Any]) -> float:
    """Megabytes that a computation has at most beside what was there."""
    tracemalloc.start()
    compute()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6
