"""How much sets share: the counts that Jaccard's index and MASI are made of, for many pairs at once."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy import sparse

from ..records import FloatArray
from .comparison import Comparison
from .equality import codes

_AT_ONCE = 500_000
"""Pairs whose rows are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Of each pair of sets the number of members that both have, and the size of either: shape (pairs,) each."""

    shared: FloatArray
    left: FloatArray
    right: FloatArray

    def jaccard(self) -> FloatArray:
        """Shared members / all members of the two, 1 where both are empty (Jaccard 1901)."""
        union = self.left + self.right - self.shared
        return np.divide(self.shared, union, out=np.ones_like(union), where=union > 0)

    def monotonicity(self) -> FloatArray:
        """1 for equal sets, 2/3 where one holds the other, 1/3 where each has more, 0 where nothing is shared.

        Source: R. Passonneau, "Measuring Agreement on Set-valued Items (MASI)", LREC 2006.
        """
        whole = self.shared == np.minimum(self.left, self.right)
        equal = self.left == self.right
        nothing = (self.shared == 0) & ~(equal & whole)
        return np.where(nothing, 0.0, np.where(whole, np.where(equal, 1.0, 2 / 3), 1 / 3))


def overlap(sets: Sequence[Sequence[Hashable]], pairs: Comparison) -> Overlap:
    """What the sets of each pair share; ``sets`` holds each answer's members, each once."""
    code, distinct = codes(sets)
    members = _members(distinct)
    size = np.asarray(members.sum(axis=1), dtype=np.float64).ravel()
    left, right = code[pairs.left], code[pairs.right]
    if len(distinct) ** 2 <= 4 * len(left):
        shared = (members @ members.T).toarray()[left, right]
    else:
        parts = [slice(start, start + _AT_ONCE) for start in range(0, len(left), _AT_ONCE)]
        rows = [members[left[part]].multiply(members[right[part]]).sum(axis=1) for part in parts]
        shared = np.concatenate([np.asarray(row, dtype=np.float64).ravel() for row in rows] or [np.zeros(0)])
    return Overlap(shared, size[left], size[right])


def _members(sets: Sequence[Sequence[Hashable]]) -> sparse.csr_array:
    """(sets, members): 1 where the set has the member."""
    column, distinct = codes(chain.from_iterable(sets))
    start = np.concatenate([[0], np.cumsum([len(one) for one in sets], dtype=np.int64)])
    return sparse.csr_array((np.ones(len(column)), column, start), shape=(len(sets), max(1, len(distinct))))
