"""Confident learning: how given and true labels go together, and which of the given are errors.

Source: C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
2021.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ..records import BoolArray, FloatArray, IntArray
from .scores import checked, normalized_margin, self_confidence

Prune = Callable[[IntArray, FloatArray, FloatArray], BoolArray]


def class_thresholds(given: IntArray, probabilities: FloatArray) -> FloatArray:
    """How sure the model is of a class, on average, where that class was given: shape (classes,), equation 2.

    Infinite for a class that was never given: nothing shows how sure is sure.
    """
    rows = np.arange(len(given))
    classes = probabilities.shape[1]
    total = np.bincount(given, probabilities[rows, given], classes)
    count = np.bincount(given, minlength=classes)
    thresholds: FloatArray = np.divide(total, count, out=np.full(classes, np.inf), where=count > 0)
    return thresholds


def confident_joint(given: IntArray, probabilities: FloatArray) -> FloatArray:
    """Estimated numbers of tasks by given and true class: (given, true), in sum the number of tasks.

    A task counts for the most probable of the classes whose probability reaches their threshold (equation 1); then
    each row is scaled to how often its class was given (equation 3). A row of which no task counts is all as given.
    Probabilities are taken as by ``doubt_of_labels``.

    >>> given, model = np.array([0, 0, 0, 1, 1, 1]), np.array([0.9, 0.9, 0.2, 0.1, 0.1, 0.6])
    >>> confident_joint(given, np.stack([model, 1 - model], axis=1)).round(2).tolist()
    [[2.0, 1.0], [0.0, 3.0]]
    """
    probabilities = checked(given, probabilities)
    classes = probabilities.shape[1]
    reached = probabilities >= class_thresholds(given, probabilities) - 1e-6
    confident = np.where(reached, probabilities, -1.0)
    counts = np.zeros((classes, classes))
    if classes and len(given):
        rows = reached.any(axis=1)
        cells = given[rows] * classes + confident[rows].argmax(axis=1)
        counts = np.bincount(cells, minlength=classes**2).reshape(classes, classes).astype(np.float64)
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.eye(classes), where=total > 0)
    joint: FloatArray = shares * np.bincount(given, minlength=classes)[:, None]
    return joint


def noise_matrix(joint: FloatArray) -> FloatArray:
    """The probability of each given class where a class is true: (given, true), columns sum to 1.

    A class that is true of no task is taken to be given as it is.

    >>> noise_matrix(np.array([[2.0, 1.0], [0.0, 3.0]])).tolist()
    [[1.0, 0.25], [0.0, 0.75]]
    """
    total = joint.sum(axis=0, keepdims=True)
    noise: FloatArray = np.divide(joint, total, out=np.eye(len(joint)), where=total > 0)
    return noise


def _by_noise_rate(given: IntArray, probabilities: FloatArray, joint: FloatArray) -> BoolArray:
    """Of each given class, for each other one, as many as the joint counts: those where the other is most ahead."""
    errors = np.zeros(len(given), dtype=np.bool_)
    for label in range(len(joint)):
        rows = np.flatnonzero(given == label)
        ahead = probabilities[rows] - probabilities[rows, label][:, None]
        for other in range(len(joint)):
            if other != label:
                errors[_most(rows, ahead[:, other], joint[label, other])] = True
    return errors


def _by_class(given: IntArray, probabilities: FloatArray, joint: FloatArray) -> BoolArray:
    """Of each given class as many as the joint counts for others: those whose label is least probable."""
    errors = np.zeros(len(given), dtype=np.bool_)
    doubt = self_confidence(given, probabilities)
    for label in range(len(joint)):
        rows = np.flatnonzero(given == label)
        errors[_most(rows, doubt[rows], joint[label].sum() - joint[label, label])] = True
    return errors


def _most(rows: IntArray, values: FloatArray, count: float) -> IntArray:
    """The rows with the largest values, rounded; those equal to the last one come along, so order means nothing."""
    number = min(len(rows), round(count))
    if number <= 0:
        return rows[:0]
    least = -np.partition(-values, number - 1)[number - 1]
    most: IntArray = rows[values >= least]
    return most


def _both(given: IntArray, probabilities: FloatArray, joint: FloatArray) -> BoolArray:
    return _by_noise_rate(given, probabilities, joint) & _by_class(given, probabilities, joint)


def _ahead(given: IntArray, probabilities: FloatArray, _: FloatArray) -> BoolArray:
    """Another label is more probable."""
    ahead: BoolArray = normalized_margin(given, probabilities) > 0.5
    return ahead


PRUNE: Mapping[str, Prune] = {
    "noise_rate": _by_noise_rate,
    "class": _by_class,
    "both": _both,
    "more_probable": _ahead,
}
"""Name -> which labels are errors (section 3.2 of the paper); the first is the default."""


def errors(given: IntArray, probabilities: FloatArray, by: str = "noise_rate") -> BoolArray:
    """Which given labels are probably errors: (tasks,). A label that the model finds most probable never is.

    Raises ValueError for another name, which lists the names there are, and as ``doubt_of_labels`` does.

    >>> given, model = np.array([0, 0, 0, 1, 1, 1]), np.array([0.9, 0.9, 0.2, 0.1, 0.1, 0.6])
    >>> errors(given, np.stack([model, 1 - model], axis=1)).tolist()
    [False, False, True, False, False, False]
    """
    if by not in PRUNE:
        raise ValueError(f"no way to find label errors is named {by!r}; there are: {', '.join(PRUNE)}")
    probabilities = checked(given, probabilities)
    joint = confident_joint(given, probabilities)
    found: BoolArray = PRUNE[by](given, probabilities, joint) & _ahead(given, probabilities, joint)
    return found
