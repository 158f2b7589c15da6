"""Boxes that share area, cut into boxes that do not: so that areas can be added up."""

import itertools
from collections import defaultdict
from dataclasses import replace

import numpy as np

from ..records import IntArray
from .packed_regions import BOX, PackedRegions

Corners = tuple[float, float, float, float]
MOST = 64
"""More boxes of one label that share area in an answer are not cut: the pieces would be too many."""


def cut(boxes: list[Corners]) -> list[Corners]:
    """The union of the boxes (left, top, right, bottom) as boxes that share no area: upright strips between all sides.

    >>> cut([(0, 0, 2, 2), (1, 1, 3, 3)])
    [(0, 0, 1, 2), (1, 0, 2, 3), (2, 1, 3, 3)]
    """
    sides = sorted({side for left, _, right, _ in boxes for side in (left, right)})
    pieces: list[Corners] = []
    for left, right in itertools.pairwise(sides):
        reached = -np.inf
        for top, bottom in sorted((box[1], box[3]) for box in boxes if box[0] <= left and box[2] >= right):
            if top > reached:
                pieces.append((left, top, right, bottom))
            elif bottom > reached:
                pieces[-1] = (left, pieces[-1][1], right, bottom)
            reached = max(reached, bottom)
    return pieces


def without_shared_area(regions: PackedRegions, shared: IntArray) -> PackedRegions:
    """The same areas, where the boxes at the positions ``shared`` share area with others of their answer and label."""
    groups: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    answers = regions.answers
    for place in shared.tolist():
        groups[int(answers[place]), int(regions.where[place]), int(regions.labels[place])].append(place)
    cuts = {
        key: (places, cut([tuple(regions.bounds[:, place].tolist()) for place in places]))
        for key, places in groups.items()
        if len(places) <= MOST
    }
    gone = np.array([place for places, _ in cuts.values() for place in places], dtype=np.int64)
    kept = np.setdiff1d(np.arange(len(answers)), gone)
    pieces = [(key, piece) for key, (_, own) in cuts.items() for piece in own]
    keys = np.array([key for key, _ in pieces], dtype=np.int64).reshape(-1, 3)
    answer = np.concatenate([answers[kept], keys[:, 0]])
    order = np.argsort(answer, kind="stable")
    bounds = np.array([piece for _, piece in pieces], dtype=np.float64).reshape(-1, 4).T
    place_of = {old: new for new, old in enumerate(np.append(kept, np.full(len(pieces), -1))[order].tolist())}
    return replace(
        regions,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(answer, minlength=len(regions.sizes)))]).astype(np.int64),
        bounds=np.concatenate([regions.bounds[:, kept], bounds], axis=1)[:, order],
        kind=np.concatenate([regions.kind[kept], np.full(len(pieces), BOX, dtype=np.int8)])[order],
        where=np.concatenate([regions.where[kept], keys[:, 1]])[order],
        labels=np.concatenate([regions.labels[kept], keys[:, 2]])[order],
        shapes={place_of[old]: shape for old, shape in regions.shapes.items()},
    )
