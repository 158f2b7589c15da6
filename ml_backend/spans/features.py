"""What a tagger sees of each token: hashed signs of the word and of its neighbours, and what the words mean.

No word is stored with a model: signs are columns of a hash table, meanings are the package's own word vectors.
"""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..encoders import wordllama
from ..records import IntArray
from .tokens import Tokens

COLUMNS = 2**20
"""Columns of the hash table: two of 100,000 signs share one about every tenth time."""

MEANING = 64
"""Numbers a word's vector has here: WordLlama's are made so that the first ones mean nearly as much as all."""

NEIGHBOURS = (-1, 0, 1)
"""Whose meanings a token has beside its own."""

_RUN = re.compile(r"(.)\1+")
_OWN = 11
"""Signs that a word has by itself."""

Signs = NDArray[np.uint32]
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of n tokens of several texts, one text after the other.

    ``lengths`` (t,) are tokens a text; ``columns`` (n, f) in [0, COLUMNS); ``kinds`` (n,) which of the u different
    words each token is; ``meanings`` (u, MEANING).
    """

    lengths: IntArray
    columns: Signs
    kinds: IntArray
    meanings: Rows

    def meaning(self, rows: IntArray) -> Rows:
        """The meanings of tokens and of their neighbours side by side, (len(rows), 3 MEANING); 0 outside the text."""
        first = np.repeat(np.cumsum(self.lengths) - self.lengths, self.lengths)
        last = np.repeat(np.cumsum(self.lengths), self.lengths) - 1
        parts = []
        for step in NEIGHBOURS:
            at = rows + step
            inside = (at >= first[rows]) & (at <= last[rows])
            parts.append(self.meanings[self.kinds[np.where(inside, at, 0)]] * inside[:, None])
        return np.hstack(parts).astype(np.float32)


def see(texts: Sequence[str], found: Sequence[Tokens]) -> Seen:
    """What a tagger sees of these texts and their tokens."""
    lengths = np.array([len(one.words) for one in found], dtype=np.int64)
    words = [word for one in found for word in one.words]
    place = {word: at for at, word in enumerate(dict.fromkeys(words))}
    kinds = np.array([place[word] for word in words], dtype=np.int64)
    own = np.array([_signs(word) for word in place], dtype=np.uint32).reshape(-1, _OWN)
    meanings = wordllama.describe(list(place))[:, :MEANING]
    length = np.linalg.norm(meanings, axis=1, keepdims=True)
    columns = _columns(own[kinds], lengths, _gaps(texts, found))
    return Seen(lengths, columns, kinds, np.asarray(meanings / np.where(length > 1e-6, length, 1), dtype=np.float32))


@lru_cache(maxsize=2**16)
def _signs(word: str) -> tuple[int, ...]:
    """The word, in small letters, its ends, its shape whole and shortened: each hashed."""
    small = word.lower()
    shape = "".join(map(_shape, word[:12]))
    short = _RUN.sub(r"\1", shape)
    ends = (*(small[:size] for size in (2, 3, 4)), *(small[-size:] for size in (1, 2, 3, 4)))
    return tuple(_hash(f"{at}{sign}") for at, sign in enumerate((word, small, shape, short, *ends)))


def _shape(sign: str) -> str:
    if sign.isupper():
        return "X"
    if sign.islower():
        return "x"
    if sign.isdigit():
        return "d"
    return "w" if sign.isalpha() else sign if sign.isascii() else unicodedata.category(sign)


def _hash(sign: str) -> int:
    return zlib.crc32(sign.encode("utf-8", "surrogatepass"))


def _gaps(texts: Sequence[str], found: Sequence[Tokens]) -> NDArray[np.uint32]:
    """What stands before each token: 0 nothing, 1 blanks, 2 the end of a line or the begin of the text, (n,)."""
    gaps = []
    for text, one in zip(texts, found, strict=True):
        before = np.concatenate([[0], one.ends[:-1]])[: len(one.words)]
        kind = (one.starts > before).astype(np.uint32)
        for at in np.flatnonzero(kind).tolist():
            between = text[before[at] : one.starts[at]]
            if "\n" in between or "\r" in between:
                kind[at] = 2
        kind[:1] = 2
        gaps.append(kind)
    return np.concatenate([np.empty(0, dtype=np.uint32), *gaps])


def _columns(own: Signs, lengths: IntArray, gaps: NDArray[np.uint32]) -> Signs:
    """Own signs, those of up to two neighbours on each side, and pairs of them; hashed, (n, f)."""
    ends = np.cumsum(lengths)
    within = np.arange(len(own)) - np.repeat(ends - lengths, lengths)
    left = np.repeat(lengths, lengths) - within - 1

    def near(step: int, sign: int) -> Signs:
        found = np.roll(own[:, sign], -step)
        found[(within < -step) if step < 0 else (left < step)] = 1
        return found

    small, short, suffix = 1, 3, 9
    joined = np.concatenate([gaps[1:], gaps[:1]])
    shape = own[:, short]
    signs = [*own.T, np.zeros(len(own), np.uint32)]
    signs += [near(step, sign) for sign in (small, short) for step in (-2, -1, 1, 2)]
    signs += [near(step, suffix) for step in (-1, 1)]
    signs += [_pair(near(-1, small), own[:, small]), _pair(own[:, small], near(1, small))]
    signs += [_pair(near(-1, short), shape), _pair(shape, near(1, short))]
    signs += [_pair(_pair(near(-1, short), shape), near(1, short)), _pair(near(-2, small), near(-1, small))]
    signs += [_pair(gaps, shape), _pair(joined, shape), _pair(near(1, small), near(2, small))]
    salted = [_mixed(one, place) for place, one in enumerate(signs)]
    return np.stack(salted, axis=1)


def _pair(one: Signs, other: Signs) -> Signs:
    return _mixed(one, 77) ^ other


def _mixed(signs: Signs, salt: int) -> Signs:
    """Spread over all columns, another way for every salt (the finaliser of MurmurHash3)."""
    found = signs ^ np.uint32(salt * 0x9E3779B1 % 2**32)
    found = (found ^ (found >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    found = (found ^ (found >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return found ^ (found >> np.uint32(16))


def column_of(seen: Seen) -> NDArray[Any]:
    """``columns`` folded into [0, COLUMNS)."""
    return seen.columns & np.uint32(COLUMNS - 1)
