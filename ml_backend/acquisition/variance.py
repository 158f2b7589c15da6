"""Schein and Ungar 2007: what makes the model surest of the whole pool, not only of itself."""

from dataclasses import dataclass

import numpy as np

from ..likeness import likeness
from ..records import Features, FloatArray, IntArray
from .diverse import redundancy
from .pool import Pool, by_worth, dense, then_by_worth

WIDTH = 64
"""The main directions of the pool that the variance is taken along; the others are noise to it."""
SAMPLE, SEEN = 20_000, 2000
"""Tasks that are chosen among, of a larger pool drawn at random; and those that its main directions come from."""
PRIOR = 0.1
"""How sure the model is of each direction before any label: rows have length 1."""
FEWEST, MOST = 500, 2000
"""Ten times the batch is looked at again after each choice, within these bounds; the others were worth less at once."""
TOGETHER = 500
"""So many are chosen together at most: the work is this times those that are looked at."""


def variance(pool: Pool, rng: np.random.Generator, batch: int) -> IntArray:
    """Always the task whose label would lower most the variance of what the model says of the pool.

    The model is taken as a logistic regression on the main directions of the rows, with the worth w of a task (its
    margin) in the place of p (1 - p): it counts that much as a label, S = (PRIOR + sum of w x x' over labels) inverted,
    and its own variance that much in the pool, G = mean of w x x'. A task lowers the sum by w x'SGSx / (1 + w x'Sx)
    (A-optimality), and what is like it is worth less afterwards; a near-duplicate is put off as by ``diverse``.
    Doubtful tasks that many others are like come first, odd ones late. Without rows: by worth.
    """
    worth = pool.worth
    if not pool.has_features or not len(pool):
        return by_worth(worth)
    count = len(pool)
    drawn = np.sort(rng.choice(count, SAMPLE, replace=False)) if count > SAMPLE else np.arange(count)
    features = pool.features[drawn]
    rows, known = _narrowed(features, pool.known, rng)
    weight = np.maximum(worth[drawn], _LEAST)
    spread = np.linalg.inv(PRIOR * np.eye(rows.shape[1]) + weight.mean() * known.T @ known)
    pooled = (rows * weight[:, None]).T @ rows / len(rows)
    along = rows @ spread
    first = by_worth(_gain(along, along @ pooled, rows, weight))[: min(max(10 * batch, FEWEST), MOST)]
    candidates = _Candidates(rows[first], along[first], weight[first], features[first])
    return then_by_worth(drawn[first[_greedy(candidates, pooled, min(batch, TOGETHER))]], worth)


_LEAST = 1e-3


def _gain(along: FloatArray, seen: FloatArray, rows: FloatArray, weight: FloatArray) -> FloatArray:
    """How much each row's label lowers the variance over the pool: ``along`` are rows x S, ``seen`` those x G."""
    lowered = weight * np.einsum("ij,ij->i", seen, along)
    return np.asarray(lowered / (1 + weight * np.einsum("ij,ij->i", along, rows)))


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Tasks that are looked at after each choice: rows along the main directions, times S, weights, the whole rows."""

    rows: FloatArray
    along: FloatArray
    weight: FloatArray
    features: Features


def _greedy(tasks: _Candidates, pooled: FloatArray, batch: int) -> IntArray:
    """The candidates in the order of choice: each one lowers S by a product of one row (Sherman and Morrison 1950)."""
    rows, along, weight = tasks.rows, tasks.along, tasks.weight
    seen = along @ pooled
    fresh: FloatArray = np.ones(len(rows))
    open_ = np.ones(len(rows), dtype=bool)
    chosen = np.empty(min(batch, len(rows)), dtype=np.int64)
    for place in range(len(chosen)):
        # What is chosen already is out of question, also among tasks of which nothing is known: all gains are 0 there.
        best = int(np.argmax(np.where(open_, _gain(along, seen, rows, weight) * fresh, -np.inf)))
        chosen[place] = best
        open_[best] = False
        fresh = np.minimum(fresh, 1 - redundancy(likeness(tasks.features, tasks.features[[best]])[:, 0]))
        step = along[best].copy()
        share = weight[best] / (1 + weight[best] * float(step @ rows[best]))
        moved = share * (rows @ step)
        along = along - np.outer(moved, step)
        seen = seen - np.outer(moved, step @ pooled)
    return chosen


def _narrowed(rows: Features, known: Features, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Both along the main directions of the rows, ``WIDTH`` of them at most."""
    from sklearn.utils.extmath import randomized_svd  # slow to import, and --help needs none of it

    columns = rows.shape[1]
    if columns > WIDTH:
        some = np.sort(rng.permutation(rows.shape[0])[:SEEN])
        width = min(WIDTH, len(some))
        found = randomized_svd(rows[some], width, n_iter=2, random_state=int(rng.integers(2**31)))[2]
        rows, known = rows @ found.T, None if known is None else known @ found.T
        columns = width
    return dense(rows), np.zeros((0, columns)) if known is None else dense(known)
