"""Pairs of things that are alike -> groups that do not chain."""

from collections.abc import Mapping, Sequence

from .alike import Alike

Star = Mapping[int, float]
"""The members of a group: place -> its similarity with the centre, whose own is 1."""


def stars(n: int, pairs: Sequence[Alike]) -> list[Star]:
    """Each thing in one star: a centre and everything that is alike with it and not yet in another.

    Centres are taken by how many things they are alike with, the most first, then by place (offline star algorithm:
    Aslam, Pelekhov and Rus, "The star clustering algorithm", 2004). A thing between two centres goes to the first.

    >>> import numpy as np
    >>> chain = Alike(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0.9, 0.8, 0.9]))
    >>> stars(4, [chain])
    [{1: 1.0, 0: 0.9, 2: 0.8}, {3: 1.0}]
    """
    near: list[dict[int, float]] = [{} for _ in range(n)]
    for some in pairs:
        for one, other, alike in zip(some.left.tolist(), some.right.tolist(), some.similarity.tolist(), strict=True):
            best = max(alike, near[one].get(other, 0.0))
            near[one][other] = near[other][one] = best
    found: list[Star] = []
    taken = [False] * n
    for centre in sorted(range(n), key=lambda place: (-len(near[place]), place)):
        if taken[centre]:
            continue
        free = {place: near[centre][place] for place in sorted(near[centre]) if not taken[place]}
        star = {centre: 1.0, **free}
        for place in star:
            taken[place] = True
        found.append(star)
    return found
