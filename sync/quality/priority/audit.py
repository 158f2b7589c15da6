"""Which accepted labels are looked at although nothing was found: a random sample that is always the same."""

import hashlib
from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from .facts import Key

Hashes = NDArray[np.uint64]


def draw(pool: Sequence[Key], count: int, seed: int, but: Set[Key] = frozenset()) -> tuple[list[Key], list[float]]:
    """``count`` of the pool ``but`` some (all of it where it is smaller), as likely as any other; places in [0, 1).

    Tasks are drawn in the order of a hash of seed, control and task, so the draw doesn't depend on the order of the
    pool, and a larger sample contains the smaller ones: what was looked at last week needs no second look, and the
    sample of all weeks together is still a simple random sample without replacement.

    >>> pool = [(task, "tone") for task in range(100)]
    >>> draw(pool, 3, 1)[0] == draw(pool[::-1], 5, 1)[0][:3]
    True
    """
    if not pool or count <= 0:
        return [], []
    mixed = _mixed(pool, f"draw/{seed}")
    tasks = np.array([task for task, _ in pool])
    drawn: list[Key] = []
    for place in np.lexsort((tasks, mixed)).tolist():
        if len(drawn) == count:
            break
        if pool[place] not in but:
            drawn.append(pool[place])
    if not drawn:
        return [], []
    return drawn, (_mixed(drawn, f"place/{seed}") / 2.0**64).tolist()


def _mixed(keys: Sequence[Key], salt: str) -> Hashes:
    """64 bits of each key that look random (the finaliser of SplitMix64; Steele, Lea and Flood 2014)."""
    names = {control for _, control in keys}
    salted = {
        name: int.from_bytes(hashlib.blake2b(f"{salt}/{name}".encode(), digest_size=8).digest()) for name in names
    }
    salts = np.array([salted[control] for _, control in keys], dtype=np.uint64)
    bits = np.array([task for task, _ in keys], dtype=np.int64).astype(np.uint64)
    bits = (bits + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) ^ salts
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(31))
