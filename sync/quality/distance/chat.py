"""ChatMessage: how far two conversations are apart, message by message."""

import numpy as np

from label_config.answers import Chat

from ..records import FloatArray, IntArray
from .comparison import Comparison, typed
from .equality import Measure, codes, once_a_pair, unequal
from .sequences import sequences
from .text import edits, normalised

Line = tuple[str, str]
"""The role and the text of a message."""


def character(pairs: Comparison) -> FloatArray:
    """Messages to insert, delete or replace over the length of the longer conversation, at the least cost.

    Inserting or deleting costs 1, replacing the ``character`` distance of the two texts, 1 where the roles differ: an
    edit distance (R. Wagner and M. Fischer 1974) of messages, whose order is kept.

    >>> from label_config.answers import Message
    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> one = Chat((Message("user", "kitten"), Message("assistant", "a cat")))
    >>> other = Chat((Message("user", "sitting"), Message("user", "?"), Message("assistant", "a cat")))
    >>> character(every_pair(Control("c", "ChatMessage", ("t",)), [one, other])).round(3)[:2].tolist()  # (3/7 + 1) / 3
    [0.0, 0.476]
    """
    code, distinct = codes(_lines(pairs))
    rows, units = sequences(distinct)
    replacing = _replacing(units)

    def measure(left: IntArray, right: IntArray) -> FloatArray:
        found = np.empty(len(left))
        for part in rows.blocks(left, right):
            one, other = rows.size[left[part]], rows.size[right[part]]
            cost = edit_cost(rows.table(left[part], right[part], replacing), one, other)
            found[part] = cost / np.maximum(one, other)
        return found

    return once_a_pair(code[pairs.left], code[pairs.right], len(distinct), measure)


def nominal(pairs: Comparison) -> FloatArray:
    """0 for the same messages of the same roles, else 1."""
    return unequal(codes(_lines(pairs))[0], pairs)


def edit_cost(replacing: FloatArray, left: IntArray, right: IntArray) -> FloatArray:
    """The least cost of turning each left sequence into its right one; inserting and deleting cost 1.

    ``replacing`` (pairs, longest left, longest right) is what replacing one unit by another costs, ``left`` and
    ``right`` are the lengths of the sequences: shape (pairs,).

    >>> edit_cost(np.array([[[0.5, 0.0]]]), np.array([1]), np.array([2])).tolist()
    [1.0]
    """
    pairs, rows, columns = replacing.shape
    cost = np.empty((rows + 1, columns + 1, pairs))
    cost[0] = np.arange(columns + 1)[:, None]
    for row in range(1, rows + 1):
        cost[row, 0] = row
        for column in range(1, columns + 1):
            gap = np.minimum(cost[row - 1, column], cost[row, column - 1]) + 1.0
            cost[row, column] = np.minimum(gap, cost[row - 1, column - 1] + replacing[:, row - 1, column - 1])
    found: FloatArray = cost[left, right, np.arange(pairs)]
    return found


def _replacing(units: list[Line]) -> Measure:
    """What replacing one message by another costs."""
    role, _ = codes(role for role, _ in units)
    text, texts = codes(text for _, text in units)
    apart = edits(texts)

    def measure(left: IntArray, right: IntArray) -> FloatArray:
        found = np.ones(len(left))
        same = role[left] == role[right]
        found[same] = once_a_pair(text[left[same]], text[right[same]], len(texts), apart)
        return found

    return measure


def _lines(pairs: Comparison) -> list[tuple[Line, ...]]:
    return [tuple((one.role, normalised(one.text)) for one in answer.messages) for answer in typed(pairs, Chat)]
