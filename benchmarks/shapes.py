"""Polygons and masks compared pair by pair, beside shapely, pycocotools and numpy as one would call them.

Seconds are of the processor, and building what a library needs from the same shapes counts.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product

import numpy as np
import pycocotools.mask as coco
import shapely
from label_studio_sdk.converter import brush

from label_config.answers import Mask, Polygon, Shape
from label_config.rle import brush_from_runs, runs_from_brush
from sync.quality.distance.shapes import similarity
from sync.quality.records import FloatArray

WIDTH, HEIGHT = 800, 600
REGIONS = 5
"""Of an answer: two answers to a task are 5 x 5 pairs."""

Pair = tuple[Shape, Shape]


def run(*, quick: bool) -> None:
    """Print pairs a second, and how many times fewer the others do."""
    tasks = 4 if quick else 200
    rng = np.random.default_rng(1)
    polygons = list(_pairs(rng, tasks, _polygon))
    _beside("polygons of 12 points", polygons, {"shapely, pair by pair": _by_shapely}, len(polygons))
    masks = list(_pairs(rng, max(2, tasks // 8), _mask))
    others = {"pycocotools, pair by pair": _by_coco, "pixels in numpy": _by_pixels}
    _beside(f"masks of {WIDTH} x {HEIGHT}", masks, others, 25 if quick else 200)
    _decoding([mask for pair in masks for mask in pair if isinstance(mask, Mask)][: 2 if quick else 20])


def _pairs(rng: np.random.Generator, tasks: int, draw: Callable[[np.random.Generator], Shape]) -> Iterator[Pair]:
    for _ in range(tasks):
        left, right = ([draw(rng) for _ in range(REGIONS)] for _ in range(2))
        yield from product(left, right)


def _polygon(rng: np.random.Generator) -> Polygon:
    """A star-shaped outline; every second pair or so has something in common."""
    angles, radii = np.sort(rng.uniform(0, 2 * np.pi, 12)), rng.uniform(50, 200, 12)
    x, y = rng.uniform(200, 600), rng.uniform(150, 450)
    points = np.column_stack((x + radii * np.cos(angles), y + radii * np.sin(angles)))
    return Polygon(tuple(map(tuple, points.tolist())))


def _mask(rng: np.random.Generator) -> Mask:
    """An ellipse, with two runs a row."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    middle, radii = rng.uniform((200, 150), (600, 450)), rng.uniform((50, 50), (250, 200))
    flat = (((x - middle[0]) / radii[0]) ** 2 + ((y - middle[1]) / radii[1]) ** 2 < 1).ravel()
    ends = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [flat.size]))
    return Mask(WIDTH, HEIGHT, (*((0,) if flat[0] else ()), *np.diff(ends).tolist()))


def _beside(
    what: str, pairs: Sequence[Pair], others: Mapping[str, Callable[[Sequence[Pair]], FloatArray]], few: int
) -> None:
    """Ours over all pairs, the others over the first few; all have to say the same."""
    seconds, ours = _timed(lambda: similarity([one for one, _ in pairs], [other for _, other in pairs]))
    print(f"   {what:28} {len(pairs) / seconds:12,.0f} pairs/s")
    for name, other in others.items():
        theirs, found = _timed(partial(other, pairs[:few]))
        if not np.allclose(found, ours[:few], atol=1e-6):
            raise AssertionError(f"{name} finds other values")
        print(f"     {name:26} {few / theirs:12,.0f} pairs/s  x {theirs / few * len(pairs) / seconds:.1f}")


def _timed(work: Callable[[], FloatArray]) -> tuple[float, FloatArray]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def _each(pairs: Sequence[Pair]) -> dict[int, Shape]:
    """The shapes, each once, so that each is built once."""
    return {id(one): one for pair in pairs for one in pair}


def _by_shapely(pairs: Sequence[Pair]) -> FloatArray:
    built = {key: _valid(one) for key, one in _each(pairs).items() if isinstance(one, Polygon)}
    found = []
    for one, other in pairs:
        ours, theirs = built[id(one)], built[id(other)]
        shared = ours.intersection(theirs).area
        found.append(shared / (ours.area + theirs.area - shared))
    return np.array(found)


def _valid(polygon: Polygon) -> shapely.Geometry:
    found = shapely.Polygon(polygon.points)
    return found if found.is_valid else shapely.make_valid(found)


def _by_coco(pairs: Sequence[Pair]) -> FloatArray:
    """Runs row by row are those column by column of the image on its side, and sizes are the same there."""
    size = [WIDTH, HEIGHT]
    packed = {
        key: coco.frPyObjects([{"counts": list(one.runs), "size": size}], *size)
        for key, one in _each(pairs).items()
        if isinstance(one, Mask)
    }
    return np.array([coco.iou(packed[id(one)], packed[id(other)], [0])[0, 0] for one, other in pairs])


def _by_pixels(pairs: Sequence[Pair]) -> FloatArray:
    pixels = {
        key: np.repeat(np.arange(len(one.runs)) % 2 == 1, one.runs)
        for key, one in _each(pairs).items()
        if isinstance(one, Mask)
    }
    found = []
    for one, other in pairs:
        ours, theirs = pixels[id(one)], pixels[id(other)]
        found.append(np.count_nonzero(ours & theirs) / np.count_nonzero(ours | theirs))
    return np.array(found)


def _decoding(masks: Sequence[Mask]) -> None:
    packed = [brush_from_runs(mask.runs, WIDTH, HEIGHT) for mask in masks]
    ours, _ = _timed(lambda: np.array([sum(runs_from_brush(one, WIDTH, HEIGHT)) for one in packed]))
    theirs, _ = _timed(lambda: np.array([len(brush.decode_rle(one)) for one in packed]))
    print(f"   {'brushes read':28} {len(packed) / ours:12,.0f} masks/s")
    print(f"     {'label-studio-sdk':26} {len(packed) / theirs:12,.0f} masks/s  x {theirs / ours:.1f}")
