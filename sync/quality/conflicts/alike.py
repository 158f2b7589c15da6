"""Which two texts, which two vectors are alike: candidates by hashing, then verified exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import FloatArray, IntArray
from .buckets import candidates, signatures, text_keys, vector_keys
from .shingles import jaccard

EXACT = 5_000
"""Up to so many vectors every two are compared."""
_SLACK = 0.15
"""Three standard deviations of a similarity that 100 signature entries estimate."""
_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Pairs of places with their similarity in [0, 1], each pair once, ``left`` < ``right``: shape (pairs,) each."""

    left: IntArray
    right: IntArray
    similarity: FloatArray

    def above(self, threshold: float) -> "Alike":
        """The pairs at or above the threshold."""
        kept = self.similarity >= threshold
        return Alike(self.left[kept], self.right[kept], self.similarity[kept])


def alike_texts(texts: Sequence[Sequence[str]], apart: IntArray, threshold: float, seed: int) -> Alike:
    """The pairs of texts with a Jaccard similarity of shingles of at least ``threshold`` in every field.

    Texts with other values of ``apart`` are not compared. Candidates come from MinHash, each is verified exactly.
    """
    signature = signatures(texts, seed)
    left, right = candidates(text_keys(signature, apart), len(texts))
    likely = np.zeros(len(left), dtype=np.bool_)
    for at in range(0, len(left), _AT_ONCE):
        here = slice(at, at + _AT_ONCE)
        likely[here] = (signature[left[here]] == signature[right[here]]).mean(axis=1) >= threshold - _SLACK
    left, right = left[likely], right[likely]
    return Alike(left, right, jaccard(texts, left, right)).above(threshold)


def alike_vectors(vectors: FloatArray, threshold: float, seed: int) -> Alike:
    """The pairs of rows with a cosine of at least ``threshold``; rows without a direction have none.

    Up to 5,000 rows every two are compared; beyond, candidates come from random hyperplanes and are verified.
    """
    length = np.linalg.norm(vectors, axis=1)
    usable = np.flatnonzero(np.isfinite(length) & (length > 0))
    unit = vectors[usable] / length[usable, None]
    if len(unit) <= EXACT:
        left, right = np.nonzero(np.triu(unit @ unit.T >= threshold - 1e-9, 1))
    else:
        left, right = candidates(vector_keys(unit, seed), len(unit))
    cosine = np.zeros(len(left))
    for at in range(0, len(left), _AT_ONCE):
        here = slice(at, at + _AT_ONCE)
        cosine[here] = np.einsum("ij,ij->i", unit[left[here]], unit[right[here]])
    return Alike(usable[left], usable[right], np.clip(cosine, 0.0, 1.0)).above(threshold - 1e-9)
