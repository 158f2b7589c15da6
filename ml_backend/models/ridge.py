"""Ridge regression on rows of length 1; how strong the penalty is, leaving each row out tells (Allen 1974)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import eigh

from ..records import Arrays, Features, FloatArray, IntArray
from .logistic import Linear
from .options import Options

PENALTIES = np.logspace(-3, 3, 25)
MOST_ROWS = 2_000
"""Rows that the penalty is chosen on, and up to which rows are compared with each other instead of columns."""


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Linear:  # noqa: ARG001 - the signature of HEADS
    """What ``saved`` gave. Raises KeyError for anything else."""
    return Linear(arrays["weights"], arrays["intercepts"])


def fit(features: Features, targets: FloatArray, weights: FloatArray, options: Options) -> list[Linear]:
    """One regression a column of targets, by the penalty that suits all rows best; see HeadFamily."""
    seen = np.flatnonzero(weights[0])
    if len(seen) > MOST_ROWS:
        seen = np.sort(np.random.default_rng(options.seed).choice(seen, MOST_ROWS, replace=False))
    penalty = best_penalty(features[seen], targets[seen], weights[0][seen])
    heads = []
    for weight in weights:
        options.check_time()
        heads.append(_fit_one(features, targets, weight, penalty))
    return heads


def best_penalty(features: Features, targets: FloatArray, weights: FloatArray) -> float:
    """The one of PENALTIES whose squared errors on rows that are left out, weighted, sum to the least."""
    root = np.sqrt(weights)[:, None]
    wanted = (targets - np.average(targets, axis=0, weights=weights)) * root
    values, vectors = eigh(_products(features) * root * root.T)
    turned = vectors.T @ wanted

    def error(penalty: float) -> float:
        shrunk = 1 / (np.maximum(values, 0) + penalty)
        left_out = (vectors @ (shrunk[:, None] * turned)) / (vectors**2 @ shrunk)[:, None]
        return float((left_out**2).sum())

    return float(min(PENALTIES, key=error))


def _fit_one(features: Features, targets: FloatArray, weights: FloatArray, penalty: float) -> Linear:
    seen: IntArray = np.flatnonzero(weights)
    rows, root = features[seen], np.sqrt(weights[seen])[:, None]
    mean = np.average(targets[seen], axis=0, weights=weights[seen])
    wanted = (targets[seen] - mean) * root
    if len(seen) <= MOST_ROWS:
        inner = _products(rows) * root * root.T + penalty * np.eye(len(seen))
        found = rows.T @ (root * np.linalg.solve(inner, wanted))
    else:
        found = _by_columns(rows, wanted, root, penalty)
    return Linear(np.ascontiguousarray(found.T, dtype=np.float32), mean)


def _by_columns(rows: Features, wanted: FloatArray, root: FloatArray, penalty: float) -> FloatArray:
    """By conjugate gradients, since the rows are too many to compare them with each other."""
    from sklearn.linear_model import Ridge  # slow to import, and --help needs none of it

    scaled = sparse.diags(root[:, 0]) @ sparse.csr_matrix(rows)
    model = Ridge(penalty, fit_intercept=False, solver="sparse_cg", tol=1e-5)
    return np.asarray(model.fit(scaled, wanted).coef_.reshape(wanted.shape[1], -1).T)


def _products(rows: Features) -> FloatArray:
    """How alike rows are, (n, n)."""
    found = rows @ rows.T
    return np.asarray(found.toarray() if sparse.issparse(found) else found, dtype=np.float64)
