"""How alike rows of an encoder are: their products, whatever the rows are kept as. Pure."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .records import Features, FloatArray, IntArray

FULL = 0.05
"""A column that this share of the rows has is multiplied as a dense one: sparse products cost the square of it."""

FEW = 4
"""So few rows are multiplied as they are: cutting the many rows into columns would cost more than it saves."""

AT_ONCE = 4096
"""Rows whose full columns are spread out at the same time."""


def likeness(one: Features, others: Features) -> FloatArray:
    """The product of each row of ``one`` with each of ``others``, (n, m); a row of zeros is like nothing.

    >>> rows = sparse.csr_matrix([[1.0, 0.0], [0.6, 0.8]])
    >>> likeness(rows, rows).round(2).tolist()
    [[1.0, 0.6], [0.6, 1.0]]
    """
    if not sparse.issparse(others):
        return np.asarray(one @ others.T, dtype=np.float64)
    if others.shape[0] <= FEW:
        return np.asarray(one @ others.toarray().T, dtype=np.float64)
    return ready(others).likeness(one)


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """m sparse rows with d columns, made ready to be compared with others again and again.

    ``rest`` (d, m) are the columns that few of them have, ``full`` (f, m) those that many have; ``place`` (d,) says
    which of these a column is, -1 for the rest.
    """

    rest: sparse.csr_matrix
    full: FloatArray
    place: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """(m, d)."""
        return int(self.rest.shape[1]), int(self.rest.shape[0])

    def likeness(self, one: sparse.csr_matrix) -> FloatArray:
        """The product of each row of ``one`` with each of them, (n, m)."""
        found = np.asarray((one @ self.rest).toarray(), dtype=np.float64)
        if len(self.full):
            for start in range(0, one.shape[0], AT_ONCE):
                found[start : start + AT_ONCE] += self._spread(one[start : start + AT_ONCE]) @ self.full
        return found

    def _spread(self, one: sparse.csr_matrix) -> FloatArray:
        """The full columns of ``one``, (n, f)."""
        place = self.place[one.indices]
        known = place >= 0
        row = np.repeat(np.arange(one.shape[0]), np.diff(one.indptr))[known]
        shape = one.shape[0], len(self.full)
        found = np.bincount(row * shape[1] + place[known], one.data[known], minlength=shape[0] * shape[1])
        return np.asarray(found.reshape(shape), dtype=self.full.dtype)


def ready(others: sparse.csr_matrix) -> Ready:
    """Sparse rows, to be compared again and again; ``likeness`` does it each time anew.

    >>> rows = sparse.csr_matrix([[1.0, 0.0], [0.6, 0.8]])
    >>> ready(rows).likeness(rows[:1]).round(2).tolist()
    [[1.0, 0.6]]
    """
    count, columns = others.shape
    full = np.flatnonzero(np.bincount(others.indices, minlength=columns) > FULL * count)
    place = np.full(columns, -1, dtype=np.int64)
    place[full] = np.arange(len(full))
    rest = others.copy()
    rest.data = np.where(place[rest.indices] < 0, rest.data, 0)
    rest.eliminate_zeros()
    spread = np.ascontiguousarray(others[:, full].toarray().T)
    return Ready(rest.T.tocsr(), spread, place)
