"""Small images as numbers: where the edges run, how bright and which colour each part is. No download, no GPU.

Histograms of oriented gradients (Dalal and Triggs 2005) over a grid, beside the shrunken image itself.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import MediaError
from ..records import Arrays, FloatArray, IntArray
from .kept import kept_bytes

SIDE = 32
CELL = 8
DIRECTIONS = 8
SHRUNK = 8
SHIFT = 3
MOST_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "MPO", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "ICO", "PPM", "TGA")
AT_ONCE = 512

Pixels = NDArray[np.uint8]


def read(value: object, fetch: Callable[[str], bytes]) -> Pixels:
    """The image that a field names, SIDE x SIDE x 3; raises MediaError for what is no image or too large."""
    if not isinstance(value, str):
        raise MediaError(f"expected the address of an image, not {type(value).__name__}")
    return shrink(fetch(value))


def shrink(content: bytes) -> Pixels:
    """Decode and shrink to SIDE x SIDE x 3; a transparent ground becomes white."""

    def smaller() -> bytes:
        with opened(content, 4 * SIDE) as image:
            return image.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()

    shape = (SIDE, SIDE, 3)
    found = np.frombuffer(kept_bytes(f"shrunk to {shape}", content, smaller), dtype=np.uint8)
    return found.reshape(shape)


def opened(content: bytes, side: int) -> Image.Image:
    """The image on white, decoded no finer than ``side`` needs; raises MediaError for what is no image or too large."""
    try:
        with Image.open(io.BytesIO(content), formats=_formats()) as image:
            if image.width * image.height > MOST_PIXELS:
                raise MediaError(f"an image is too large: {image.width} x {image.height} pixels")
            image.draft("RGB", (side, side))
            return _on_white(image)
    except MediaError:
        raise
    except Exception as error:
        raise MediaError(f"no readable image: {error}") from error


@lru_cache(maxsize=1)
def _formats() -> list[str]:
    """Pictures that decode by themselves: some other formats are programs, which Pillow would run."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _on_white(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    ground = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(ground, layered).convert("RGB")


class PixelRows:
    """Centred by the training images."""

    def __init__(self, mean: NDArray[np.float32]) -> None:
        self._mean = mean

    def encode(self, described: NDArray[np.float32]) -> NDArray[np.float64]:
        """Dense rows, (n, d), of length 1."""
        return np.asarray(unit(described - self._mean), dtype=np.float64)

    def blocks(self, inputs: Sequence[Pixels]) -> Iterator[tuple[FloatArray]]:
        """What ``encode`` makes of what ``describe`` says, a few images at a time."""
        for start in range(0, len(inputs), AT_ONCE):
            yield (self.encode(describe(inputs[start : start + AT_ONCE])),)

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The mean row."""
        return {}, {"mean": self._mean}


def fit(described: NDArray[np.float32]) -> PixelRows:
    """The mean row of the training images."""
    return PixelRows(described.mean(axis=0))


def restore(settings: Mapping[str, Any], arrays: Arrays) -> PixelRows:  # noqa: ARG001 - the signature of ENCODERS
    """What ``saved`` gave. Raises KeyError for anything else."""
    return PixelRows(arrays["mean"])


def without_own(rows: FloatArray, groups: IntArray) -> FloatArray:  # noqa: ARG001 - the signature of ENCODERS
    """The rows as they are: one group of many hardly moves the mean image."""
    return rows


def variants(inputs: Sequence[Pixels]) -> list[list[Pixels]]:
    """The images moved a little in each direction: they still show the same."""
    moves = ((SHIFT, 0), (-SHIFT, 0), (0, SHIFT), (0, -SHIFT))
    return [[_moved(image, down, right) for image in inputs] for down, right in moves]


def _moved(image: Pixels, down: int, right: int) -> Pixels:
    """The image moved by pixels; what comes in repeats the border."""
    wide = np.pad(image, ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    return wide[SHIFT - down : SHIFT - down + SIDE, SHIFT - right : SHIFT - right + SIDE]


def describe(inputs: Sequence[Pixels]) -> NDArray[np.float32]:
    """Edges, brightness and colour of each image, (n, d); each of the three parts has length 1 or 0."""
    if not len(inputs):
        return np.empty((0, 0), dtype=np.float32)
    images = np.stack(inputs).astype(np.float32) / 255
    gray = images.mean(axis=3)
    small = _cells(gray, SIDE // SHRUNK)
    colour = _cells(images - gray[..., None], SIDE // (SHRUNK // 2))
    parts = [np.sqrt(_gradients(gray)), small - small.mean(axis=(1, 2), keepdims=True), 0.5 * colour]
    return np.hstack([unit(part.reshape(len(images), -1)) for part in parts])


def _gradients(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much edge runs in each of DIRECTIONS, cell by cell: (n, cells, cells, DIRECTIONS)."""
    down, right = np.zeros_like(gray), np.zeros_like(gray)
    down[:, 1:-1] = gray[:, 2:] - gray[:, :-2]
    right[:, :, 1:-1] = gray[:, :, 2:] - gray[:, :, :-2]
    strength = np.hypot(down, right)
    turn = (np.arctan2(down, right) / (2 * np.pi)) % 1 * DIRECTIONS
    lower = np.floor(turn)
    share = turn - lower
    first = lower.astype(np.int64) % DIRECTIONS
    parts = [
        _cells(strength * np.where(first == way, 1 - share, np.where((first + 1) % DIRECTIONS == way, share, 0)), CELL)
        for way in range(DIRECTIONS)
    ]
    return np.stack(parts, axis=-1)


def _cells(values: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """The mean of each square of cell x cell pixels; further axes stay."""
    count, side = len(values), values.shape[1] // cell
    split = values.reshape(count, side, cell, side, cell, *values.shape[3:])
    return np.asarray(split.mean(axis=(2, 4)), dtype=np.float32)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Dense rows at length 1; zeros stay zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 1e-6, length, 1), dtype=np.float32)
