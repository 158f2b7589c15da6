"""A hidden Markov model of what is said of pieces of text: which tags are probably right, and who confuses what."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...records import FloatArray, IntArray
from .atoms import Runs
from .existence import TEACHERS

STRENGTH = 10.0
"""As after so many pieces an annotator is believed to be like all others."""
DIAGONAL, ELSEWHERE = 1.0, 0.1
"""How many right and, all together, other tags are added to each row of what all annotators say."""
ITERATIONS = 30
TOLERANCE = 1e-3
_CELLS = 1 << 20
_LEAST = 1e-300
_DIGITS = 9
"""What is summed over annotators or runs is rounded, so that the order of the answers breaks no ties."""


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """What is concluded: ``tag``, shape (pieces,), is the tag of each piece in the most probable sequence of its run.

    ``states`` are the tags that each piece can have, ``piece`` whose they are, ``probability`` how likely each is:
    shape (states,). ``spoken``, shape (annotators, labels + 1, labels + 1), is how often each annotator probably said
    one label of a piece where another is right, of pieces that others or a ruling speak of; label 0 is outside.
    """

    tag: IntArray
    piece: IntArray
    states: IntArray
    probability: FloatArray
    spoken: FloatArray


class _Lattice:
    """The tags that are possible: outside and what somebody said; and who said what, beside each of them."""

    def __init__(self, runs: Runs, annotators: int, labels: int) -> None:
        self.tags = 2 * labels + 1
        pieces = len(runs.run)
        keys = np.concatenate([np.arange(pieces) * self.tags, runs.piece * self.tags + runs.tag])
        keys = np.concatenate([keys, (np.arange(pieces) * self.tags + runs.known)[runs.known >= 0]])
        self.piece, self.tag = np.divmod(np.unique(keys), self.tags)
        self.known = np.where(runs.known[self.piece] < 0, np.nan, runs.known[self.piece] == self.tag)
        count = np.bincount(self.piece, minlength=pieces)
        self.first = np.cumsum(count) - count
        times = count[runs.piece]
        look = np.repeat(np.arange(len(runs.piece)), times)
        within = np.arange(len(look)) - np.repeat(np.cumsum(times) - times, times)
        self.state = self.first[runs.piece][look] + within
        rows = runs.annotator[look] * self.tags + self.tag[self.state]
        kinds, self.kind = np.unique(rows * self.tags + runs.tag[look], return_inverse=True)
        self.row, self.given = kinds // self.tags, kinds % self.tags
        self.rows = annotators * self.tags
        self.groups = list(_groups(runs.lengths, count, self.first))
        heard = np.bincount(runs.piece, minlength=pieces)
        self.told = ((heard >= 2) | (runs.known >= 0))[self.piece]
        self.teaches = ((heard >= TEACHERS) | (runs.known >= 0))[self.piece]

    def spoken(self, probability: FloatArray) -> FloatArray:
        """How often each kind probably was said."""
        return np.bincount(self.kind, probability[self.state], minlength=len(self.row)).astype(np.float64)


def _groups(lengths: IntArray, count: IntArray, first: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Runs of one length and width together: their states (runs, pieces, most states), -1 where there is none."""
    start = np.cumsum(lengths) - lengths
    width = np.maximum.reduceat(count, start) if len(start) else count
    size = lengths * (int(count.max(initial=0)) + 1) + width
    order = np.argsort(size, kind="stable")
    for same in np.split(order, np.flatnonzero(np.diff(size[order])) + 1):
        if not len(same):
            continue
        n, k = int(lengths[same[0]]), int(width[same[0]])
        for runs in np.split(same, range(max(1, _CELLS // (n * k * k)), len(same), max(1, _CELLS // (n * k * k)))):
            pieces = start[runs][:, None] + np.arange(n)
            states = first[pieces][:, :, None] + np.arange(k)
            states[np.arange(k) >= count[pieces][:, :, None]] = -1
            yield pieces, states


def tag_pieces(runs: Runs, annotators: int, labels: int) -> Tagged:
    """The most probable tags, by EM (Nguyen et al. 2017, HMM-Crowd; Rabiner 1989 for the steps).

    The true tags of a run follow each other as a Markov chain, in which the inside of a span follows its begin or
    inside; each annotator's tag depends on the true one by a confusion matrix that is drawn to that of all. Only tags
    that somebody gave to a piece are possible there, beside outside. Pieces that fewer than ``TEACHERS`` annotators
    looked at teach nothing, unless a ruling knows them.
    """
    lattice = _Lattice(runs, annotators, labels)
    steps = _possible_steps(lattice.tags)
    chances = steps / steps.sum(axis=1, keepdims=True)
    probability = _shares(runs, lattice)
    tag: IntArray = np.zeros(len(runs.run), dtype=np.int64)
    for _ in range(ITERATIONS if lattice.teaches.any() else 1):
        spoken = lattice.spoken(np.where(lattice.teaches, probability, 0.0))
        logs = _confusion(lattice, spoken)[lattice.kind]
        evidence = np.bincount(lattice.state, logs, minlength=len(lattice.piece)).astype(np.float64)
        evidence = evidence.round(_DIGITS)
        evidence[lattice.known == 0] = -np.inf
        moved, counts, tag = _forward_backward(lattice, chances, evidence, len(runs.run))
        moved = moved.round(_DIGITS)
        chances = (counts.round(_DIGITS) + 0.5) * steps
        chances /= chances.sum(axis=1, keepdims=True)
        change = float(np.abs(moved - probability).max(initial=0.0))
        probability = moved
        if change < TOLERANCE:
            break
    spoken = lattice.spoken(np.where(lattice.told, probability, 0.0))
    return Tagged(tag, lattice.piece, lattice.tag, probability, _by_label(lattice, spoken, annotators, labels))


def _by_label(lattice: _Lattice, spoken: FloatArray, annotators: int, labels: int) -> FloatArray:
    who, right = np.divmod(lattice.row, lattice.tags)
    key = (who * (labels + 1) + (right + 1) // 2) * (labels + 1) + (lattice.given + 1) // 2
    sums = np.bincount(key, spoken, minlength=annotators * (labels + 1) ** 2)
    return sums.astype(np.float64).reshape(annotators, labels + 1, labels + 1)


def _possible_steps(tags: int) -> FloatArray:
    """1 where a tag can follow another, shape (tags, tags): an inside only its own begin or inside."""
    steps = np.ones((tags, tags))
    inside = np.arange(2, tags, 2)
    steps[:, inside] = 0.0
    steps[inside, inside] = steps[inside - 1, inside] = 1.0
    return steps


def _shares(runs: Runs, lattice: _Lattice) -> FloatArray:
    """The shares of the tags that were given, as probabilities to begin with."""
    agree = runs.piece * lattice.tags + runs.tag
    keys = lattice.piece * lattice.tags + lattice.tag
    votes = np.bincount(np.searchsorted(keys, agree), minlength=len(keys)).astype(np.float64)
    total = np.bincount(lattice.piece, votes)[lattice.piece]
    shares = np.divide(votes, total, out=np.zeros(len(votes)), where=total > 0)
    shares[(total == 0) & (lattice.tag == 0)] = 1.0
    return np.where(np.isnan(lattice.known), shares, lattice.known)


def _confusion(lattice: _Lattice, spoken: FloatArray) -> FloatArray:
    """The logarithm of how likely each kind is: an annotator's tag where another is right."""
    right = lattice.row % lattice.tags
    pooled_keys, place = np.unique(right * lattice.tags + lattice.given, return_inverse=True)
    true, given = np.divmod(pooled_keys, lattice.tags)
    pooled = np.bincount(place, spoken) + ELSEWHERE / lattice.tags + DIAGONAL * (true == given)
    total = np.bincount(right, spoken, minlength=lattice.tags) + ELSEWHERE + DIAGONAL
    pooled /= total[true]
    rows = np.bincount(lattice.row, spoken, minlength=lattice.rows)
    found = (spoken + STRENGTH * pooled[place]) / (rows[lattice.row] + STRENGTH)
    logs: FloatArray = np.log(np.maximum(found, _LEAST))
    return logs


def _forward_backward(
    lattice: _Lattice, chances: FloatArray, evidence: FloatArray, pieces: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """The probability of each state, the expected steps between tags, and the most probable tags."""
    probability = np.zeros(len(evidence))
    counts = np.zeros_like(chances)
    best = np.zeros(pieces, dtype=np.int64)
    for places, states in lattice.groups:
        there = states >= 0
        tag = np.where(there, lattice.tag[states], 0)
        logs = np.where(there, evidence[states], -np.inf)
        step = chances[tag[:, :-1, :, None], tag[:, 1:, None, :]]
        start = chances[0][tag[:, 0]]
        gamma, pairs = _smooth(logs, step, start)
        probability[states[there]] = gamma[there]
        key = tag[:, :-1, :, None] * lattice.tags + tag[:, 1:, None, :]
        counts += np.bincount(key.ravel(), pairs.ravel(), minlength=counts.size).reshape(counts.shape)
        counts[0] += np.bincount(tag[:, 0].ravel(), gamma[:, 0].ravel(), minlength=lattice.tags)
        path = _best_path(logs, step, start)
        best[places] = np.take_along_axis(tag, path[:, :, None], axis=2)[:, :, 0]
    return probability, counts, best


def _smooth(logs: FloatArray, step: FloatArray, start: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Forward and backward: (runs, pieces, states), and of each step (runs, pieces - 1, states, states)."""
    n = logs.shape[1]
    weight = np.exp(logs - logs.max(axis=2, keepdims=True))
    ahead, behind = np.zeros_like(weight), np.ones_like(weight)
    ahead[:, 0] = _scaled(start * weight[:, 0])
    for at in range(1, n):
        ahead[:, at] = _scaled(np.einsum("ri,rij->rj", ahead[:, at - 1], step[:, at - 1]) * weight[:, at])
    for at in range(n - 2, -1, -1):
        behind[:, at] = _scaled(np.einsum("rij,rj->ri", step[:, at], weight[:, at + 1] * behind[:, at + 1]))
    pairs = ahead[:, :-1, :, None] * step * (weight * behind)[:, 1:, None, :]
    total = pairs.sum(axis=(2, 3), keepdims=True)
    return _scaled(ahead * behind), np.divide(pairs, total, out=np.zeros_like(pairs), where=total > 0)


def _scaled(values: FloatArray) -> FloatArray:
    """So that they add up to 1; equal ones where nothing is possible."""
    total = values.sum(axis=-1, keepdims=True)
    equal = np.full_like(values, 1 / values.shape[-1])
    scaled: FloatArray = np.divide(values, total, out=equal, where=total > 0)
    return scaled


def _best_path(logs: FloatArray, step: FloatArray, start: FloatArray) -> IntArray:
    """The most probable states (Viterbi 1967), shape (runs, pieces)."""
    runs, n, _ = logs.shape
    worth = np.log(np.maximum(start, _LEAST)) + logs[:, 0]
    came = np.zeros(logs.shape, dtype=np.int64)
    for at in range(1, n):
        options = worth[:, :, None] + np.log(np.maximum(step[:, at - 1], _LEAST))
        came[:, at] = options.round(_DIGITS).argmax(axis=1)
        worth = options.max(axis=1) + logs[:, at]
    path = np.zeros((runs, n), dtype=np.int64)
    path[:, -1] = worth.round(_DIGITS).argmax(axis=1)
    for at in range(n - 1, 0, -1):
        path[:, at - 1] = came[np.arange(runs), at, path[:, at]]
    return path
