"""TF-IDF of words and of letter sequences: no download, thousands of texts a second, good from few labels on.

Terms are hashed: no word of a task is stored with a model.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from ..errors import MediaError, NotLearnable
from ..records import Arrays, FloatArray, IntArray

KINDS: Mapping[str, Mapping[str, Any]] = {
    "words": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "letters": {"analyzer": "char_wb", "ngram_range": (2, 4)},
}
COLUMNS = 2**18
"""Columns of each kind: two terms out of a vocabulary of 30,000 share one about every ninth time."""

LONGEST_TEXT = 20_000
_TAG = re.compile(r"</?[a-zA-Z!][^>]*>")


def read(value: object, _fetch: Callable[[str], bytes]) -> str:
    """The text of a field, without HTML's tags; raises MediaError for what is no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MediaError(f"expected a text, not {type(value).__name__}")
    # JSON may hold halves of characters, which nothing that hashes bytes takes.
    text = str(value)[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    return html.unescape(_TAG.sub(" ", text)) if "<" in text else text


def variants(inputs: Sequence[str]) -> list[list[str]]:  # noqa: ARG001 - the signature of ENCODERS
    """None: no change of a text surely means the same."""
    return []


class TfIdf:
    """The columns of known terms (of COLUMNS a kind, one kind after the other), and how rare each is."""

    def __init__(self, columns: IntArray, idf: FloatArray) -> None:
        self._columns = columns
        self._idf = idf

    def encode(self, described: sparse.csr_matrix) -> sparse.csr_matrix:
        """Sparse rows, (n, d), float32, of length 1; of length 0 for a text without a known term."""
        return unit(described[:, self._columns].multiply(self._idf))

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The columns and their idf."""
        return {}, {"columns": self._columns, "idf": self._idf}


def fit(described: sparse.csr_matrix) -> TfIdf:
    """Learn which terms there are and how rare each is. Raises NotLearnable where the texts have none."""
    present = np.bincount(described.indices, minlength=described.shape[1])
    columns = np.flatnonzero(present)
    if not len(columns):
        raise NotLearnable("the texts are all empty")
    return TfIdf(columns, np.log((1 + described.shape[0]) / (1 + present[columns])) + 1)


def restore(settings: Mapping[str, Any], arrays: Arrays) -> TfIdf:  # noqa: ARG001 - the signature of ENCODERS
    """What ``saved`` gave. Raises KeyError for anything else."""
    return TfIdf(arrays["columns"], arrays["idf"])


def without_own(rows: sparse.csr_matrix, groups: IntArray) -> sparse.csr_matrix:
    """The rows without the terms that only their own group has, as for an encoder that never saw the group."""
    width = rows.shape[1]
    entries = np.unique(np.repeat(groups, np.diff(rows.indptr)) * width + rows.indices)
    groups_with = np.bincount(entries % width, minlength=width)
    return unit(rows @ sparse.diags((groups_with > 1).astype(np.float32)))


def unit(rows: sparse.spmatrix) -> sparse.csr_matrix:
    """Each row at length 1; zeros stay zeros."""
    from sklearn.preprocessing import normalize  # slow to import, and --help needs none of it

    return normalize(sparse.csr_matrix(rows, dtype=np.float32), copy=False)


def describe(inputs: Sequence[str]) -> sparse.csr_matrix:
    """1 + log of how often each term occurs, the kinds side by side, each kind of length 1."""
    from sklearn.feature_extraction.text import HashingVectorizer

    parts = []
    for options in KINDS.values():
        hashed = HashingVectorizer(**options, n_features=COLUMNS, alternate_sign=False, norm=None)
        found = hashed.transform(inputs)
        found.data = 1 + np.log(found.data)
        parts.append(unit(found))
    return sparse.hstack(parts, format="csr")
