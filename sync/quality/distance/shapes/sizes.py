"""Coordinates that can be computed with, and ratios of sizes."""

from collections.abc import Sequence

import numpy as np

from ...records import FloatArray

LARGEST = 1e30
"""The largest coordinate of a shape with two dimensions: products of several of them are still numbers."""
_DECIMALS = 9


def coordinates(rows: Sequence[Sequence[float]] | FloatArray, columns: int) -> FloatArray:
    """Rows of lengths in pixels or percent, shape (rows, columns), to a billionth.

    What is smaller than that is nothing one can draw, and its squares are no numbers any more. Raises ValueError for
    what is beyond ``LARGEST``, or no number.
    """
    found = np.array(rows, dtype=np.float64).reshape(-1, columns)
    if not np.all(np.abs(found) <= LARGEST):
        raise ValueError(f"the coordinates of shapes are numbers from {-LARGEST:g} to {LARGEST:g}")
    return found.round(_DECIMALS)


def ratio(shared: FloatArray, union: FloatArray) -> FloatArray:
    """shared / union, in [0, 1]; 0 where the union has no size."""
    found = np.divide(shared, union, out=np.zeros(len(union)), where=union > 0)
    return np.clip(found, 0.0, 1.0)
