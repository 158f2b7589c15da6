"""Texts as numbers, all characters at once: words found, words and letter sequences hashed. Pure.

A sequence of characters c0, c1, ... is the polynomial (c0 + 1) + (c1 + 1) P + (c2 + 1) P^2 ... modulo 2^64. Since P
has an inverse there, one cumulative sum over all texts gives every word's and every letter sequence's value by a
subtraction and a product. The values stand in models: they must never change.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..records import BoolArray, IntArray

Hashes = NDArray[np.uint64]

BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 2**64)
USUAL_BITS = 20
"""The powers of P are kept for stretches of so many characters, as a binary number: longer ones are rare."""

_LAST_SPACE = 0x3000


def offsets(lengths: IntArray | BoolArray) -> IntArray:
    """Where each of consecutive parts begins, and where the last one ends, (n + 1,).

    >>> offsets(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    found = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=found[1:])
    return found


def lengths_of(parts: Sequence[Sequence[object]]) -> IntArray:
    """How long each part is, (n,)."""
    return np.fromiter(map(len, parts), np.int64, len(parts))


def characters(text: str) -> NDArray[np.uint32]:
    """The code points of a text, halves of characters included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def spaces(points: NDArray[np.uint32]) -> BoolArray:
    """Which code points ``str.split`` takes for white space."""
    return np.asarray(_is_space().take(points, mode="clip"))


def mixed(values: Hashes) -> Hashes:
    """Every bit of the result depends on every bit of the value: the last step of SplitMix64 (Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


class Sums:
    """The cumulative sum over code points, which gives the hash of any stretch of them."""

    def __init__(self, points: NDArray[np.uint32]) -> None:
        size = 1 << max(USUAL_BITS, len(points).bit_length())
        self._inverse = _powers(INVERSE, size)
        self._sums = np.zeros(len(points) + 1, dtype=np.uint64)
        # 1 is added so that a sequence differs from the one that begins with a zero more.
        weighted = (points + np.uint64(1)) * _powers(BASE, size)[: len(points)]
        np.cumsum(weighted, out=self._sums[1:])

    def of(self, starts: IntArray, ends: IntArray) -> Hashes:
        """A hash of each stretch from a start to before its end, (n,)."""
        return mixed((self._sums[ends] - self._sums[starts]) * self._inverse[starts])


def hashes(words: Sequence[str]) -> Hashes:
    """A hash of each word, (n,): equal words, equal hashes, on every machine.

    >>> a, b, c = hashes(["tide", "tied", "tide"])
    >>> bool(a == c), bool(a == b)
    (True, False)
    """
    bounds = offsets(lengths_of(words))
    return Sums(characters("".join(words))).of(bounds[:-1], bounds[1:])


def pairs(first: Hashes, second: Hashes) -> Hashes:
    """A hash of each ordered pair of hashes, (n,)."""
    return mixed(first * np.uint64(BASE) + second)


@lru_cache(maxsize=4)
def _powers(base: int, size: int) -> Hashes:
    found = np.full(size, base, dtype=np.uint64)
    found[0] = 1
    return np.multiply.accumulate(found)


@lru_cache(maxsize=1)
def _is_space() -> BoolArray:
    """By code point; the last entry stands for all that come after."""
    return np.array([chr(point).isspace() for point in range(_LAST_SPACE + 1)] + [False])
