"""What is followed through a video: boxes that move between key frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from label_config.answers import Box, Shape, Track

from ...records import BoolArray, FloatArray, IntArray
from .outlines import Geometries, boxes_shared, outlines, shared_area
from .sizes import coordinates, ratio

MOST_FRAMES = 1 << 17
"""So many frames of a pair are looked at, evenly, if it has more: 73 minutes at 30 a second."""
MOST_UNITED = 1 << 12
"""The same where all tracks of a side are united, frame by frame."""


@dataclass(frozen=True, slots=True, eq=False)
class _Moving:
    """Key frames as columns: frame; x, y, width, height, rotation (never turning by more than half a turn); enabled."""

    frame: IntArray
    boxes: FloatArray
    enabled: BoolArray
    length: int


def iou(shapes: Sequence[Shape], left: IntArray, right: IntArray) -> FloatArray:
    """The sum over frames of the shared area / the sum of the united area (spatio-temporal, or tube, IoU).

    A frame where only one is to be seen adds its area to the union. As Label Studio shows them, boxes move evenly
    between key frames, turn the shorter way round, are gone after a disabled key frame until the next enabled one, and
    keep the last key frame's place to the end: the length of the longer video or the last key frame of either.

    >>> from label_config.answers import KeyFrame
    >>> still, late = (Track((KeyFrame(first, Box(0, 0, 2, 2)),), 4) for first in (1, 3))
    >>> iou([still, late], np.array([0]), np.array([1])).tolist()
    [0.5]
    """
    moving = [_moving(shape) for shape in shapes if isinstance(shape, Track)]
    sums = [_pair(moving[one], moving[other]) for one, other in zip(left, right, strict=True)]
    shared, union = np.array(sums, dtype=np.float64).reshape(-1, 2).T
    return ratio(shared, union)


def _pair(one: _Moving, other: _Moving) -> tuple[float, float]:
    """Shared and united area, over all frames."""
    frames = between((one, other), MOST_FRAMES)
    boxes, seen = _at(one, frames)
    others, others_seen = _at(other, frames)
    area = np.abs(boxes[2] * boxes[3]) * seen
    other_area = np.abs(others[2] * others[3]) * others_seen
    both = np.flatnonzero(seen & others_seen)
    shared = _shared(boxes[:, both], others[:, both]).sum()
    return float(shared), float(area.sum() + other_area.sum() - shared)


def between(moving: Sequence[_Moving], most: int) -> IntArray:
    """The frames from the first key frame of any to the end; of more than ``most``, every second one, or third ..."""
    first = min(int(one.frame[0]) for one in moving)
    last = max(max(int(one.frame[-1]), one.length) for one in moving)
    return np.arange(first, last + 1, (last - first) // most + 1)


def _at(moving: _Moving, frames: IntArray) -> tuple[FloatArray, BoolArray]:
    """Where the box is, shape (5, frames), and whether it is to be seen."""
    boxes = np.array([np.interp(frames, moving.frame, column) for column in moving.boxes])
    key = np.searchsorted(moving.frame, frames, side="right") - 1
    seen = (key >= 0) & (moving.enabled[key] | (moving.frame[key] == frames))
    return boxes, seen


def _shared(boxes: FloatArray, others: FloatArray) -> FloatArray:
    turned = (boxes[4] % 360 != 0) | (others[4] % 360 != 0)
    shared, _ = boxes_shared(list(boxes[:4]), list(others[:4]))
    if turned.any():
        sides = [outlines([Box(*map(float, box)) for box in side[:, turned].T]) for side in (boxes, others)]
        shared[turned] = shared_area(*sides)
    return shared


def _moving(track: Track) -> _Moving:
    frames = sorted({key.frame: key for key in reversed(track.frames)}.values(), key=lambda key: key.frame)
    boxes = [(key.box.x, key.box.y, key.box.width, key.box.height, key.box.rotation) for key in frames]
    columns = coordinates(boxes, 5).T
    columns[4] = np.unwrap(columns[4], period=360)
    enabled = np.array([key.enabled for key in frames])
    return _Moving(np.array([key.frame for key in frames]), columns, enabled, track.length)


def tracks_overlap(left: Sequence[Shape], right: Sequence[Shape]) -> tuple[float, float]:
    """What both sides cover and what either covers, in area x frames, all tracks of a side together."""
    sides = [[_moving(shape) for shape in side if isinstance(shape, Track)] for side in (left, right)]
    frames = between([*sides[0], *sides[1]], MOST_UNITED)
    step = int(frames[1] - frames[0]) if len(frames) > 1 else 1
    one, other = (_united(side, frames) for side in sides)
    shared = shapely.area(shapely.intersection(one, other)).sum() * step
    return float(shared), float((shapely.area(one).sum() + shapely.area(other).sum()) * step - shared)


def _united(moving: Sequence[_Moving], frames: IntArray) -> Geometries:
    """All that is to be seen, at each frame."""
    drawn = np.full((len(frames), max(1, len(moving))), shapely.Polygon(), dtype=np.object_)
    for column, one in enumerate(moving):
        boxes, seen = _at(one, frames)
        if seen.any():
            drawn[seen, column] = outlines([Box(*map(float, box)) for box in boxes[:, seen].T])
    united: Geometries = shapely.union_all(drawn, axis=1)
    return united
