"""Locality-sensitive hashing: which two of many things are worth comparing.

Things that are alike get an equal key in at least one of several bands with high probability (Indyk and Motwani 1998);
the keys are signatures of MinHash for sets (Broder 1997), of random hyperplanes for vectors (Charikar 2002).
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..records import FloatArray, IntArray
from .shingles import BLOCK, blocks, drawn, shingles

BANDS, ROWS = 20, 5
"""Two texts with Jaccard similarity s share a key with probability 1 - (1 - s^5)^20: 0.998 at 0.75, 0.05 at 0.3."""
WINDOW = 8
"""Within a bucket each is compared with so many that follow it, and with the first: all of them up to 9."""
PLANES, TABLES = 16, 32
"""Two vectors at an angle of a share a key with probability 1 - (1 - (1 - a / pi)^16)^32: 0.998 at cosine 0.95."""


def signatures(texts: Sequence[Sequence[str]], seed: int) -> NDArray[np.uint32]:
    """The MinHash signature of each text: shape (texts, 100). The share of equal entries estimates the similarity."""
    count = BANDS * ROWS
    factor, shift = (drawn(seed, 2 * count) >> np.uint64(32)).astype(np.uint32).reshape(2, count)
    factor = factor | np.uint32(1)
    found = np.full((len(texts), count), np.uint32(2**32 - 1))
    sizes = np.fromiter((sum(map(len, text)) for text in texts), np.int64, len(texts))
    for here in blocks(sizes, BLOCK // 16):
        sets = shingles(texts[here])
        some = np.flatnonzero(np.diff(sets.starts))
        for at in range(count) if len(some) else ():
            moved = sets.hashes * factor[at] + shift[at]
            found[some + here.start, at] = np.minimum.reduceat(moved, sets.starts[:-1][some])
    return found


def text_keys(signature: NDArray[np.uint32], apart: IntArray) -> Iterable[NDArray[np.uint64]]:
    """The key of each text in each band; texts with other values of ``apart`` never share one."""
    for band in range(BANDS):
        key = apart.astype(np.uint64)
        for row in range(ROWS):
            key = (key ^ signature[:, band * ROWS + row]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        yield key


def vector_keys(unit: FloatArray, seed: int) -> Iterable[NDArray[np.uint64]]:
    """The key of each vector in each table: on which side of 16 random planes it lies.

    The planes' normals have entries of 1 and -1 (Achlioptas 2003).
    """
    weight = np.uint64(1) << np.arange(PLANES, dtype=np.uint64)
    size = unit.shape[1] * PLANES
    bits = (drawn(seed, TABLES * size) >> np.uint64(63)).astype(np.float64)
    for normals in (2 * bits - 1).reshape(TABLES, unit.shape[1], PLANES):
        yield (unit @ normals > 0).astype(np.uint64) @ weight


def candidates(key: NDArray[np.uint64]) -> tuple[IntArray, IntArray]:
    """The pairs of places with an equal key, each once, the lower place on the left.

    Of a bucket with more than 9 members each is compared with the 8 next ones and with the first.

    >>> left, right = candidates(np.array([7, 8, 7, 7], dtype=np.uint64))
    >>> list(zip(left.tolist(), right.tolist()))
    [(0, 2), (0, 3), (2, 3)]
    """
    n = len(key)
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    fresh = np.concatenate([[True], ranked[1:] != ranked[:-1]])[:n]
    first = order[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]] if n else order
    pairs = [first[~fresh] * n + order[~fresh]]
    for step in range(1, min(WINDOW, n - 1) + 1):
        same = ranked[step:] == ranked[:-step]
        if not same.any():
            break
        pairs.append(order[:-step][same] * n + order[step:][same])
    found = np.unique(np.concatenate(pairs))
    return found // max(n, 1), found % max(n, 1)
