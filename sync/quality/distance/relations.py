"""Relations between regions: links agree where both ends do."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from label_config.answers import Link, Region, Relations

from ..records import FloatArray
from .comparison import Comparison
from .marked import once
from .overlaps import overlaps
from .packed_regions import pack_regions

_Key = tuple[object, object, bool, frozenset[str]]


def link_f1(pairs: Comparison, *, labels: bool = True) -> FloatArray:
    """1 - F1 over links, 2 x links that agree / (n + m); shape (pairs,), in [0, 1].

    Links agree where their sources match, their targets match, and their direction and labels (as sets) are equal; a
    link to the left is one to the right with its ends exchanged, one that goes both ways has no first end. The regions
    at the ends are matched one to one, at IoU 0.5 and above: as many as can be, then the most alike. Without
    ``labels`` neither those of links count nor those of regions.
    """
    links = [answer.links for answer in pairs.answers if isinstance(answer, Relations)]
    if len(links) != len(pairs.answers):
        raise TypeError(f"control {pairs.control.name!r}: these answers are not relations")
    ends = [tuple(dict.fromkeys(end for link in one for end in (link.source, link.target))) for one in links]
    left, right, back = once(pairs.left, pairs.right, len(links))
    same = _same_ends(ends, left.tolist(), right.tolist(), labels)
    found = np.zeros(len(left))
    for pair, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        ours, theirs = (links[answer] for answer in (one, other))
        if ours or theirs:
            here, there = {end: (0, place) for place, end in enumerate(ends[one])}, {}
            there = {end: same[pair].get(place, (1, place)) for place, end in enumerate(ends[other])}
            agreed = _keys(ours, here, labels) & _keys(theirs, there, labels)
            found[pair] = 1 - 2 * agreed.total() / (len(ours) + len(theirs))
    return found[back]


def _same_ends(
    ends: list[tuple[Region, ...]], left: list[int], right: list[int], labels: bool
) -> list[dict[int, tuple[int, int]]]:
    """For each pair: the end on the right -> the one on the left that it is matched with."""
    regions = pack_regions(ends)
    same: list[dict[int, tuple[int, int]]] = [{} for _ in left]
    for found in overlaps(regions, np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), labels=labels):
        near = found.of(found.similarity >= 0.5)
        # Of two regions in one place, told apart by labels that do not count, each goes to its like.
        likes = regions.labels[near.touching.left] == regions.labels[near.touching.right]
        matched = near.most_and_best(near.similarity + likes * 1e-6)
        for pair, one, other in zip(*(part.tolist() for part in matched.touching[:3]), strict=True):
            place = int(found.places[pair])
            first, second = (int(regions.offsets[answer]) for answer in (left[place], right[place]))
            same[place][other - second] = (0, one - first)
    return same


def _keys(links: tuple[Link, ...], ends: Mapping[Region, tuple[int, int]], labels: bool) -> Counter[_Key]:
    """What each link says, in terms that are equal for links that agree."""
    return Counter(_key(link, ends[link.source], ends[link.target], labels) for link in links)


def _key(link: Link, source: tuple[int, int], target: tuple[int, int], labels: bool) -> _Key:
    both = link.direction == "bi"
    if link.direction == "left" or (both and source > target):
        source, target = target, source
    return source, target, both, frozenset(link.labels if labels else ())


RELATIONS: Mapping[str, Callable[[Comparison], FloatArray]] = {
    "f1": link_f1,
    "f1_blind": partial(link_f1, labels=False),
}
"""Name -> distance between answers that relate regions."""
