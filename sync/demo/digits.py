"""The demo's data: scikit-learn's handwritten digits, drawn large enough to label."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

SIDE = 160


@dataclass(frozen=True, slots=True)
class Digit:
    """One image as a ``data:`` URI, and what it shows (never sent to Label Studio)."""

    image: str
    label: str


def digits(count: int, seed: int) -> list[Digit]:
    """``count`` digits (at most 1797) in a random order."""
    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.images))[:count]
    return [Digit(_draw(data.images[place]), str(data.target[place])) for place in order]


def _draw(pixels: np.ndarray) -> str:  # type: ignore[type-arg]
    """An 8 x 8 image of 0..16 as a dark digit on white, SIDE pixels wide."""
    gray = Image.fromarray((255 - pixels * 255 / 16).astype(np.uint8), mode=None)
    large = gray.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    large.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
