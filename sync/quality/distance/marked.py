"""The distances between answers that mark regions, by name."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from label_config.answers import Regions

from ..records import FloatArray, IntArray
from .comparison import Comparison
from .extent import dice, overlap
from .packed_regions import PackedRegions, pack
from .regions import boundary, f1_at, f1_exact, soft_f1

RegionDistance = Callable[[PackedRegions, IntArray, IntArray, bool], FloatArray]
"""Packed regions, the positions of the answers on the left and on the right, whether labels count -> distances."""


def packed(pairs: Comparison) -> PackedRegions:
    """The answers as arrays; raises TypeError where one marks no regions."""
    marked = [answer for answer in pairs.answers if isinstance(answer, Regions)]
    if len(marked) != len(pairs.answers):
        raise TypeError(f"control {pairs.control.name!r}: these answers are not regions")
    return pack(marked)


def once(left: IntArray, right: IntArray, answers: int) -> tuple[IntArray, IntArray, IntArray]:
    """Each two answers once, the one with the lower position on the left; and where each given pair is among them.

    So that a distance is the same both ways round, to the last bit.

    >>> [part.tolist() for part in once(np.array([2, 0, 1]), np.array([0, 2, 1]), 3)]
    [[0, 1], [2, 1], [0, 0, 1]]
    """
    keys, back = np.unique(np.minimum(left, right) * answers + np.maximum(left, right), return_inverse=True)
    return keys // max(1, answers), keys % max(1, answers), back


def _both(name: str, distances: RegionDistance) -> dict[str, Callable[[Comparison], FloatArray]]:
    """With labels, and blind to them."""
    return {name: partial(_compare, distances, True), f"{name}_blind": partial(_compare, distances, False)}


def _compare(distances: RegionDistance, labels: bool, pairs: Comparison) -> FloatArray:
    left, right, back = once(pairs.left, pairs.right, len(pairs.answers))
    return distances(packed(pairs), left, right, labels)[back]


REGIONS: Mapping[str, Callable[[Comparison], FloatArray]] = {
    **_both("iou", soft_f1),
    **_both("f1_50", f1_at),
    **_both("f1_75", partial(f1_at, threshold=0.75)),
    **_both("f1_exact", f1_exact),
    **_both("overlap", overlap),
    **_both("dice", dice),
    **_both("boundary", boundary),
    **_both("boundary_3", partial(boundary, tolerance=3.0)),
}
"""Name -> distance; ``boundary`` allows 0.5, ``boundary_3`` 3 of the answer's unit; "_blind": labels do not count."""
