"""What a model sees of a task: one kind of data a file, all of them in one dict.

An encoder turns inputs (texts, shrunken images) into rows of numbers, (n, d). Rows have length 1, or 0
where nothing of the input is known, so that the product of two is how alike they are, in [-1, 1]. It is fitted once,
on the tasks with labels, and written as plain arrays and JSON.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..records import Arrays, Features, IntArray
from . import pixels, terms_and_meaning, text, wordllama

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

    ``read`` turns a field's value into an input, and ``fetches`` says that it may have to download something; it raises
    MediaError for what cannot be read. ``variants`` are other inputs that mean the same, for learning: lists as long as
    the inputs. ``without_own(rows, groups)``: each row as an encoder gives it that was fitted without the row's group,
    which is how a new task looks.
    """

    tags: tuple[str, ...]
    head: str
    read: Callable[[object, Fetch], Any]
    variants: Callable[[Sequence[Any]], Sequence[Sequence[Any]]]
    without_own: Callable[[Features, IntArray], Features]
    fit: Callable[[Sequence[Any]], Encoder]
    restore: Callable[[Mapping[str, Any], Arrays], Encoder]
    fetches: bool = False


_TEXTS = ("Text", "HyperText")

ENCODERS: Mapping[str, EncoderFamily] = {
    "tfidf+wordllama": EncoderFamily(
        _TEXTS,
        "logistic",
        text.read,
        text.variants,
        terms_and_meaning.without_own,
        terms_and_meaning.fit,
        terms_and_meaning.restore,
    ),
    "tfidf": EncoderFamily(_TEXTS, "logistic", text.read, text.variants, text.without_own, text.fit, text.restore),
    "wordllama": EncoderFamily(
        _TEXTS, "logistic", text.read, text.variants, wordllama.without_own, wordllama.fit, wordllama.restore
    ),
    "pixels": EncoderFamily(
        ("Image",), "ensemble", pixels.read, pixels.variants, pixels.without_own, pixels.fit, pixels.restore, True
    ),
}
"""By name; the first one that reads what a control is about is its default."""
