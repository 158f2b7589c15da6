"""What a model sees of a task: one kind of data a file, all of them in one dict.

An encoder turns inputs (texts, shrunken images) into rows of numbers, (n, d); rows that are alike have a high cosine
similarity. It is fitted once, on the tasks with labels, and written as plain arrays and JSON.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..records import Arrays, Features
from . import pixels, text

Fetch = Callable[[str], bytes]
"""From what a task's field says to the bytes of an image; raises MediaError."""


class Encoder(Protocol):
    """A fitted encoder."""

    def encode(self, inputs: Sequence[Any]) -> Features:
        """The rows of the inputs, (n, d)."""

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """What ``restore`` needs: JSON and arrays."""


@dataclass(frozen=True, slots=True)
class EncoderFamily:
    """How one kind of data is read, fitted and restored. ``tags`` are the object tags that it is meant for.

    ``read`` turns a field's value into an input; it raises MediaError for what cannot be read.
    """

    tags: tuple[str, ...]
    head: str
    read: Callable[[object, Fetch], Any]
    fit: Callable[[Sequence[Any]], Encoder]
    restore: Callable[[Mapping[str, Any], Arrays], Encoder]


ENCODERS: Mapping[str, EncoderFamily] = {
    "tfidf": EncoderFamily(("Text", "HyperText"), "logistic", text.read, text.fit, text.restore),
    "pixels": EncoderFamily(("Image",), "ensemble", pixels.read, pixels.fit, pixels.restore),
}
