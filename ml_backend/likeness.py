"""How alike rows of an encoder are: their products, whatever the rows are kept as. Pure."""

import numpy as np
from scipy import sparse

from .records import Features, FloatArray

FULL = 0.5
"""A column that this share of the rows has is multiplied as a dense one: sparse products cost the square of it."""


def likeness(one: Features, others: Features) -> FloatArray:
    """The product of each row of ``one`` with each of ``others``, (n, m); a row of zeros is like nothing.

    >>> rows = sparse.csr_matrix([[1.0, 0.0], [0.6, 0.8]])
    >>> likeness(rows, rows).round(2).tolist()
    [[1.0, 0.6], [0.6, 1.0]]
    """
    if not sparse.issparse(others):
        return np.asarray(one @ others.T, dtype=np.float64)
    full = np.bincount(others.indices, minlength=others.shape[1]) > FULL * others.shape[0]
    if not full.any():
        return np.asarray((one @ others.T).toarray(), dtype=np.float64)
    found = np.asarray(one[:, full].toarray() @ others[:, full].toarray().T, dtype=np.float64)
    rest = np.flatnonzero(~full)
    found += (one[:, rest] @ others[:, rest].T).toarray()
    return found
