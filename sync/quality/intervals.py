"""A number and the resamples of it -> an estimate with its interval, or the reason why there is none."""

import math

import numpy as np

from .records import Estimate, FloatArray

NO_RESAMPLES = "no interval: no resamples were asked for"
MOSTLY_UNDEFINED = "no interval: most resamples use one answer only"


def estimate(
    value: float, draws: FloatArray | None, n: int, confidence: float, *, undefined: str, without: str = NO_RESAMPLES
) -> Estimate:
    """``value`` with the percentile interval of its resamples ``draws`` (Efron 1979); NaN stands for undefined.

    An undefined value is null with the reason ``undefined``. Without draws there is no interval, for the reason
    ``without``; nor is there where half of the draws or more are undefined.

    >>> found = estimate(0.5, np.linspace(0, 1, 101), 7, 0.9, undefined="")
    >>> round(found.low, 3), round(found.high, 3), found.n
    (0.05, 0.95, 7)
    """
    if math.isnan(value):
        return Estimate(None, n=n, reason=undefined)
    if draws is None:
        return Estimate(value, n=n, reason=without)
    defined = draws[~np.isnan(draws)]
    if 2 * len(defined) <= len(draws):
        return Estimate(value, n=n, reason=MOSTLY_UNDEFINED)
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(low), float(high), n)
