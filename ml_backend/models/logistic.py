"""Logistic regression: the strongest of the simple heads on sparse texts, and quick."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..records import Arrays, Features, FloatArray
from .options import Options

STRENGTH = 10.0
"""scikit-learn's C. The rows have length 1, so that little regularisation is right."""

ABSENT = -12.0
"""The logit of a class or label that was never seen."""


class Linear:
    """One weight a column and class, and an intercept."""

    def __init__(self, weights: np.ndarray[Any, Any], intercepts: FloatArray) -> None:
        self._weights = weights
        self._intercepts = intercepts

    def logits(self, features: Features) -> FloatArray:
        """(n, k)."""
        return np.asarray(features @ self._weights.T + self._intercepts, dtype=np.float64)

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The weights (k, d) and intercepts (k,)."""
        return {}, {"weights": self._weights, "intercepts": self._intercepts}


def restore(settings: Mapping[str, Any], arrays: Arrays) -> Linear:  # noqa: ARG001 - the signature of HEADS
    """What ``saved`` gave. Raises KeyError for anything else."""
    return Linear(arrays["weights"], arrays["intercepts"])


def fit(features: Features, targets: FloatArray, weights: FloatArray, options: Options) -> list[Linear]:
    """Multinomial over the classes that occur, or one binary regression a label; see HeadFamily."""
    heads = []
    for weight in weights:
        seen = np.flatnonzero(weight)
        heads.append(_fit_one(features[seen], targets[seen], weight[seen], options))
    return heads


def _fit_one(features: Features, targets: FloatArray, weights: FloatArray, options: Options) -> Linear:
    coefficients = np.zeros((targets.shape[1], features.shape[1]), dtype=np.float32)
    intercepts = np.full(targets.shape[1], ABSENT)
    if options.multiple:
        for label, column in enumerate(targets.T):
            chosen = (column >= 0.5).astype(np.int64)
            if chosen.min() == chosen.max():
                intercepts[label] = -ABSENT if chosen[0] else ABSENT
                continue
            model = _fitted(features, chosen, weights, options.seed)
            coefficients[label], intercepts[label] = model.coef_[0], model.intercept_[0]
        return Linear(coefficients, intercepts)
    classes = targets.argmax(axis=1)
    seen = np.unique(classes)
    if len(seen) == 1:
        intercepts[seen] = 0.0
        return Linear(coefficients, intercepts)
    model = _fitted(features, classes, weights, options.seed)
    if len(seen) == 2:  # scikit-learn gives the second class's log odds alone
        coefficients[seen[1]], intercepts[seen] = model.coef_[0], [0.0, model.intercept_[0]]
    else:
        coefficients[seen], intercepts[seen] = model.coef_, model.intercept_
    return Linear(coefficients, intercepts)


def _fitted(features: Features, classes: np.ndarray[Any, Any], weights: FloatArray, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression  # slow to import, and --help needs none of it

    model = LogisticRegression(C=STRENGTH, max_iter=1000, random_state=seed)
    return model.fit(features, classes, sample_weight=weights)
