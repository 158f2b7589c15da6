"""Temperature scaling (Guo et al. 2017): how sure a model should have been."""

import numpy as np
from scipy import optimize

from ..records import FloatArray, IntArray
from .scores import checked

_LOG_RANGE = 3.0
"""Temperatures from exp(-3) to exp(3) are looked at: 0.05 to 20."""
_LEAST = 1e-12


def temperature(given: IntArray, probabilities: FloatArray) -> float:
    """The temperature above 0 at which the given labels are most likely; more than 1 where the model is too sure.

    Labels are consensus or rulings of tasks that the model did not learn from. 1 where there is nothing to learn from:
    no task, or one class. Probabilities are taken as by ``doubt_of_labels``.

    >>> given = np.array([0, 0, 0, 1])
    >>> sure = np.tile([0.99, 0.01], (4, 1))  # three of four right: 0.75 would be honest
    >>> scaled(sure, temperature(given, sure)).round(2)[0].tolist()
    [0.75, 0.25]
    """
    probabilities = checked(given, probabilities)
    if len(given) == 0 or probabilities.shape[1] < 2:
        return 1.0
    logs = np.log(np.maximum(probabilities, _LEAST))
    logs -= logs.max(axis=1, keepdims=True)
    own = logs[np.arange(len(given)), given]

    def loss(log_temperature: float) -> float:
        cold = np.exp(-log_temperature)
        return float(np.mean(np.log(np.exp(cold * logs).sum(axis=1)) - cold * own))

    found = optimize.minimize_scalar(loss, bounds=(-_LOG_RANGE, _LOG_RANGE), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def scaled(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Probabilities at a temperature: p^(1/T), scaled to sum to 1; a row of zeros stays one.

    Raises ValueError for a temperature that is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature is above 0, not {temperature}")
    highest = probabilities.max(axis=1, keepdims=True, initial=0.0)
    share = np.divide(probabilities, highest, out=np.zeros(probabilities.shape), where=highest > 0)
    powers = share ** (1 / temperature)
    totals = powers.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(powers, totals, out=np.zeros(probabilities.shape), where=totals > 0)
    return shares
