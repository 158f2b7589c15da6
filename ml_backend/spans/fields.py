"""Conditional random fields over what is seen of tokens: learned, several at once, and asked.

Learned by steps of Adam (Kingma and Ba 2015) down the weighted negative log-likelihood with decaying weights: several
fields of one data set (all of it, all but a fold) cost little more than one, and equal arguments give equal fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..records import Arrays, FloatArray, IntArray
from . import chain
from .features import COLUMNS, MEANING, NEIGHBOURS, Seen, column_of

FEWEST_EPOCHS, EPOCHS = 2, 6
TOKENS = 300_000
"""So many are gone through, in EPOCHS at most: with more texts than that each is seen less often."""
BATCHES = 32
LARGEST_BATCH = 3_000
FEWEST_STEPS = 120
LEARNING_RATE = 0.03
DECAY = 0.1
"""What each weight loses a step, times the learning rate."""

LEAST_TIMES = 2
"""A sign that is there once tells nothing of any other token; without those F1 is greater and learning quicker."""

MOST_WEIGHTS = 6_000_000
"""Of all fields together: with many labels the rarest columns have none."""

FORBIDDEN = -1e4
"""The score of a step that may not be; its exponential is 0."""

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fields:
    """h fields of l tags. ``signs`` (d, h l) of the ``known`` columns (d,), ``meaning`` (3 MEANING, h l), ``moves``
    (h, l, l); ``allowed`` (l, l) steps."""

    known: IntArray
    signs: Rows
    meaning: Rows
    moves: FloatArray
    allowed: NDArray[np.bool_]

    @property
    def heads(self) -> int:
        """h."""
        return len(self.moves)

    def scores(self, seen: Seen, rows: IntArray) -> FloatArray:
        """What each field gives each tag of the tokens, (h, len(rows), l)."""
        found = _matrix(seen, rows, self.known) @ self.signs
        found += seen.meaning(rows) @ self.meaning
        return _by_head(found, self.heads)

    def steps(self) -> FloatArray:
        """What each step gives, (h, l, l)."""
        return np.where(self.allowed, self.moves, FORBIDDEN)

    def saved(self) -> Arrays:
        """The weights."""
        return {
            "known": self.known,
            "signs": self.signs,
            "meaning": self.meaning,
            "moves": self.moves,
            "allowed": self.allowed,
        }


def restore(arrays: Arrays) -> Fields:
    """What ``saved`` gave. Raises KeyError for anything else."""
    return Fields(*(arrays[name] for name in ("known", "signs", "meaning", "moves", "allowed")))


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces of texts that are learned together: their tokens in the layout's order; all batches are in memory."""

    where: chain.Layout
    rows: IntArray
    signs: sparse.csr_matrix
    meaning: NDArray[np.float16]


