"""How alike rows of an encoder are: their products, whatever the rows are kept as. Pure."""

import numpy as np
from scipy import sparse

from .records import Features, FloatArray

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
    full = np.bincount(others.indices, minlength=others.shape[1]) > FULL * others.shape[0]
    if not full.any():
        return np.asarray((one @ others.T).toarray(), dtype=np.float64)
    rest = np.flatnonzero(~full)
    found = np.asarray((one[:, rest] @ others[:, rest].T).toarray(), dtype=np.float64)
    spread = others[:, full].toarray().T
    for start in range(0, one.shape[0], AT_ONCE):
        found[start : start + AT_ONCE] += one[start : start + AT_ONCE, full].toarray() @ spread
    return found
