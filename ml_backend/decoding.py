"""JSON of any size, decoded a piece at a time: while Python decodes one text, no other thread has a turn.

What fits into a piece is decoded by the standard library at once. An object, a list or a text that does not is gone
through here, so that at no time more than a few pieces are decoded in one step, or kept beside what they became.
"""

import codecs
import json
import re
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any, Protocol

PIECE = 1 << 17
"""Bytes that are read at once, and characters that a value needs to be gone through here: a millisecond's work."""
DEEPEST = 20
"""Objects and lists inside one another that are gone through here; what is inside them is decoded at once."""

_SPACE = re.compile(r"[ \t\n\r]*")
_STRETCH = re.compile(
    r'(?:[^"\\]++|\\[^u]|\\u(?![dD][89abAB])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?=.{6})(?!\\u[dD][c-fC-F])))*+",
    re.DOTALL,
)
"""Of a text what can be decoded by itself: it ends in no half of an escape, and in no half of a character."""
_LONGEST_ESCAPE = 12
_EXPONENT = 3
"""Characters that tell whether a number goes on, as in 1e+5."""
_OTHERS = tuple("-0123456789tfnNI")
"""What numbers and constants begin with."""
_scan = json.JSONDecoder().raw_decode


class Stream(Protocol):
    """Where bytes come from."""

    def read(self, size: int = ..., /) -> bytes:
        """At most so many; none at the end."""


def decoded(stream: Stream, piece: int = PIECE) -> Any:
    """The JSON document in a stream, as ``json.loads`` gives it. Raises ValueError or RecursionError as that does.

    >>> import io
    >>> decoded(io.BytesIO(b'{"tasks": [1, 2, 3]}'), piece=4)
    {'tasks': [1, 2, 3]}
    """
    first = _read(stream, 2 * piece)
    if len(first) < 2 * piece:
        return json.loads(first)
    decoder = codecs.getincrementaldecoder(json.detect_encoding(first))("surrogatepass")
    reader = _Reader(stream, decoder, piece, decoder.decode(first))
    found = reader.value(0)
    if reader.peek():
        raise reader.wrong("Extra data")
    return found


def _read(stream: Stream, size: int) -> bytes:
    """So many bytes; fewer at the end alone."""
    parts, left = list[bytes](), size
    while left and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


@dataclass
class _Reader:
    """Goes through a document. ``text`` is what was read last, of which all before ``at`` is done."""

    stream: Stream
    decoder: codecs.IncrementalDecoder
    piece: int
    text: str
    at: int = 0
    ended: bool = False

    def value(self, depth: int) -> Any:
        """The next value."""
        first = self.peek()
        while True:
            try:
                found, end = _scan(self.text, self.at)
            except JSONDecodeError:
                if self.ended:
                    raise
            else:
                after = self.text[end : end + _EXPONENT]
                if (
                    self.ended or len(after) == _EXPONENT or (after and after[0] not in ".eE")
                ):  # else a number may go on
                    self.at = end
                    return found
            if self.left() < self.piece:
                self.more(self.piece)
            elif depth >= DEEPEST or first in _OTHERS:
                self.more(self.left())
            elif first == "{":
                return self.object(depth)
            elif first == "[":
                return self.list(depth)
            elif first == '"':
                return self.long_text()
            else:
                raise self.wrong("Expecting value")

    def object(self, depth: int) -> dict[str, Any]:
        """The object that begins here."""
        found: dict[str, Any] = {}
        self.at += 1
        if self.peek() == "}":
            self.at += 1
            return found
        while True:
            if self.peek() != '"':
                raise self.wrong("Expecting property name enclosed in double quotes")
            name = self.value(depth + 1)
            self.take(":")
            found[name] = self.value(depth + 1)
            if self.take(",}") == "}":
                return found

    def list(self, depth: int) -> list[Any]:
        """The list that begins here."""
        found: list[Any] = []
        self.at += 1
        if self.peek() == "]":
            self.at += 1
            return found
        while True:
            found.append(self.value(depth + 1))
            if self.take(",]") == "]":
                return found

    def long_text(self) -> str:
        """The text that begins here."""
        parts: list[str] = []
        self.at += 1
        while True:
            stretch = _STRETCH.match(self.text, self.at)
            assert stretch is not None  # it may be empty
            parts.append(_scan(f'"{stretch[0]}"')[0])
            self.at = stretch.end()
            if self.text[self.at : self.at + 1] == '"' or self.ended or self.left() > _LONGEST_ESCAPE:
                rest, end = _scan('"' + self.text[self.at :])
                self.at += end - 1
                return "".join([*parts, rest])
            self.more(self.piece)

    def peek(self) -> str:
        """The next character that is no space; nothing at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            assert space is not None  # it may be empty
            self.at = space.end()
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more(self.piece)

    def take(self, wanted: str) -> str:
        """Pass over the next character, which must be one of those wanted."""
        found = self.peek()
        if not found or found not in wanted:
            raise self.wrong(f"Expecting {wanted!r} delimiter")
        self.at += 1
        return found

    def left(self) -> int:
        """Characters that were read and are not done."""
        return len(self.text) - self.at

    def more(self, size: int) -> None:
        """Read on."""
        piece = self.stream.read(size)
        self.ended = not piece
        self.text = self.text[self.at :] + self.decoder.decode(piece, self.ended)
        self.at = 0

    def wrong(self, what: str) -> JSONDecodeError:
        """What is told where this is no JSON."""
        return JSONDecodeError(what, self.text, self.at)
