"""Which regions of two answers could be matched, and how alike they are: found without trying all with all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..edge_matching import match_edges
from ..records import BoolArray, FloatArray, IntArray
from .packed_regions import BOX, DRAWN, WHOLE, PackedRegions
from .shapes import similarity as shape_similarity
from .sweep import Touching, sweep
from .tables import SMALL, same_size

Alike = Callable[[PackedRegions, IntArray, IntArray], FloatArray]
"""How alike regions are, in [0, 1], by the positions of those on the left and those on the right."""

ROUNDING = 1e-9
"""An overlap this little below a bound has reached it: areas of turned and round shapes are not exact."""
_BLOCK = 1 << 18
"""How many regions times regions are laid out at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """What could be matched in some pairs of answers.

    ``places``, shape (pairs,), are their positions among all pairs; ``touching.pair`` is a position in ``places``.
    ``similarity``, shape (overlaps,), is how alike the regions are, in (0, 1].
    """

    places: IntArray
    touching: Touching
    similarity: FloatArray

    def of(self, kept: BoolArray) -> "Overlaps":
        """Those alone that are kept."""
        return Overlaps(self.places, self.touching.of(kept), self.similarity[kept])

    def matched(self, weight: FloatArray | None = None) -> "Overlaps":
        """Those alone that are matched, one to one, by the largest sum of similarities or of the weights given."""
        row, column = self.touching.row, self.touching.column
        return self.of(match_edges(row, column, self.similarity if weight is None else weight))

    def as_many_as_can_be(self) -> "Overlaps":
        """Those alone that are matched, when the number of matches is all that counts."""
        return self.matched(np.ones(len(self.similarity)))

    def most_and_best(self, weight: FloatArray | None = None) -> "Overlaps":
        """Those alone that are matched: as many as can be, and of such matchings the one that is most alike.

        Of a hundred matches and more in a pair of answers, the number may give way to more alike ones.
        """
        most = np.bincount(self.touching.pair).max(initial=0)
        return self.matched((self.similarity if weight is None else weight) + min(int(most), 100))

    def without(self, matched: "Overlaps") -> "Overlaps":
        """Those alone of regions that are not matched."""
        left = [~np.isin(own, gone) for own, gone in zip(self.touching[3:], matched.touching[3:], strict=True)]
        return self.of(left[0] & left[1])

    def sums(self) -> FloatArray:
        """The similarities of each pair of answers added up, shape (pairs,)."""
        return np.bincount(self.touching.pair, self.similarity, minlength=len(self.places)).astype(np.float64)

    def counts(self) -> FloatArray:
        """How many there are in each pair of answers, shape (pairs,)."""
        return np.bincount(self.touching.pair, minlength=len(self.places)).astype(np.float64)


