"""What a picture looks like in eight numbers: size, light, colour and sharpness, to see whether pictures change."""

import numpy as np
from numpy.typing import NDArray

from ..records import FloatArray

STATISTICS = ("width", "height", "brightness", "contrast", "red", "green", "blue", "sharpness")
"""What the numbers are, in their order."""
SIDE = 512
"""Light and colour are those of at most so many rows and columns, sharpness that of a square of this side inside."""

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def picture_statistics(pixels: Pixels) -> FloatArray:
    """The ``STATISTICS`` of a picture, (rows, columns) or (rows, columns, red green blue): shape (8,).

    Width and height are the logarithms, to base 2, of pixels. Brightness is the mean of the luma (ITU-R BT.601) and
    contrast its standard deviation, red, green and blue are means, all over the largest value that a pixel can have.
    Sharpness is the logarithm, to base 10, of the variance of the luma's Laplacian (Pech-Pacheco et al. 2000), that of
    rounding at the least. Raises ValueError for a picture without pixels.

    >>> halves = np.repeat(np.array([[0, 255]], dtype=np.uint8), 2, axis=1).repeat(4, axis=0)
    >>> picture_statistics(halves).round(2).tolist()
    [2.0, 2.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0]
    """
    if not pixels.size:
        raise ValueError("a picture without pixels")
    height, width = pixels.shape[:2]
    coloured = pixels if pixels.ndim == 3 else pixels[:, :, None].repeat(3, axis=2)
    some = _scaled(coloured[:: -(-height // SIDE), :: -(-width // SIDE)])
    light = _luma(some)
    top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
    middle = _luma(_scaled(coloured[top : top + SIDE, left : left + SIDE]))
    means = some.reshape(-1, 3).mean(axis=0)
    size = np.log2([width, height])
    return np.array([*size, light.mean(), light.std(), *means, _sharpness(middle)])


def _scaled(pixels: Pixels) -> FloatArray:
    found: FloatArray = pixels.astype(np.float64) / np.iinfo(pixels.dtype).max
    return found


def _luma(coloured: FloatArray) -> FloatArray:
    found: FloatArray = coloured @ np.array([0.299, 0.587, 0.114])
    return found


def _sharpness(light: FloatArray) -> float:
    inner = light[1:-1, 1:-1]
    if not inner.size:
        return float(np.log10(_ROUNDING))
    edges = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * inner
    return float(np.log10(max(float(edges.var()), _ROUNDING)))


_ROUNDING = 20 / (12 * 255**2)
"""The variance that the Laplacian of pixels has which are rounded to one of 256 values: 20 times that of one pixel."""
