"""How each two annotators agree: percent agreement and Cohen's kappa on the tasks that both answered."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..intervals import NO_RESAMPLES, estimate
from ..records import CodedAnswers, Estimate, FloatArray, IntArray, PairAgreement
from .spread import Pairs
from .undefined import NO_KAPPA

PAIR_RESAMPLES = 200
"""Resamples for the interval of a pair of annotators, at most: there are many pairs, and few tasks behind each."""
INTERVALS = 500
"""Intervals are computed for this many pairs, those with the most common tasks; more would be read by nobody."""
MANY_PAIRS = f"no interval: not among the {INTERVALS} pairs with the most common tasks"
FEW_COMMON = "no interval: fewer than 2 common tasks"
SAME_LABEL = "both gave one and the same answer throughout: kappa is undefined"

_ZERO = 1e-12
"""An expected distance below this is none: what is left of it is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """The contingency tables of all pairs, cell by cell, the cells of a pair together.

    ``pairs`` are (pairs, 2) annotators, ``starts`` the first cell of each. A cell is what the first answered
    (``left``), what the second answered (``right``), and on how many tasks (``counts``).
    """

    pairs: IntArray
    starts: IntArray
    left: IntArray
    right: IntArray
    counts: FloatArray


def pair_agreements(
    coded: CodedAnswers, distances: FloatArray, rng: np.random.Generator, bootstrap: int, confidence: float
) -> tuple[PairAgreement, ...]:
    """Each pair of annotators with common tasks, in the order of their ids.

    Kappa is Cohen's (1960) for nominal distances and his weighted kappa (1968) with any other; null where both gave
    one and the same answer throughout. Intervals are percentiles of a bootstrap over the common tasks.
    """
    tables = _tables(coded)
    if not len(tables.pairs):
        return ()
    tasks = np.add.reduceat(tables.counts, tables.starts).astype(np.int64)
    percents, kappas = _values(tables, tasks, distances)
    chosen = set(np.argsort(-tasks, kind="stable")[:INTERVALS].tolist())
    ends = [*tables.starts[1:].tolist(), len(tables.counts)]
    found = []
    for place, (start, end, n) in enumerate(zip(tables.starts.tolist(), ends, tasks.tolist(), strict=True)):
        percent_draws = kappa_draws = None
        without = MANY_PAIRS if place not in chosen else FEW_COMMON if n < 2 else NO_RESAMPLES
        if place in chosen and n >= 2 and bootstrap >= 1:
            percent_draws, kappa_draws = _resampled(tables, slice(start, end), distances, rng, bootstrap)
        first, second = tables.pairs[place].tolist()
        found.append(
            PairAgreement(
                (coded.annotators[first], coded.annotators[second]),
                n,
                estimate(float(percents[place]), percent_draws, n, confidence, undefined="", without=without),
                estimate(float(kappas[place]), kappa_draws, n, confidence, undefined=SAME_LABEL, without=without),
            )
        )
    return tuple(found)


