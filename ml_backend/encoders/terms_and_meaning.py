"""Terms beside word vectors: the ones tell what was said, the others what is meant. The default for texts.

Measured on six sets of texts with 200 labels each: 4 points of accuracy above terms alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from ..records import Arrays, IntArray
from . import text, wordllama

MEANING = 0.4
"""The share of the word vectors in how alike two texts are."""


class Both:
    """Both encoders' rows side by side, each with its share of the length."""

    def __init__(self, terms: text.TfIdf) -> None:
        self._terms = terms
        self._meaning = wordllama.WordVectors()

    def encode(self, described: sparse.csr_matrix) -> sparse.csr_matrix:
        """Sparse rows, (n, d), float32, of length 1; of length 0 for a text of which nothing is known."""
        return _joined(self._terms.encode(_terms(described)), _meaning(described))

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """What both of them save."""
        return self._meaning.saved()[0], self._terms.saved()[1]


def describe(inputs: Sequence[str]) -> sparse.csr_matrix:
    """What both of them say of each text, side by side."""
    return sparse.hstack([text.describe(inputs), sparse.csr_matrix(wordllama.describe(inputs))], format="csr")


def fit(described: sparse.csr_matrix) -> Both:
    """Learn which terms there are. Raises NotLearnable where the texts have none."""
    return Both(text.fit(_terms(described)))


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Both:
    """What ``saved`` gave. Raises KeyError or ValueError for anything else."""
    wordllama.restore(settings, {})
    return Both(text.restore({}, arrays))


def without_own(rows: sparse.csr_matrix, groups: IntArray) -> sparse.csr_matrix:
    """The rows without the terms that only their own group has, as for an encoder that never saw the group."""
    return _joined(text.without_own(_terms(rows), groups), text.unit(_meaning(rows)))


def _terms(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    return rows[:, : -wordllama.WIDTH]


def _meaning(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    return rows[:, -wordllama.WIDTH :]


def _joined(terms: sparse.csr_matrix, meaning: sparse.csr_matrix) -> sparse.csr_matrix:
    parts = [terms * np.float32(np.sqrt(1 - MEANING)), meaning * np.float32(np.sqrt(MEANING))]
    return text.unit(sparse.hstack(parts, format="csr"))
