"""Records of named fields (a Table): numbers where they lie among the others, all else by its words.

Names and values are hashed: nothing of a task is stored with a model but which columns occur, and how numbers spread.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..errors import MediaError, NotLearnable
from ..records import Arrays, IntArray
from . import text

COLUMNS = 2**14
"""Columns of words, of which numbers there are, and of the numbers themselves: three times as many."""
MOST_FIELDS = 500
CUTS = (0.2, 0.4, 0.6, 0.8)
"""A number is told by where it lies between these quantiles too: what matters need not grow with it."""
AT_ONCE = 512
BEYOND = 1e30
"""A number this large is passed over, as infinity is: means and spreads are kept in single precision."""
_NUMBER = re.compile(r"\s*[-+]?\d{1,15}([.,]\d{1,15})?\s*")
_WORD = re.compile(r"\w+")

Record = Mapping[str, str | float]
Floats = NDArray[np.float32]


def read(value: object, _fetch: Callable[[str], bytes]) -> Record:
    """The fields of a record by their path; raises MediaError for what is no record."""
    if not isinstance(value, dict | list):
        raise MediaError(f"expected a record of named fields, not {type(value).__name__}")
    return dict(_leaves(value, ""))


def _leaves(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str | float]]:
    """Every single value with its path, places in lists left out: rows of a table have no order."""
    if depth > 20:
        return
    if isinstance(value, dict):
        for name, one in list(value.items())[:MOST_FIELDS]:
            yield from _leaves(one, f"{path}/{name}", depth + 1)
    elif isinstance(value, list):
        for one in value[:MOST_FIELDS]:
            yield from _leaves(one, path, depth + 1)
    elif isinstance(value, bool) or value is None:
        yield path, str(value)
    elif isinstance(value, int | float):
        if abs(value) < BEYOND:
            yield path, float(value)
    elif isinstance(value, str):
        number = _NUMBER.fullmatch(value)
        yield path, float(value.replace(",", ".")) if number else value[: text.LONGEST_TEXT]


def variants(inputs: Sequence[Record]) -> list[list[Record]]:  # noqa: ARG001 - the signature of ENCODERS
    """None: no change of a record surely means the same."""
    return []


def describe(inputs: Sequence[Record]) -> sparse.csr_matrix:
    """Words of each field, which numbers there are, and the numbers, side by side: (n, 3 x COLUMNS)."""
    found = [(row, *entry) for row, record in enumerate(inputs) for entry in _entries(record)]
    rows, columns, values = zip(*found, strict=True) if found else ((), (), ())
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(inputs), 3 * COLUMNS), dtype=np.float64)


def _entries(record: Record) -> Iterator[tuple[int, float]]:
    """The columns of one record and what stands in them."""
    words: set[str] = set()
    for name, value in record.items():
        if isinstance(value, float):
            place = _hashed(name)
            yield COLUMNS + place, 1.0
            yield 2 * COLUMNS + place, value
        else:
            said = value.lower()
            words |= {f"{name}={said}", *(f"{name}:{word}" for word in _WORD.findall(said))}
    yield from ((place, 1.0) for place in sorted({_hashed(word) for word in words}))


def _hashed(said: str) -> int:
    return zlib.crc32(said.encode("utf-8", "replace")) % COLUMNS


class Fields:
    """The words that are known, and of each number its mean, spread and quantiles: (d,), (d,), (d, len(CUTS))."""

    def __init__(self, words: IntArray, numbers: IntArray, means: Floats, spreads: Floats, cuts: Floats) -> None:
        self._words, self._numbers = words, numbers
        self._means, self._spreads, self._cuts = means, spreads, cuts

    def encode(self, described: sparse.csr_matrix) -> sparse.csr_matrix:
        """Sparse rows, (n, d), float32, of length 1; of length 0 for a record of which nothing is known."""
        words = text.unit(described[:, self._words])
        there = described[:, COLUMNS + self._numbers].toarray() > 0
        values = described[:, 2 * COLUMNS + self._numbers].toarray()
        height = np.clip((values - self._means) / self._spreads, -3, 3) / 3
        place = (values[:, :, None] > self._cuts[None]).sum(axis=2)
        bins = np.eye(len(CUTS) + 1)[place]
        numbers = np.concatenate([height[:, :, None], bins], axis=2) * there[:, :, None]
        return text.unit(sparse.hstack([words, text.unit(sparse.csr_matrix(numbers.reshape(len(values), -1)))]))

    def blocks(self, inputs: Sequence[Record]) -> Iterator[list[sparse.csr_matrix]]:
        """See Encoder."""
        for start in range(0, len(inputs), AT_ONCE):
            yield [self.encode(describe(inputs[start : start + AT_ONCE]))]

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """Everything."""
        return {}, {
            "words": self._words,
            "numbers": self._numbers,
            "means": self._means,
            "spreads": self._spreads,
            "cuts": self._cuts,
        }


def fit(described: sparse.csr_matrix) -> Fields:
    """Which words and numbers there are, and how the numbers spread. Raises NotLearnable for empty records."""
    present = np.bincount(described.indices, minlength=described.shape[1])
    words, numbers = np.flatnonzero(present[:COLUMNS]), np.flatnonzero(present[COLUMNS : 2 * COLUMNS])
    if not len(words) and not len(numbers):
        raise NotLearnable("the records are all empty")
    there = described[:, COLUMNS + numbers].toarray() > 0
    values = described[:, 2 * COLUMNS + numbers].toarray()
    means, spreads = np.zeros(len(numbers)), np.ones(len(numbers))
    cuts = np.zeros((len(numbers), len(CUTS)))
    for place in range(len(numbers)):
        own = values[there[:, place], place]
        means[place], spreads[place] = own.mean(), float(np.float32(own.std())) or 1.0
        cuts[place] = np.quantile(own, CUTS)
    return Fields(words, numbers, *(one.astype(np.float32) for one in (means, spreads, cuts)))


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Fields:  # noqa: ARG001 - the signature of ENCODERS
    """What ``saved`` gave. Raises KeyError for anything else."""
    return Fields(*(arrays[name] for name in ("words", "numbers", "means", "spreads", "cuts")))


without_own = text.without_own
