"""Which answers are the same: numbers for them, and the work of a distance done once for each two unlike ones."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import numpy as np

from ..records import FloatArray, IntArray
from .comparison import Comparison

Key = TypeVar("Key", bound=Hashable)

Measure = Callable[[IntArray, IntArray], FloatArray]
"""Two arrays of codes, unlike at each place -> the distances."""


def codes(keys: Iterable[Key]) -> tuple[IntArray, list[Key]]:
    """Equal keys get equal numbers, in the order in which they first occur; and the distinct keys in that order.

    >>> codes("abca")
    (array([0, 1, 2, 0]), ['a', 'b', 'c'])
    """
    place: dict[Key, int] = {}
    found = np.fromiter((place.setdefault(key, len(place)) for key in keys), dtype=np.int64)
    return found, list(place)


def unequal(code: IntArray, pairs: Comparison) -> FloatArray:
    """0 for pairs of answers with one code, 1 for others; ``code`` has shape (answers,)."""
    found: FloatArray = (code[pairs.left] != code[pairs.right]).astype(np.float64)
    return found


def once_a_pair(left: IntArray, right: IntArray, kinds: int, measure: Measure) -> FloatArray:
    """The distances of codes below ``kinds``: 0 for equal ones, else what ``measure`` says.

    It is asked once for each two codes, whichever stands left and however often, so the distances are symmetric.

    >>> asked = []
    >>> def far(left, right):
    ...     asked.append((left.tolist(), right.tolist()))
    ...     return np.full(len(left), 0.5)
    >>> once_a_pair(np.array([0, 1, 1, 2]), np.array([1, 0, 1, 0]), 3, far).tolist(), asked
    ([0.5, 0.5, 0.0, 0.5], [([0, 0], [1, 2])])
    """
    apart = left != right
    key = np.minimum(left, right)[apart] * kinds + np.maximum(left, right)[apart]
    used, place = _each_once(key, kinds * kinds)
    found = np.zeros(len(left))
    if len(used):
        found[apart] = measure(used // kinds, used % kinds)[place]
    return found


def _each_once(keys: IntArray, end: int) -> tuple[IntArray, IntArray]:
    """The keys in use, ascending, and the place of each key there: counted where that is less work than sorting."""
    if end > 4 * len(keys):
        used, place = np.unique(keys, return_inverse=True)
        return used, place
    table = np.zeros(end, dtype=np.int64)
    table[keys] = 1
    used = np.flatnonzero(table)
    table[used] = np.arange(len(used))
    return used, table[keys]
