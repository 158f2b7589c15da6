"""Continua by chance, from what annotators really marked (Mathet et al. 2015, section 5.2)."""

from collections.abc import Sequence

import numpy as np

from .alignment import Marks
from .resampling import Rng

_TRIES = 20
"""Draws for a stretch that is far enough from the others, before any is taken."""


def shuffled(lines: Sequence[Marks], low: float, high: float, grain: float, rng: Rng) -> list[Marks]:
    """As many lines as given, each what a random one of them marked, moved on by a random stretch.

    Units that pass ``high`` come in again at ``low``. Stretches lie half a unit's mean length apart where there is
    room, so that a line does not meet itself; they are whole numbers of ``grain`` where there is one. At least one
    line has units, if any of the given ones has.
    """
    lengths = [length for line in lines for length in (line.end - line.start).tolist()]
    least = sum(lengths) / max(1, len(lengths)) / 2
    sources = rng.integers(len(lines), size=len(lines))
    while not any(len(lines[source]) for source in sources) and any(map(len, lines)):
        sources = rng.integers(len(lines), size=len(lines))
    stretches: list[float] = []
    for _ in lines:
        stretches.append(_stretch(stretches, high - low, least, grain, rng))
    return [_moved(lines[source], low, high, by) for source, by in zip(sources.tolist(), stretches, strict=True)]


def _stretch(taken: Sequence[float], length: float, least: float, grain: float, rng: Rng) -> float:
    by = 0.0
    for _ in range(_TRIES):
        by = float(rng.uniform(0.0, length))
        by = np.floor(by / grain) * grain if grain else by
        off = [abs(by - other) for other in taken]
        if all(min(one, length - one) >= least for one in off):
            break
    return by


def _moved(line: Marks, low: float, high: float, by: float) -> Marks:
    start = line.start + by
    start = np.where(start >= high, start - (high - low), start)
    return Marks(start, start + (line.end - line.start), line.category)
