"""Where names stand beside the points of a chart, so that none crosses an interval, a point or another name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

LETTER, LINE = 6.6, 14.0
"""Pixels that a letter of 11 pixels is wide at most, as people's names go, and that a line is high."""
BESIDE = 8.0
"""Pixels between a point and its name."""
POINT, RULE = 5.0, 2.0
"""Pixels from the middle of a point, and of an interval's line, to their edges."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point with its interval, in pixels from the upper left; ``top`` and ``bottom`` are the interval's ends."""

    x: float
    y: float
    top: float
    bottom: float
    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name that begins (left) or ends (right) at a place, whose middle is on that height."""

    x: float
    y: float
    align: Literal["left", "right"]
    spot: Spot

    def box(self, widest: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        width = min(widest, LETTER * len(self.spot.name))
        left = self.x if self.align == "left" else self.x - width
        return left, self.y - LINE / 2, left + width, self.y + LINE / 2


def names_beside(spots: Sequence[Spot], width: float, height: float, widest: float) -> Sequence[Name]:
    """A name for each spot where there is room for one, in a chart of that size; names are cut at the ``widest``.

    Beside the point if that is free, else beside another part of its interval; where nothing is free there is none.
    """
    taken = [box for spot in spots for box in _boxes(spot)]
    found = []
    for spot in spots:
        for name in _candidates(spot):
            box = name.box(widest)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height
            if inside and not any(_meet(box, other) for other in taken):
                found.append(name)
                taken.append(box)
                break
    return found


def _boxes(spot: Spot) -> Iterator[tuple[float, float, float, float]]:
    yield spot.x - RULE, spot.top, spot.x + RULE, spot.bottom
    yield spot.x - POINT, spot.y - POINT, spot.x + POINT, spot.y + POINT


def _candidates(spot: Spot) -> Iterator[Name]:
    for y in (spot.y, (spot.y + spot.top) / 2, (spot.y + spot.bottom) / 2, spot.top, spot.bottom):
        yield Name(spot.x + BESIDE, y, "left", spot)
        yield Name(spot.x - BESIDE, y, "right", spot)


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
