"""Which faults are tried: all of them, or a sample that its seed repeats.

``TIEBREAK_FAULTS`` is ``all``, a seed, or a seed and how many times as large the sample is to be: ``7:5``.
"""

import os
import random
from collections.abc import Sequence
from typing import TypeVar

CHOSEN = os.environ.get("TIEBREAK_FAULTS", "0")
ALL = CHOSEN == "all"
SEED, _, _times = CHOSEN.partition(":")
TIMES = int(_times or 1)
SECONDS = 7200 if ALL else 180 * TIMES
"""How long one test may take."""

T = TypeVar("T")


def sample(found: Sequence[T], name: str, count: int, *, times: int = TIMES) -> list[T]:
    """``count`` of those found, times the size of the sample; in their order. ``name`` tells samples apart."""
    count *= times
    if ALL or count >= len(found):
        return list(found)
    chosen = random.Random(f"{SEED}{name}").sample(range(len(found)), count)
    return [found[place] for place in sorted(chosen)]
