"""What a model sees of a task: one kind of data a file, all of them in one dict.

Inputs (texts, shrunken images) are first described: rows of numbers that depend on nothing but the input. An encoder
turns these into rows (n, d) of length 1, or 0 where nothing of the input is known, so that the product of two is how
alike they are, in [-1, 1]. It is fitted once, on the tasks with labels, and written as plain arrays and JSON.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol

from ..records import Arrays, Features, IntArray
from . import brought, fields, pixels, terms_and_meaning, text, wordllama

Fetch = Callable[[str], bytes]
"""From what a task's field says to the bytes of an image; raises MediaError."""


class Encoder(Protocol):
    """A fitted encoder."""

    def encode(self, described: Features) -> Features:
        """The rows of what was described, (n, d)."""

    def blocks(self, inputs: Sequence[Any]) -> Iterator[Sequence[Features]]:
        """The rows of what was read, a few inputs at a time, in blocks of columns: the quickest way to them.

        What ``encode`` makes of what ``describe`` says, for who needs the rows once and not all together.
        """

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
    describe: Callable[[Sequence[Any]], Features]
    fit: Callable[[Features], Encoder]
    restore: Callable[[Mapping[str, Any], Arrays], Encoder]
    fetches: bool = False


def _texts(kind: Any) -> EncoderFamily:
    """A family that reads texts; ``kind`` is its module."""
    return EncoderFamily(
        ("Text", "HyperText", "Paragraphs", "List"),
        "logistic",
        text.read,
        text.variants,
        kind.without_own,
        kind.describe,
        kind.fit,
        kind.restore,
    )


ENCODERS: Mapping[str, EncoderFamily] = {
    "tfidf+wordllama": _texts(terms_and_meaning),
    "tfidf": _texts(text),
    "wordllama": _texts(wordllama),
    "fields": EncoderFamily(
        ("Table",),
        "logistic",
        fields.read,
        fields.variants,
        fields.without_own,
        fields.describe,
        fields.fit,
        fields.restore,
    ),
    "pixels": EncoderFamily(
        ("Image",),
        "ensemble",
        pixels.read,
        pixels.variants,
        pixels.without_own,
        pixels.describe,
        pixels.fit,
        pixels.restore,
        fetches=True,
    ),
}
"""By name; the first one that reads what a control is about is its default."""


def family_of(name: str) -> EncoderFamily:
    """The encoder family of that name: one of ENCODERS, or one that users bring. Raises EncoderError for any other."""
    return ENCODERS[name] if name in ENCODERS else _brought(name)


@lru_cache(maxsize=32)
def _brought(name: str) -> EncoderFamily:
    found = brought.brought(name)
    return EncoderFamily(
        found.tags,
        "logistic",
        found.read,
        brought.variants,
        brought.without_own,
        found.describe,
        partial(brought.fit, found),
        partial(brought.restore, found),
        found.fetches,
    )
