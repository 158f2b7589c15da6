"""Integers mixed so that they look random, the same every time: where nothing random may be owned."""

import numpy as np
from numpy.typing import NDArray

from ..records import FloatArray, IntArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def mixed(values: IntArray, stream: int = 0) -> NDArray[np.uint64]:
    """Each value as 64 bits that look random; another ``stream`` gives others (SplitMix64, Steele et al. 2014).

    Different values never give the same bits within one stream.
    """
    bits = values.astype(np.uint64) + np.uint64((stream + 1) * int(_STEP) % 2**64)
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


def draws(values: IntArray, stream: int = 0) -> FloatArray:
    """A number in [0, 1) for each value, the same for the same value.

    >>> found = draws(np.arange(100_000), stream=3)
    >>> round(float(found.mean()), 2), round(float(found.var() * 12), 2), bool(found.min() >= 0), bool(found.max() < 1)
    (0.5, 1.0, True, True)
    """
    return (mixed(values, stream) >> np.uint64(11)).astype(np.float64) / 2.0**53
