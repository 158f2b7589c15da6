"""Static word vectors: the mean over the pieces of a text (Miller 2024, WordLlama). They come with the package.

Words that no label was given for lie near those that mean the same, which is what counts while labels are few.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..errors import NotLearnable
from ..records import Arrays, IntArray

WEIGHTS = "weights/l2_supercat_256.safetensors"
PIECES = "tokenizers/l2_supercat_tokenizer_config.json"
WIDTH = 256
LONGEST_TEXT = 8_000
"""Characters: the mean over more of them hardly moves."""

Rows = NDArray[np.float32]


class WordVectors:
    """Nothing is learned from the texts: the words' vectors are the package's."""

    def encode(self, described: Rows) -> Rows:
        """The rows as they were described, (n, 256)."""
        return described

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """Which vectors these are."""
        return {"weights": WEIGHTS}, {}


def describe(inputs: Sequence[str]) -> Rows:
    """Rows (n, 256), float32, of length 1; of length 0 for a text without a word."""
    pieces, weights = _words()
    found = pieces.encode_batch([text[:LONGEST_TEXT] for text in inputs], add_special_tokens=False)
    lengths = np.array([len(one.ids) for one in found], dtype=np.int64)
    ids = np.concatenate([np.empty(0, dtype=np.int64), *(np.array(one.ids, dtype=np.int64) for one in found)])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    shape = (len(inputs), len(weights))
    counts = sparse.csr_matrix((np.ones(len(ids), dtype=np.float32), ids, starts), shape=shape)
    rows = np.asarray(counts @ weights, dtype=np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 1e-6, length, 1), dtype=np.float32)


def fit(described: Rows) -> WordVectors:
    """Nothing to learn. Raises NotLearnable where the texts have no word."""
    if not described.any():
        raise NotLearnable("the texts are all empty")
    return WordVectors()


def restore(settings: Mapping[str, Any], _arrays: Arrays) -> WordVectors:
    """What ``saved`` gave. Raises KeyError or ValueError for anything else."""
    if settings["weights"] != WEIGHTS:
        raise ValueError(f"word vectors {settings['weights']!r} are not these: {WEIGHTS!r}")
    return WordVectors()


def without_own(rows: Rows, _groups: IntArray) -> Rows:
    """The rows as they are: nothing was learned from any text."""
    return rows


@lru_cache(maxsize=1)
def _words() -> tuple[Any, Rows]:
    """The tokenizer and a vector for each of its pieces, from the package's own files: nothing is downloaded."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    found = importlib.util.find_spec("wordllama")
    assert found is not None and found.origin is not None  # a dependency
    folder = Path(found.origin).parent
    pieces = Tokenizer.from_file(str(folder / PIECES))
    pieces.no_padding()
    pieces.no_truncation()
    (weights,) = load_file(str(folder / WEIGHTS)).values()
    return pieces, np.asarray(weights, dtype=np.float32)
