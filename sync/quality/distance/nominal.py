"""Equal or not."""

from collections.abc import Sequence

import numpy as np

from ..records import FloatArray


def nominal(answers: Sequence[tuple[str, ...]]) -> FloatArray:
    """0 for equal answers, 1 for different ones.

    >>> nominal([("a",), ("b",)]).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return 1.0 - np.eye(len(answers))
