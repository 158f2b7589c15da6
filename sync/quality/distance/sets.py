"""Sets of labels, whatever their order."""

from collections.abc import Sequence

import numpy as np

from ..records import FloatArray


def jaccard(answers: Sequence[tuple[str, ...]]) -> FloatArray:
    """1 - shared labels / all labels of the two (Jaccard 1901).

    >>> jaccard([("a", "b"), ("b",), ()]).round(2).tolist()
    [[0.0, 0.5, 1.0], [0.5, 0.0, 1.0], [1.0, 1.0, 0.0]]
    """
    labels = {label: place for place, label in enumerate(sorted({label for answer in answers for label in answer}))}
    chosen = np.zeros((len(answers), max(1, len(labels))))
    for row, answer in enumerate(answers):
        chosen[row, [labels[label] for label in answer]] = 1.0
    shared = chosen @ chosen.T
    size = chosen.sum(axis=1)
    union = size[:, None] + size[None, :] - shared
    found: FloatArray = 1.0 - np.divide(shared, union, out=np.ones_like(shared), where=union > 0)
    np.fill_diagonal(found, 0.0)
    return found
