"""Calibrated probabilities: temperature scaling and the figures that say how well calibrated they are. Pure.

Everything here takes class positions 0..k-1 of ``logits``' columns; ``positions`` turns labels of any kind into them.
Guo et al. 2017, "On Calibration of Modern Neural Networks".
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import expit, softmax

from .records import BoolArray, FloatArray, IntArray

LOWEST_TEMPERATURE = 0.05
HIGHEST_TEMPERATURE = 20.0
BINS = 10
_SMALLEST = 1e-12


def positions(given: Sequence[object], classes: Sequence[object]) -> IntArray:
    """Where each label stands in ``classes``; raises ValueError for one that does not.

    >>> positions([7, 3, 7], [3, 7]).tolist()
    [1, 0, 1]
    """
    place = {label: index for index, label in enumerate(classes)}
    if missing := sorted({str(label) for label in given if label not in place}):
        raise ValueError(f"no such class: {', '.join(missing)}; there are: {', '.join(map(str, classes))}")
    return np.array([place[label] for label in given], dtype=np.int64)


def softmax_at(logits: FloatArray, temperature: float) -> FloatArray:
    """Probabilities over the classes of each row, (n, k): softmax(logits / T)."""
    return np.asarray(softmax(logits / temperature, axis=1), dtype=np.float64)


def sigmoid_at(logits: FloatArray, temperatures: FloatArray) -> FloatArray:
    """Probability of each label by itself, (n, k): sigmoid(logits / T of the label)."""
    return np.asarray(expit(logits / temperatures), dtype=np.float64)


def fit_temperature(
    logits: FloatArray,
    given: IntArray,
    trust: FloatArray | None = None,
    shares_at: Callable[[FloatArray, float], FloatArray] = softmax_at,
) -> float:
    """The temperature in [0.05, 20] that makes the labels that were given most likely.

    ``logits`` (n, k) must be out of sample; ``given`` (n,) are class positions, 0 the first of those that
    ``shares_at(logits, T)`` gives probabilities of; ``trust`` (n,) in [0, 1] is
    the probability that the given label is the true one (default 1), a wrong one being any of the others alike: a
    model that is sure of something else than a doubtful label is not punished for it (forward correction, Patrini et
    al. 2017). As in Platt 1999 the given label counts (n + 1) / (n + 2), so that a few answers that all happen to be
    right make nobody certain. Undefined without rows or with one class: 1.0, which changes nothing.

    >>> sure = np.array([[8.0, 0.0], [8.0, 0.0], [8.0, 0.0], [8.0, 0.0]])
    >>> T = fit_temperature(sure, np.array([0, 0, 0, 1]))
    >>> softmax_at(sure, T)[0, 0].round(3).item()  # (3 x 5/6 + 1/6) / 4
    0.667
    """
    if not len(logits):
        return 1.0
    evenly = shares_at(logits, 1.0)
    _check(evenly, given)
    count, classes = evenly.shape
    if classes < 2:
        return 1.0
    right = np.ones(count) if trust is None else trust
    doubt = 1 / (count + 2)
    others = np.full(evenly.shape, doubt / (classes - 1))
    others[np.arange(count), given] = 0

    def loss(log_temperature: float) -> float:
        shares = np.maximum(shares_at(logits, float(np.exp(log_temperature))), _SMALLEST)
        chosen = shares[np.arange(count), given]
        told = right * chosen + (1 - right) * (1 - chosen) / (classes - 1)
        return float(-(1 - doubt) * np.log(told).sum() - (others * np.log(shares)).sum())

    from scipy.optimize import minimize_scalar  # slow to import, and answering needs none of it

    bounds = np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def fit_label_temperatures(
    logits: FloatArray, chosen: FloatArray, known: BoolArray, trust: FloatArray | None = None
) -> FloatArray:
    """One temperature a label for multiple choice, (k,): as ``fit_temperature``, each label by itself.

    ``chosen`` (n, k) is 1 where a label was chosen and 0 where not; only where ``known`` (n, k) does it count.
    """
    if logits.shape != chosen.shape:
        raise ValueError(f"logits are {logits.shape} and chosen is {chosen.shape}")
    right = np.ones(len(logits)) if trust is None else trust
    found = [
        fit_temperature(
            np.column_stack([np.zeros(rows.sum()), column[rows]]), truth[rows].astype(np.int64), right[rows]
        )
        for column, truth, rows in zip(logits.T, chosen.T, known.T, strict=True)
    ]
    return np.array(found)


def negative_log_likelihood(probabilities: FloatArray, truth: IntArray) -> float:
    """Mean of -log p(truth) in nats, 0 is best. ``probabilities`` (n, k). Raises ValueError without rows."""
    _check(probabilities, truth)
    _need_rows(truth)
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, _SMALLEST)).mean())


def brier_score(probabilities: FloatArray, truth: IntArray) -> float:
    """Mean squared distance between probabilities (n, k) and the truth as one-hot rows: in [0, 2], 0 is best.

    Brier 1950. For two classes it is twice the score of the positive class alone.

    >>> brier_score(np.array([[0.8, 0.2]]), np.array([0])).__round__(3)
    0.08
    """
    _check(probabilities, truth)
    _need_rows(truth)
    wanted = np.eye(probabilities.shape[1])[truth]
    return float(((probabilities - wanted) ** 2).sum(axis=1).mean())


def expected_calibration_error(confidence: FloatArray, right: FloatArray, bins: int = BINS) -> float:
    """Mean distance of confidence and accuracy over ``bins`` of equal width, weighted by their size: in [0, 1].

    ``confidence`` (n,) in [0, 1]; ``right`` (n,) is 1 where the answer was right. A confidence on an edge belongs to
    the bin above it, 1.0 to the last. Naeini et al. 2015.

    >>> round(expected_calibration_error(np.array([0.95, 0.95]), np.array([1.0, 0.0])), 2)
    0.45
    """
    _need_rows(confidence)
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def _need_rows(values: FloatArray | IntArray) -> None:
    if len(values) == 0:
        raise ValueError("undefined without a single row")


def _check(values: FloatArray, truth: IntArray) -> None:
    if values.ndim != 2 or truth.shape != (len(values),):
        raise ValueError(f"expected (n, k) and (n,), not {values.shape} and {truth.shape}")
    if len(truth) and (truth.min() < 0 or truth.max() >= values.shape[1]):
        raise ValueError(f"class positions must be 0..{values.shape[1] - 1}: use positions() for other labels")
