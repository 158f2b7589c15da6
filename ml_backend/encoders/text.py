"""TF-IDF of words and of letter sequences: no download, tens of thousands of texts a second, good from few labels on.

Terms are hashed: no word of a task is stored with a model.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..errors import MediaError, NotLearnable
from ..records import Arrays, FloatArray, IntArray
from . import hashing, terms
from .lexicon import Lexicon, Page

WORDS = 2.5
"""What a word or a pair of words counts against a letter sequence, of which there are many more."""

LONGEST_TEXT = 20_000
Rows = NDArray[np.float32]
_TAG = re.compile(r"</?[a-zA-Z!][^>]*>")


def read(value: object, _fetch: Callable[[str], bytes]) -> str:
    """The text of a field, without HTML's tags; raises MediaError for what is no text.

    Of paragraphs and lists all that is said in them, in order.
    """
    if isinstance(value, list):
        value = "\n".join(_said(value))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MediaError(f"expected a text, not {type(value).__name__}")
    # JSON may hold halves of characters, which nothing that hashes bytes takes.
    text = str(value)[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    return html.unescape(_TAG.sub(" ", text)) if "<" in text else text


def _said(value: object, depth: int = 0) -> Iterator[str]:
    """Every text in lists and objects, a line for each object."""
    if isinstance(value, list) and depth < 20:
        for one in value:
            yield from _said(one, depth + 1)
    elif isinstance(value, dict) and depth < 20:
        yield " ".join(" ".join(_said(one, depth + 1)) for one in value.values())
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def variants(inputs: Sequence[str]) -> list[list[str]]:  # noqa: ARG001 - the signature of ENCODERS
    """None: no change of a text surely means the same."""
    return []


class TfIdf:
    """The columns of known terms (of terms.COLUMNS a kind, one kind after the other), and how rare each is."""

    def __init__(self, columns: IntArray, idf: FloatArray) -> None:
        self._columns = columns
        self._idf = idf
        self.width = len(columns)

    def encode(self, described: sparse.csr_matrix) -> sparse.csr_matrix:
        """Sparse rows, (n, d), float32, of length 1; of length 0 for a text without a known term."""
        known = self.known(described)
        return scaled(known, inverse(lengths(known)))

    def known(self, described: sparse.csr_matrix) -> sparse.csr_matrix:
        """The same before rows are brought to length 1. More columns behind those of terms are left out."""
        places = self._places.take(described.indices, mode="clip")
        kept = places >= 0
        values = described.data[kept] * self._idf[places[kept]].astype(np.float32)
        starts = hashing.offsets(kept)[described.indptr]
        return sparse.csr_matrix((values, places[kept], starts), shape=(described.shape[0], self.width))

    def blocks(self, inputs: Sequence[str]) -> Iterator[tuple[sparse.csr_matrix]]:
        """What ``encode`` makes of what ``describe`` says, in less time and a few texts at a time."""
        for page in _lexicon().pages(inputs):
            found = self.weighed(page)
            yield (scaled(found, inverse(lengths(found))),)

    def weighed(self, page: Page) -> sparse.csr_matrix:
        """The same before rows are brought to length 1, of a page that begins with the parts of ``terms``."""
        found = terms.counted(page, self._places, self.width)
        np.log(found.data, out=found.data)
        found.data += 1
        found.data *= self._scale[found.indices]
        return found

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The columns and their idf."""
        return {}, {"columns": self._columns, "idf": self._idf}

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        """From a column to its place among the known ones, -1 for the others and for one more column."""
        found = np.full(2 * terms.COLUMNS + 1, -1, dtype=np.int32)
        found[self._columns] = np.arange(len(self._columns), dtype=np.int32)
        return found

    @cached_property
    def _scale(self) -> Rows:
        return np.asarray(self._idf * np.where(self._columns < terms.COLUMNS, WORDS, 1.0), dtype=np.float32)


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
    found = sparse.csr_matrix(rows, dtype=np.float32)
    return scaled(found.copy(), inverse(lengths(found)))


def lengths(rows: sparse.csr_matrix) -> Rows:
    """The length of each row, (n,)."""
    squares = sparse.csr_matrix((rows.data**2, rows.indices, rows.indptr), shape=rows.shape)
    return np.asarray(np.sqrt(squares @ np.ones(rows.shape[1], dtype=np.float32)))


def inverse(values: Rows) -> Rows:
    """1 over each value; zeros stay zeros."""
    return np.asarray(np.divide(1, values, out=np.zeros_like(values), where=values > 0))


def scaled(rows: sparse.csr_matrix, factors: Rows) -> sparse.csr_matrix:
    """The rows themselves, each times its factor."""
    rows.data *= np.repeat(factors, np.diff(rows.indptr))
    return rows


def describe(inputs: Sequence[str]) -> sparse.csr_matrix:
    """1 + log of how often each term occurs, words and pairs of words times WORDS, in all columns of both kinds."""
    return stacked([describe_page(page) for page in _lexicon().pages(inputs)], 2 * terms.COLUMNS)


def describe_page(page: Page) -> sparse.csr_matrix:
    """The same of a page that begins with the parts of ``terms``."""
    found = terms.counted(page)
    found.data = (1 + np.log(found.data)) * np.where(found.indices < terms.COLUMNS, np.float32(WORDS), np.float32(1))
    return found


def stacked(parts: Sequence[sparse.csr_matrix], width: int) -> sparse.csr_matrix:
    """One part below the other, (n, width)."""
    if len(parts) == 1:
        return parts[0]
    return sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix((0, width), dtype=np.float32)


@lru_cache(maxsize=1)
def _lexicon() -> Lexicon:
    return Lexicon(terms.inner_words, terms.columns_of)