def fit(
    seen: Seen,
    tags: IntArray,
    trust: FloatArray,
    allowed: NDArray[np.bool_],
    pieces: tuple[IntArray, IntArray],
    rng: np.random.Generator,
) -> Fields:
    """h fields from ``tags`` (h, n) that count ``trust`` (h, n), in pieces (starts, lengths); see ``chain``."""
    heads = len(tags)
    width = heads * len(allowed)
    known = _known(seen, MOST_WEIGHTS // width)
    batches = _batches(seen, known, pieces, rng)
    shapes = {"signs": (len(known), width), "meaning": (len(NEIGHBOURS) * MEANING, width)}
    weights: dict[str, Rows] = {name: np.zeros(shape, dtype=np.float32) for name, shape in shapes.items()}
    weights["moves"] = np.zeros((heads, *allowed.shape), dtype=np.float32)
    adam = _Adam(weights)
    epochs = min(EPOCHS, max(FEWEST_EPOCHS, TOKENS // tags.shape[1]))
    rounds = max(epochs, -(-FEWEST_STEPS // len(batches)))
    count = np.maximum(trust.sum(axis=1), 1e-9)
    done = 0
    for _ in range(rounds):
        for at in rng.permutation(len(batches)).tolist():
            batch = batches[at]
            share = trust[:, batch.rows] / (count[:, None] / len(batches))
            slopes = _slopes(weights, batch, tags[:, batch.rows], share, allowed)
            adam.step(slopes, LEARNING_RATE * (1 - done / (rounds * len(batches))))
            done += 1
    return Fields(known, weights["signs"], weights["meaning"], weights["moves"].astype(np.float64), allowed)


def _known(seen: Seen, most: int) -> IntArray:
    """The columns that say something of other tokens, the most frequent ones where they are too many, sorted."""
    times = np.bincount(column_of(seen).ravel(), minlength=COLUMNS)
    present = np.flatnonzero(times >= LEAST_TIMES)
    if len(present) > most:
        present = np.sort(present[np.argsort(-times[present], kind="stable")[:most]])
    return present


def _matrix(seen: Seen, rows: IntArray, known: IntArray) -> sparse.csr_matrix:
    """The tokens' known columns as ones, (len(rows), d)."""
    place = np.full(COLUMNS, -1, dtype=np.int32)
    place[known] = np.arange(len(known), dtype=np.int32)
    found = place[column_of(seen)[rows]]
    there = found >= 0
    ends = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    values = np.ones(ends[-1], dtype=np.float32)
    return sparse.csr_matrix((values, found[there], ends), shape=(len(rows), len(known)))


def _by_head(found: Rows, heads: int) -> FloatArray:
    return np.ascontiguousarray(
        found.reshape(len(found), heads, found.shape[1] // heads).transpose(1, 0, 2), dtype=np.float64
    )


def _batches(seen: Seen, known: IntArray, pieces: tuple[IntArray, IntArray], rng: np.random.Generator) -> list[Batch]:
    starts, lengths = pieces
    found = []
    count = min(max(BATCHES, int(lengths.sum()) // LARGEST_BATCH), len(starts))
    for part in np.array_split(rng.permutation(len(starts)), count):
        where = chain.layout(starts[part], lengths[part])
        meaning = seen.meaning(where.order).astype(np.float16)
        found.append(Batch(where, where.order, _matrix(seen, where.order, known), meaning))
    return found


def _slopes(
    weights: Mapping[str, Rows], batch: Batch, tags: IntArray, share: FloatArray, allowed: NDArray[np.bool_]
) -> dict[str, Any]:
    """The gradient of the weighted negative log-likelihood of a batch."""
    heads, tokens = tags.shape
    moves = np.where(allowed, weights["moves"].astype(np.float64), FORBIDDEN)
    meaning = batch.meaning.astype(np.float32)
    scores = _by_head(batch.signs @ weights["signs"] + meaning @ weights["meaning"], heads)
    said = chain.beliefs(scores, moves, batch.where)
    wrong = said.marginals
    at, token = np.arange(heads)[:, None], np.arange(tokens)
    wrong[at, token, tags] -= 1
    wrong *= share[:, :, None]
    flat = np.ascontiguousarray(wrong.transpose(1, 0, 2).reshape(tokens, -1), dtype=np.float32)
    before = np.where(batch.where.before >= 0, tags[:, batch.where.before], 0)
    given = np.zeros_like(moves)
    np.add.at(given, (at, before, tags), share)
    return {
        "signs": batch.signs.T @ flat,
        "meaning": meaning.T @ flat,
        "moves": (chain.expected_moves(said, moves, batch.where, share) - given).astype(np.float32),
    }


class _Adam:
    """Adam with decoupled decay (Loshchilov and Hutter 2019), in place: most of the time of learning is spent here."""

    def __init__(self, weights: Mapping[str, Rows]) -> None:
        self._weights = weights
        self._mean = {name: np.zeros_like(one) for name, one in weights.items()}
        self._square = {name: np.zeros_like(one) for name, one in weights.items()}
        self._steps = 0

    def step(self, slopes: Mapping[str, Rows], rate: float, keep: float = 0.9, keep_square: float = 0.99) -> None:
        """One step down the slopes, whose arrays are used up."""
        self._steps += 1
        size = rate * np.sqrt(1 - keep_square**self._steps) / (1 - keep**self._steps)
        for name, slope in slopes.items():
            mean, square, weight = self._mean[name], self._square[name], self._weights[name]
            mean += np.float32(1 - keep) * (slope - mean)
            np.multiply(slope, slope, out=slope)
            slope -= square
            slope *= np.float32(1 - keep_square)
            square += slope
            np.sqrt(square, out=slope)
            slope += np.float32(1e-8)
            np.divide(mean, slope, out=slope)
            slope *= np.float32(size)
            weight *= np.float32(1 - rate * DECAY)
            weight -= slope
