"""Ratios of sizes."""

import numpy as np

from ...records import FloatArray


def ratio(shared: FloatArray, union: FloatArray) -> FloatArray:
    """shared / union, in [0, 1]; 0 where the union has no size."""
    found = np.divide(shared, union, out=np.zeros(len(union)), where=union > 0)
    return np.clip(found, 0.0, 1.0)
