"""Choices: equal or not, and how much two sets of labels share, whatever their order."""

import numpy as np
from scipy import sparse

from label_config.answers import Choices

from ..records import FloatArray
from .comparison import Comparison


def nominal(pairs: Comparison) -> FloatArray:
    """0 for equal answers, 1 for different ones.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> ab = [Choices(("a",)), Choices(("b",))]
    >>> nominal(every_pair(Control("c", "Choices", ("t",), ("a", "b")), ab)).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    code = {answer: place for place, answer in enumerate(dict.fromkeys(pairs.answers))}
    codes = np.array([code[answer] for answer in pairs.answers], dtype=np.int64)
    return (codes[pairs.left] != codes[pairs.right]).astype(np.float64)


def jaccard(pairs: Comparison) -> FloatArray:
    """1 - shared labels / all labels of the two (Jaccard 1901).

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> sets = [Choices(("a", "b")), Choices(("b",)), Choices(())]
    >>> control = Control("c", "Choices", ("t",), ("a", "b"), multiple=True)
    >>> jaccard(every_pair(control, sets)).round(2).reshape(3, 3).tolist()
    [[0.0, 0.5, 1.0], [0.5, 0.0, 1.0], [1.0, 1.0, 0.0]]
    """
    chosen = _chosen(pairs)
    shared = np.asarray(chosen[pairs.left].multiply(chosen[pairs.right]).sum(axis=1)).ravel()
    size = np.asarray(chosen.sum(axis=1)).ravel()
    union = size[pairs.left] + size[pairs.right] - shared
    return 1.0 - np.divide(shared, union, out=np.ones_like(shared), where=union > 0)


def _chosen(pairs: Comparison) -> sparse.csr_array:
    """(answers, labels): 1 where the label was chosen."""
    sets = [answer.labels for answer in pairs.answers if isinstance(answer, Choices)]
    place = {label: number for number, label in enumerate(dict.fromkeys(label for labels in sets for label in labels))}
    rows = np.repeat(np.arange(len(sets)), [len(labels) for labels in sets])
    columns = np.array([place[label] for labels in sets for label in labels], dtype=np.int64)
    return sparse.csr_array((np.ones(len(columns)), (rows, columns)), shape=(len(sets), max(1, len(place))))
