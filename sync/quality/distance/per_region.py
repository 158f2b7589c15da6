"""What was asked about each region: compared where both annotators have the region."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from label_config.answers import Answer, PerRegion

from ..records import FloatArray, IntArray
from .comparison import Comparison
from .marked import once
from .overlaps import overlaps
from .packed_regions import PackedRegions, pack_regions


def per_region(inner: Callable[[Comparison], FloatArray]) -> Callable[[Comparison], FloatArray]:
    """A distance between per-region answers from one between the answers about a region.

    Regions are matched one to one at IoU 0.5 and above, whatever their labels: as many as can be, then the most alike;
    items of a list are matched by which they are. The distance is the mean over matched regions, and regions of one
    alone that were answered: of a matched region by ``inner``, 0 where both left it open, 1 where one did; 1 of a
    region of one alone. Regions of one alone that were left open say nothing and count nothing; without any other the
    distance is 0.
    """

    def compare(pairs: Comparison) -> FloatArray:
        parts = [answer.parts for answer in pairs.answers if isinstance(answer, PerRegion)]
        if len(parts) != len(pairs.answers):
            raise TypeError(f"control {pairs.control.name!r}: these answers are not about regions")
        answers = [part.answer for one in parts for part in one]
        regions = pack_regions([[part.region for part in one] for one in parts])
        left, right, back = once(pairs.left, pairs.right, len(parts))
        pair, one, other = _matched(regions, left, right)
        answered = np.array([answer is not None for answer in answers], dtype=np.float64)
        said = np.bincount(regions.answers, answered, minlength=len(parts))
        both = len(left)
        apart = np.bincount(pair, _apart(inner, pairs, answers, one, other), minlength=both)
        matched = np.bincount(pair, minlength=both)
        alone = said[left] + said[right] - np.bincount(pair, answered[one] + answered[other], minlength=both)
        count = matched + alone
        return np.divide(apart + alone, count, out=np.zeros(both), where=count > 0)[back]

    return compare


def _matched(regions: PackedRegions, left: IntArray, right: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """The pair, and the positions of the regions, of every match."""
    found = []
    for block in overlaps(regions, left, right, labels=False):
        near = block.of(block.similarity >= 0.5)
        likes = regions.labels[near.touching.left] == regions.labels[near.touching.right]
        touching = near.most_and_best(near.similarity + likes * 1e-6).touching
        found.append(np.stack([block.places[touching.pair], touching.left, touching.right]))
    pair, one, other = np.concatenate([np.empty((3, 0), dtype=np.int64), *found], axis=1)
    return pair, one, other


def _apart(
    inner: Callable[[Comparison], FloatArray],
    pairs: Comparison,
    answers: Sequence[Answer | None],
    left: IntArray,
    right: IntArray,
) -> FloatArray:
    """How far the answers about matched regions are apart."""
    answered = np.array([answer is not None for answer in answers], dtype=np.bool_)
    found: FloatArray = (answered[left] != answered[right]).astype(np.float64)
    given: list[Answer] = [answer for answer in answers if answer is not None]
    number = np.cumsum(answered) - 1
    there = np.flatnonzero(answered[left] & answered[right])
    if len(there):
        control = replace(pairs.control, per_region=False)
        one, other = number[left[there]], number[right[there]]
        found[there] = inner(Comparison(control, given, one, other, np.ones(len(given))))
    return found
