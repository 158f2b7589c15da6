"""Which two texts, which two vectors are alike: candidates by hashing, then verified exactly."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records import FloatArray, IntArray
from .buckets import WINDOW, candidates, signatures, text_keys, vector_keys
from .shingles import jaccard

EXACT = 5_000
"""Up to so many vectors every two are compared."""
PATIENCE = 40
"""Verified comparisons after which no more like ones are looked for."""
_SLACK = 0.12
"""Three standard deviations of a similarity of 0.8 that 100 signature entries estimate."""
_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Pairs of places with their similarity in [0, 1], each pair once, ``left`` < ``right``: shape (pairs,) each."""

    left: IntArray
    right: IntArray
    similarity: FloatArray


Likeness = Callable[[IntArray, IntArray], FloatArray]
"""How alike the things at the places on the left and on the right are, at least where that is near the threshold."""


def alike_texts(texts: Sequence[Sequence[str]], apart: IntArray, threshold: float, seed: int) -> Alike:
    """The pairs of texts with a Jaccard similarity of shingles of at least ``threshold`` in every field.

    Texts with other values of ``apart`` are not compared. Candidates come from MinHash, each is verified exactly.
    """
    signature = signatures(texts, seed)

    def likeness(left: IntArray, right: IntArray) -> FloatArray:
        found = np.zeros(len(left))
        for at in range(0, len(left), _AT_ONCE):
            here = slice(at, at + _AT_ONCE)
            found[here] = (signature[left[here]] == signature[right[here]]).mean(axis=1)
        likely = np.flatnonzero(found >= threshold - _SLACK)
        found[:] = 0
        found[likely] = jaccard(texts, left[likely], right[likely])
        return found

    return _joined(text_keys(signature, apart), likeness, threshold)


def alike_vectors(vectors: FloatArray, threshold: float, seed: int) -> Alike:
    """The pairs of rows with a cosine of at least ``threshold``; rows without a direction have none.

    Up to 5,000 rows every two are compared; beyond, candidates come from random hyperplanes and are verified.
    """
    length = np.linalg.norm(vectors, axis=1)
    usable = np.flatnonzero(np.isfinite(length) & (length > 0))
    unit = vectors[usable] / length[usable, None]

    def likeness(left: IntArray, right: IntArray) -> FloatArray:
        found = np.zeros(len(left))
        for at in range(0, len(left), _AT_ONCE):
            here = slice(at, at + _AT_ONCE)
            found[here] = np.einsum("ij,ij->i", unit[left[here]], unit[right[here]])
        return np.clip(found, 0.0, 1.0)

    limit = threshold - 1e-9
    if len(unit) <= EXACT:
        left, right = np.nonzero(np.triu(unit @ unit.T >= limit, 1))
        return Alike(usable[left], usable[right], likeness(left, right))
    found = _joined(vector_keys(unit, seed), likeness, limit)
    return Alike(usable[found.left], usable[found.right], found.similarity)


def _joined(keys: Iterable[NDArray[np.uint64]], likeness: Likeness, threshold: float) -> Alike:
    """The pairs that share a key and are alike, band after band.

    Two that are each like enough others already, or were compared with many, are not compared any more, so that the
    time stays linear where thousands are alike, or nearly so.
    """
    kept: list[tuple[IntArray, IntArray, FloatArray]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    compared = np.zeros(0, dtype=np.int64)
    near, tried = np.zeros((2, 0), dtype=np.int64)
    for key in keys:
        n = len(key)
        near, tried = (near, tried) if len(near) == n else np.zeros((2, n), dtype=np.int64)
        left, right = candidates(key)
        wanting = (near < WINDOW) & (tried < PATIENCE)
        fresh = ~np.isin(left * n + right, compared) & (wanting[left] | wanting[right])
        left, right = left[fresh], right[fresh]
        compared = np.concatenate([compared, left * n + right])
        similarity = likeness(left, right)
        verified, good = similarity > 0, similarity >= threshold
        tried += np.bincount(left[verified], minlength=n) + np.bincount(right[verified], minlength=n)
        kept.append((left[good], right[good], similarity[good]))
        near += np.bincount(left[good], minlength=n) + np.bincount(right[good], minlength=n)
    lefts, rights, similarities = zip(*kept, strict=True)
    return Alike(np.concatenate(lefts), np.concatenate(rights), np.concatenate(similarities))
