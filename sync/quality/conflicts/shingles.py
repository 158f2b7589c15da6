"""Written texts as sets of hashed runs of characters, and how alike two such sets are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records import FloatArray, IntArray

Hashes = NDArray[np.uint32]

LENGTH = 4
"""Characters in a shingle."""
BLOCK = 1 << 20
"""Characters that are worked on at once: what bounds the memory."""
_FIELD = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0x100000001B3)


@dataclass(frozen=True, slots=True, eq=False)
class Shingles:
    """The shingles of some texts: ``hashes`` are those of text i from ``starts[i]`` up to ``starts[i + 1]``.

    ``field`` holds the place of the field that each is from. A set is not free of repetitions.
    """

    hashes: Hashes
    field: NDArray[np.uint8]
    starts: IntArray


def shingles(texts: Sequence[Sequence[str]]) -> Shingles:
    """All runs of four characters in each text, a text being its fields; a shorter field is one shingle as it is.

    An empty field has none. Equal runs in different fields are different shingles.

    >>> shingles([["abcde", ""], ["xy", "abcd"]]).starts.tolist()
    [0, 2, 4]
    """
    fields = [field for text in texts for field in text]
    lengths = np.fromiter((len(field) for field in fields), np.int64, len(fields))
    padded = [field.ljust(LENGTH, "\0") if field else "" for field in fields]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    runs = np.where(lengths > 0, np.maximum(lengths - LENGTH + 1, 1), 0)
    taken = np.where(lengths > 0, np.maximum(lengths, LENGTH), 0)
    first = np.cumsum(taken) - taken
    at = np.arange(runs.sum()) + np.repeat(first - (np.cumsum(runs) - runs), runs)
    counts = [len(text) for text in texts]
    place = np.concatenate([np.arange(count) for count in counts]) if counts else np.zeros(0, dtype=np.int64)
    of_field = np.repeat(place, runs)
    hashed = np.zeros(len(at), dtype=np.uint64)
    for step in range(LENGTH):
        hashed = hashed * _STEP + codes[at + step]
    starts = np.concatenate([[0], np.cumsum(runs)])[np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])]
    hashes = (mixed(hashed + of_field.astype(np.uint64) * _FIELD) >> np.uint64(32)).astype(np.uint32)
    return Shingles(hashes, of_field.astype(np.uint8), starts)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit depends on every other: the finaliser of splitmix64 (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def drawn(seed: int, count: int) -> NDArray[np.uint64]:
    """The first numbers of splitmix64: as good as random, the same for a seed."""
    return mixed((np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed % 2**32) * np.uint64(count)) * _FIELD)


def blocks(sizes: IntArray, most: int = BLOCK) -> Iterator[slice]:
    """Neighbouring places in blocks whose sizes add up to ``most`` or so; one that is larger stands alone."""
    start, filled = 0, 0
    for place, size in enumerate(sizes.tolist()):
        if filled and filled + size > most:
            yield slice(start, place)
            start, filled = place, 0
        filled += size
    if start < len(sizes):
        yield slice(start, len(sizes))


def jaccard(texts: Sequence[Sequence[str]], left: IntArray, right: IntArray) -> FloatArray:
    """|A and B| / |A or B| of the shingles in the field of two texts where that is lowest: shape (pairs,), in [0, 1].

    A field that is empty in both is alike (1), one that is empty in one is not (0).

    >>> texts = [["a red house", "x"], ["a red horse", "x"], ["a red house", "y"]]
    >>> jaccard(texts, np.array([0, 0, 0]), np.array([1, 2, 0])).round(2).tolist()
    [0.45, 0.0, 1.0]
    """
    sizes = np.fromiter((sum(map(len, text)) + 1 for text in texts), np.int64, len(texts))
    found = np.ones(len(left))
    for here in blocks(sizes[left] + sizes[right]):
        used, place = np.unique(np.concatenate([left[here], right[here]]), return_inverse=True)
        some = [texts[at] for at in used.tolist()]
        one, other = np.split(place, 2)
        found[here] = _jaccard(shingles(some), one, other, max(map(len, some)))
    return found


def _jaccard(sets: Shingles, left: IntArray, right: IntArray, fields: int) -> FloatArray:
    """Each pair's shingles are sorted together: an element of both stands there twice."""
    one, other = (_distinct(sets, texts) for texts in (left, right))
    both = np.sort(np.concatenate([one, other]), kind="stable")
    shared = both[1:][both[1:] == both[:-1]]
    cells = len(left) * fields
    common, first, second = (
        np.bincount((keys >> np.uint64(40)).astype(np.int64) * fields + _field(keys), minlength=cells)
        for keys in (shared, one, other)
    )
    union = first + second - common
    alike = np.divide(common, union, out=np.ones(cells), where=union > 0)
    lowest: FloatArray = alike.reshape(len(left), fields).min(axis=1, initial=1.0)
    return lowest


def _field(keys: NDArray[np.uint64]) -> IntArray:
    return ((keys >> np.uint64(32)) & np.uint64(0xFF)).astype(np.int64)


def _distinct(sets: Shingles, texts: IntArray) -> NDArray[np.uint64]:
    """The shingles of the text of each pair, once each, as pair (24 bits), field (8) and hash (32)."""
    sizes = (sets.starts[1:] - sets.starts[:-1])[texts]
    at = np.arange(sizes.sum()) + np.repeat(sets.starts[texts] - (np.cumsum(sizes) - sizes), sizes)
    pair = np.repeat(np.arange(len(texts), dtype=np.uint64), sizes)
    high = (pair << np.uint64(8)) | sets.field[at].astype(np.uint64)
    keys: NDArray[np.uint64] = np.unique((high << np.uint64(32)) | sets.hashes[at])
    return keys