def overlaps(
    regions: PackedRegions, left: IntArray, right: IntArray, *, labels: bool = True, alike: Alike | None = None
) -> Iterator[Overlaps]:
    """What could be matched, in blocks of whole pairs; a pair in which nothing could be is in some block as well.

    ``left`` and ``right``, shape (pairs,), are positions of answers. Regions overlap on one surface only; with
    ``labels`` those of equal labels alone. Raises TooManyOverlaps.
    """
    sizes = regions.sizes
    n, m = sizes[left], sizes[right]
    cells = n * m
    for places in same_size(n, m, _BLOCK):
        shape = int(n[places[0]]), int(m[places[0]])
        yield _found(regions, places, _all_with_all(regions, left[places], right[places], shape), labels, alike or iou)
    large = np.flatnonzero((cells > SMALL) | (cells == 0))
    cuts = np.flatnonzero(np.diff(np.cumsum(cells[large]) // (16 * _BLOCK))) + 1
    for places in np.split(large, cuts):
        if len(places):
            yield _found(regions, places, sweep(regions, left[places], right[places]), labels, alike or iou)


def _all_with_all(regions: PackedRegions, left: IntArray, right: IntArray, shape: tuple[int, int]) -> Touching:
    """The regions that touch, of answers that all have as many."""
    (n, m), pairs = shape, len(left)
    first, second = regions.offsets[left], regions.offsets[right]
    lefts, rights = first + np.arange(n)[:, None], second + np.arange(m)[:, None]
    near, far = regions.bounds[:2], regions.bounds[2:]
    touch: BoolArray = np.ones((n, m, pairs), dtype=np.bool_)
    for axis in (0, 1):
        touch &= near[axis][lefts][:, None] <= far[axis][rights]
        touch &= near[axis][rights] <= far[axis][lefts][:, None]
    touch &= regions.where[lefts][:, None] == regions.where[rights]
    cell, pair = np.divmod(np.flatnonzero(touch), pairs)
    row, column = np.divmod(cell, m)
    return Touching(pair, first[pair] + row, second[pair] + column, pair * n + row, pair * m + column)


def _found(regions: PackedRegions, places: IntArray, touching: Touching, labels: bool, alike: Alike) -> Overlaps:
    """Measure what touches, and keep what is alike."""
    if labels:
        touching = touching.of(np.flatnonzero(regions.labels[touching.left] == regions.labels[touching.right]))
    similarity = alike(regions, touching.left, touching.right)
    return Overlaps(places, touching, similarity).of(similarity > 0)


def iou(regions: PackedRegions, left: IntArray, right: IntArray) -> FloatArray:
    """Intersection over union; of shapes without extent how near they are (see ``shapes``); 1 for equal places.

    An instant, or a box without area, is like an equal one only.
    """
    one, other = regions.kind[left], regions.kind[right]
    similarity = np.zeros(len(left))
    plain = (one == other) & (one <= BOX)
    if plain.all():
        return _plain(regions.bounds, left, right)
    similarity[plain] = _plain(regions.bounds, left[plain], right[plain])
    similarity[(one == WHOLE) & (other == WHOLE)] = 1.0
    drawn = np.flatnonzero(((one == DRAWN) & ((other == DRAWN) | (other == BOX))) | ((one == BOX) & (other == DRAWN)))
    if len(drawn):
        similarity[drawn] = _drawn(regions, left[drawn].tolist(), right[drawn].tolist())
    return similarity


def shared_extent(regions: PackedRegions, left: IntArray, right: IntArray) -> FloatArray:
    """The length or area that both share, of places of one kind that are their bounds; else 0."""
    x, y, far_x, far_y = regions.bounds
    plain = (regions.kind[left] == regions.kind[right]) & (regions.kind[left] <= BOX)
    return np.where(plain, _shared(x, far_x, left, right) * _shared(y, far_y, left, right), 0.0)


def _shared(near: FloatArray, far: FloatArray, left: IntArray, right: IntArray) -> FloatArray:
    """What two sides share along one axis."""
    shared: FloatArray = np.minimum(far[left], far[right]) - np.maximum(near[left], near[right])
    return np.maximum(shared, 0.0, out=shared)


def _plain(bounds: FloatArray, left: IntArray, right: IntArray) -> FloatArray:
    """Of what its bounds are: spans, segments, boxes."""
    x, y, far_x, far_y = bounds
    shared = _shared(x, far_x, left, right) * _shared(y, far_y, left, right)
    area, other = ((far_x[one] - x[one]) * (far_y[one] - y[one]) for one in (left, right))
    union = area + other - shared
    similarity: FloatArray = np.divide(shared, union, out=np.zeros(len(left)), where=union > 0)
    empty = np.flatnonzero(shared == 0)
    similarity[empty] = np.all(bounds[:, left[empty]] == bounds[:, right[empty]], axis=0)
    np.minimum(similarity, 1.0, out=similarity)
    return similarity


def _drawn(regions: PackedRegions, left: list[int], right: list[int]) -> FloatArray:
    """Of what needs its shape; equal shapes are not computed."""
    lefts, rights = ([regions.shape(place) for place in places] for places in (left, right))
    apart = [place for place, (one, other) in enumerate(zip(lefts, rights, strict=True)) if one != other]
    found = np.ones(len(left))
    if apart:
        found[apart] = shape_similarity([lefts[place] for place in apart], [rights[place] for place in apart])
    return found
