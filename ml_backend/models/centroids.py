"""The mean row of each label: what is learned where there are so many labels that nothing better ends in time.

Rocchio 1971, as a linear model: a logit is the cosine to a label's mean, against the mean of all rows.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from ..records import Arrays, Features, FloatArray
from .logistic import Linear
from .options import Options

SHARP = 20.0
"""Cosines are small numbers; a temperature then finds the right size from within its bounds."""


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Linear:  # noqa: ARG001 - the signature of HEADS
    """What ``saved`` gave. Raises KeyError for anything else."""
    return Linear(arrays["weights"], arrays["intercepts"])


def fit(features: Features, targets: FloatArray, weights: FloatArray, options: Options) -> list[Linear]:
    """One mean a label; see HeadFamily."""
    found = []
    for weight in weights:
        options.check_time()
        found.append(_fit_one(features, targets * weight[:, None], weight))
    return found


def _fit_one(features: Features, counted: FloatArray, weight: FloatArray) -> Linear:
    """``counted`` (n, k): targets times weights."""
    share = sparse.csr_matrix(counted).T @ sparse.csr_matrix(features)
    share = np.asarray(share.toarray(), dtype=np.float32)
    common = np.asarray(sparse.csr_matrix(features).T @ weight).ravel() / max(weight.sum(), 1e-12)
    length = np.linalg.norm(share, axis=1, keepdims=True)
    means = share / np.where(length > 1e-9, length, 1)
    seen = length[:, 0] > 1e-9
    against = common / max(float(np.linalg.norm(common)), 1e-12)
    found = SHARP * (means - 0.5 * against.astype(np.float32))
    found[~seen] = -SHARP * against
    return Linear(np.asarray(found, dtype=np.float32), np.where(seen, 0.0, -SHARP))
