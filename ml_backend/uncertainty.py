"""How unsure a model is: signals in [0, 1], higher = needs a human more. Pure.

``probabilities`` are (n, k): over the classes of a single choice (rows sum to 1), or of each label by itself
(``multiple``). ``members`` are (m, n, k): the same by each of m models.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from scipy.special import entr

from .records import FloatArray

Signals = Mapping[str, FloatArray]
LEAST_CONFIDENCE = "least_confidence"
SIGNALS = (LEAST_CONFIDENCE, "margin", "entropy", "disagreement", "novelty", "fused")
"""What every model of ours tells of every kind of answer, all in [0, 1], higher = a human's answer teaches more.

"fused" is the predicted probability of an error, learned from the others: see fusion.py."""


def least_confidence(probabilities: FloatArray, *, multiple: bool = False) -> FloatArray:
    """1 - the probability of the answer, (n,); for multiple choice that of all labels being right, as if independent.

    One class alone leaves no doubt: 0. Over its largest value it would be the same order, and no probability.

    >>> least_confidence(np.array([[0.5, 0.5, 0.0], [0.75, 0.25, 0.0]])).tolist()
    [0.5, 0.25]
    """
    if multiple:
        return _unit(1 - np.maximum(probabilities, 1 - probabilities).prod(axis=1))
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    return _unit(1 - probabilities.max(axis=1))


def margin(probabilities: FloatArray, *, multiple: bool = False) -> FloatArray:
    """1 - (p1 - p2), the two most probable classes, (n,); for multiple choice that of the least sure label.

    One class alone leaves no doubt: 0.

    >>> margin(np.array([[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]])).round(2).tolist()
    [1.0, 0.2]
    """
    if multiple:
        return _unit((1 - np.abs(2 * probabilities - 1)).max(axis=1, initial=0.0))
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    best = np.partition(probabilities, -2, axis=1)[:, -2:]
    return _unit(1 - (best[:, 1] - best[:, 0]))


def entropy(probabilities: FloatArray, *, multiple: bool = False) -> FloatArray:
    """Shannon entropy over its largest value log(k), (n,); for multiple choice the mean of the labels' own.

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    if multiple:
        if probabilities.shape[1] == 0:
            return np.zeros(len(probabilities))
        return _unit(_binary_entropy(probabilities).mean(axis=1) / np.log(2))
    if probabilities.shape[1] < 2:
        return np.zeros(len(probabilities))
    return _unit(_entropy(probabilities) / np.log(probabilities.shape[1]))


def disagreement(members: FloatArray, *, multiple: bool = False) -> FloatArray:
    """How far the members' opinions are apart: their Jensen-Shannon divergence over its bound, (n,).

    The bound is log(min(m, k)), for a label by itself log(min(m, 2)). One member alone agrees with itself: 0.
    Also known as BALD's mutual information (Houlsby et al. 2011) for an ensemble.

    >>> disagreement(np.array([[[1.0, 0.0]], [[0.0, 1.0]]])).round(6).tolist()
    [1.0]
    """
    count, rows, classes = members.shape
    kinds = 2 if multiple else classes
    bound = np.log(min(count, kinds)) if min(count, kinds) > 1 else 0.0
    if bound == 0.0 or classes == 0:
        return np.zeros(rows)
    if multiple:
        gain = _binary_entropy(members.mean(axis=0)) - _binary_entropy(members).mean(axis=0)
        return _unit(gain.max(axis=1) / bound)
    return _unit((_entropy(members.mean(axis=0)) - _entropy(members).mean(axis=0)) / bound)


def novelty(distances: FloatArray, known: FloatArray) -> FloatArray:
    """The share of training tasks that are nearer to the others than this task is to any of them, (n,).

    ``distances`` (n,) to the nearest training task; ``known`` (t,) each training task's own distance to the nearest
    other one. Undefined without training tasks: 1, all is new.

    >>> novelty(np.array([0.0, 0.25, 9.0]), np.array([0.1, 0.2, 0.3, 0.4])).tolist()
    [0.0, 0.5, 1.0]
    """
    if len(known) == 0:
        return np.ones(len(distances))
    return _unit(np.searchsorted(np.sort(known), distances, side="left") / len(known))


DEFAULT_UTILITY: Literal["margin"] = "margin"
"""Replayed on sets of texts (``tiebreak-ml backtest``, 600 labels), the area under the curve of accuracy is greater by
the margin alone than by a weighted mean of all signals: by 4 points with six classes, by up to half a point with two
or four. What is most likely wrong is not what teaches most."""


def utility(signals: Signals, kind: str = DEFAULT_UTILITY) -> FloatArray:
    """One number a task, (n,): that signal; where a model has not got it, the default one.

    Raises ValueError that lists the names there are for an unknown ``kind``.

    >>> utility({"margin": np.array([0.5])}, "fused").tolist()
    [0.5]
    """
    if kind not in SIGNALS:
        raise ValueError(f"no utility is named {kind!r}; there are: {', '.join(SIGNALS)}")
    return _unit(signals[kind if kind in signals else DEFAULT_UTILITY])


def _entropy(probabilities: FloatArray) -> FloatArray:
    return np.asarray(entr(probabilities).sum(axis=-1))


def _binary_entropy(probabilities: FloatArray) -> FloatArray:
    return np.asarray(entr(probabilities) + entr(1 - probabilities))


def _unit(values: FloatArray) -> FloatArray:
    """Rounding errors stay inside [0, 1]."""
    return np.clip(values, 0.0, 1.0) + 0.0  # no -0.0