def _tables(coded: CodedAnswers) -> _Tables:
    """Count every two answers to one task.

    In the order of task and annotator, two answers to one task stand ``step`` rows apart, for each step below the
    number of the task's answers.
    """
    people, kinds = max(1, len(coded.annotators)), max(1, len(coded.answers))
    if (people * kinds) ** 2 >= 2**63:
        raise ValueError(f"{people} annotators with {kinds} different answers are too many to compare in pairs")
    order = np.lexsort((coded.annotator, coded.task))
    task, person, answer = coded.task[order], coded.annotator[order], coded.answer[order]
    size = np.bincount(task, minlength=len(coded.tasks))[task]
    place = np.arange(len(task)) - np.searchsorted(task, task)
    keys: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    counts: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    for step in range(1, int(size.max(initial=1))):
        here = np.flatnonzero(place + step < size)
        pair = person[here] * people + person[here + step]
        key, count = np.unique((pair * kinds + answer[here]) * kinds + answer[here + step], return_counts=True)
        keys.append(key)
        counts.append(count)
    cells, cell = np.unique(np.concatenate(keys), return_inverse=True)
    pairs, starts = np.unique(cells // kinds**2, return_index=True)
    return _Tables(
        pairs=np.stack([pairs // people, pairs % people], axis=1),
        starts=starts,
        left=cells // kinds % kinds,
        right=cells % kinds,
        counts=np.bincount(cell, np.concatenate(counts), len(cells)).astype(np.float64),
    )


def _values(tables: _Tables, tasks: IntArray, distances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Percent agreement and kappa of each pair; kappa is NaN where nothing is expected to differ."""
    apart = np.add.reduceat(tables.counts * distances[tables.left, tables.right], tables.starts)
    pair = np.searchsorted(tables.starts, np.arange(len(tables.counts)), side="right") - 1
    shape = (len(tasks), len(distances))
    left = sparse.csr_array((tables.counts, (pair, tables.left)), shape=shape)
    right = sparse.csr_array((tables.counts, (pair, tables.right)), shape=shape)
    expected = np.zeros(len(tasks))
    for at in range(0, len(tasks), 10_000):
        here = slice(at, at + 10_000)
        expected[here] = right[here].multiply(left[here] @ distances).sum(axis=1)
    return 1.0 - apart / tasks, _kappa(apart, expected / tasks)


def _kappa(apart: FloatArray, expected: FloatArray) -> FloatArray:
    found: FloatArray = 1.0 - np.divide(apart, expected, out=np.full(len(apart), np.nan), where=expected > _ZERO)
    return found


def _resampled(
    tables: _Tables, cells: slice, distances: FloatArray, rng: np.random.Generator, bootstrap: int
) -> tuple[FloatArray, FloatArray]:
    """Percent agreement and kappa of one pair in each resample of its common tasks."""
    counts = tables.counts[cells]
    n = counts.sum()
    weights = rng.multinomial(int(n), counts / n, size=bootstrap).astype(np.float64)
    rows, row = np.unique(tables.left[cells], return_inverse=True)
    columns, column = np.unique(tables.right[cells], return_inverse=True)
    left, right = weights @ np.eye(len(rows))[row], weights @ np.eye(len(columns))[column]
    apart = weights @ distances[tables.left[cells], tables.right[cells]]
    expected = ((left @ distances[np.ix_(rows, columns)]) * right).sum(axis=1) / n
    return 1.0 - apart / n, _kappa(apart, expected)


def apart_agreements(
    coded: CodedAnswers, within: Pairs, rng: np.random.Generator, bootstrap: int, confidence: float
) -> tuple[PairAgreement, ...]:
    """The same of answers that are no categories, from the distances within tasks: there is no kappa."""
    people = max(1, len(coded.annotators))
    ends = np.sort(np.stack([coded.annotator[within.left], coded.annotator[within.right]]), axis=0)
    order = np.argsort(ends[0] * people + ends[1], kind="stable")
    pairs, starts, tasks = np.unique((ends[0] * people + ends[1])[order], return_index=True, return_counts=True)
    apart = within.apart[order]
    chosen = set(np.argsort(-tasks, kind="stable")[:INTERVALS].tolist())
    found = []
    for place, (start, n) in enumerate(zip(starts.tolist(), tasks.tolist(), strict=True)):
        here, draws = 1.0 - apart[start : start + n], None
        without = MANY_PAIRS if place not in chosen else FEW_COMMON if n < 2 else NO_RESAMPLES
        if place in chosen and n >= 2 and bootstrap >= 1:
            draws = np.array([here[rng.integers(n, size=n)].mean() for _ in range(bootstrap)])
        first, second = divmod(int(pairs[place]), people)
        found.append(
            PairAgreement(
                (coded.annotators[first], coded.annotators[second]),
                n,
                estimate(float(here.mean()), draws, n, confidence, undefined="", without=without),
                Estimate(None, n=n, reason=NO_KAPPA),
            )
        )
    return tuple(found)
