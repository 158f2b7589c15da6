"""Weights of partial agreement between ordered categories: 1 for equal ones, less the farther two are apart.

Each takes the categories' values, ascending, shape (categories,), and gives (categories, categories) in [0, 1].
Source: K. L. Gwet, "Handbook of Inter-Rater Reliability", 4th ed. 2014, chapter 3.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ..records import FloatArray


def identity(values: FloatArray) -> FloatArray:
    """1 for equal categories, else 0: no weights at all."""
    return np.eye(len(values))


def linear(values: FloatArray) -> FloatArray:
    """1 - |a - b| / range (Cicchetti and Allison 1971).

    >>> linear(np.array([1.0, 2.0, 3.0])).tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    return _over_largest(np.abs(_gaps(values)))


def quadratic(values: FloatArray) -> FloatArray:
    """1 - (a - b)^2 / range^2 (Fleiss and Cohen 1973)."""
    return _over_largest(_gaps(values) ** 2)


def radical(values: FloatArray) -> FloatArray:
    """1 - sqrt(|a - b| / range)."""
    return _over_largest(np.sqrt(np.abs(_gaps(values))))


def ordinal(values: FloatArray) -> FloatArray:
    """1 - C(k + 1, 2) / C(q, 2) for categories k places apart, whatever their values; q is how many there are.

    These are Gwet's weights, not Krippendorff's ordinal metric, which goes by how often the categories are in use.

    >>> ordinal(np.array([1.0, 2.0, 10.0])).round(3)[0].tolist()
    [1.0, 0.667, 0.0]
    """
    steps = np.abs(_gaps(np.arange(len(values), dtype=np.float64)))
    return _over_largest(steps * (steps + 1) / 2)


def ratio(values: FloatArray) -> FloatArray:
    """1 - ((a - b) / (a + b))^2 over its largest value; raises ValueError for values below 0."""
    if np.any(values < 0):
        raise ValueError("ratio weights need values of 0 or more")
    total = values[:, None] + values[None, :]
    return _over_largest(np.divide(_gaps(values), total, out=np.zeros_like(total), where=total > 0) ** 2)


def circular(values: FloatArray) -> FloatArray:
    """1 - sin(pi (a - b) / (range + 1))^2 over its largest value: the last category is next to the first."""
    around = float(np.ptp(values)) + 1 if len(values) else 1.0
    return _over_largest(np.sin(np.pi * _gaps(values) / around) ** 2)


def bipolar(values: FloatArray) -> FloatArray:
    """1 - (a - b)^2 / ((a + b - 2 min)(2 max - a - b)) over its largest value: the ends count most."""
    total = values[:, None] + values[None, :]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    room = (total - 2 * low) * (2 * high - total)
    return _over_largest(np.divide(_gaps(values) ** 2, room, out=np.zeros_like(total), where=room > 0))


def _gaps(values: FloatArray) -> FloatArray:
    found: FloatArray = values[:, None] - values[None, :]
    return found


def _over_largest(gaps: FloatArray) -> FloatArray:
    largest = gaps.max(initial=0.0)
    found: FloatArray = 1.0 - gaps / largest if largest > 0 else np.ones_like(gaps)
    return found


WEIGHTS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "identity": identity,
    "linear": linear,
    "quadratic": quadratic,
    "ordinal": ordinal,
    "radical": radical,
    "ratio": ratio,
    "circular": circular,
    "bipolar": bipolar,
}


def weights_of(name: str, values: FloatArray) -> FloatArray:
    """The weights of that name; raises ValueError that lists the names there are."""
    if name not in WEIGHTS:
        raise ValueError(f"no weights are named {name!r}; there are: {', '.join(WEIGHTS)}")
    return WEIGHTS[name](values)
