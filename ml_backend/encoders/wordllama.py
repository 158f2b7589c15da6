"""Static word vectors: the mean over the pieces of a text (Miller 2024, WordLlama). They come with the package.

Words that no label was given for lie near those that mean the same, which is what counts while labels are few.
"""

import importlib.util
import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..errors import NotLearnable
from ..records import Arrays, IntArray
from .hashing import lengths_of, offsets
from .lexicon import Lexicon, Lists, Page

WEIGHTS = "weights/l2_supercat_256.safetensors"
PIECES = "tokenizers/l2_supercat_tokenizer_config.json"
WIDTH = 256

Rows = NDArray[np.float32]


class WordVectors:
    """Nothing is learned from the texts: the words' vectors are the package's."""

    def encode(self, described: Rows) -> Rows:
        """The rows as they were described, (n, 256)."""
        return described

    def blocks(self, inputs: Sequence[str]) -> Iterator[tuple[Rows]]:
        """What ``describe`` says, a few texts at a time."""
        for page in _lexicon().pages(inputs):
            sums = summed(page)
            yield (sums * inverse(sums)[:, None],)

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """Which vectors these are."""
        return {"weights": WEIGHTS}, {}


def describe(inputs: Sequence[str]) -> Rows:
    """Rows (n, 256), float32, of length 1; of length 0 for a text without a word."""
    parts = [part for (part,) in WordVectors().blocks(inputs)]
    return np.concatenate([np.empty((0, WIDTH), dtype=np.float32), *parts])


def inverse(sums: Rows) -> Rows:
    """1 over the length of each row, (n,); 0 for a row of zeros."""
    length = np.sqrt(np.einsum("ij,ij->i", sums, sums))
    return np.asarray(np.divide(1, length, out=np.zeros_like(length), where=length > 1e-6))


def summed(page: Page) -> Rows:
    """The sum of the vectors of each text's pieces, (n, 256), of a page whose last part are ``pieces``."""
    _, weights = _words()
    found = page.parts[-1].take(page.words)
    data = np.ones(len(found.values), dtype=np.float32)
    shape = (len(page.starts) - 1, len(weights))
    counts = sparse.csr_matrix((data, found.values, found.starts[page.starts]), shape=shape)
    return np.asarray(counts @ weights)


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


def pieces(words: Sequence[str]) -> Lists:
    """The tokenizer's pieces of each word. No piece reaches over a space, so those of a text are those of its words."""
    whole = [word.encode("utf-8", "replace").decode() for word in words]  # the tokenizer takes no halves of characters
    found = [one.ids for one in _words()[0].encode_batch_fast(whole, add_special_tokens=False)]
    bounds = offsets(lengths_of(found))
    return Lists(np.fromiter(itertools.chain.from_iterable(found), np.int32, int(bounds[-1])), bounds)


@lru_cache(maxsize=1)
def _lexicon() -> Lexicon:
    return Lexicon(pieces)


@lru_cache(maxsize=1)
def _words() -> tuple[Any, Rows]:
    """The tokenizer and a vector for each of its pieces, from the package's own files: nothing is downloaded."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    found = importlib.util.find_spec("wordllama")
    assert found is not None and found.origin is not None  # a dependency
    folder = Path(found.origin).parent
    tokenizer = Tokenizer.from_file(str(folder / PIECES))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    (weights,) = load_file(str(folder / WEIGHTS)).values()
    return tokenizer, np.asarray(weights, dtype=np.float32)
