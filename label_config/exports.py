"""Label Studio's JSON exports: text -> tasks. Reading the file is the caller's."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ExportFormatError

_AGAIN = "export it again (Label Studio: Export, JSON)"
_OTHER = "export it as JSON (not JSON-MIN or CSV)"
_SPACE = re.compile(r"[ \t\n\r]*")
_LONGEST_WORD = 16
"""No word of JSON, and no escape, is longer: an error nearer to the end of what is here may be only a cut."""


def parse_export(content: bytes) -> list[Mapping[str, Any]]:
    """The tasks of a JSON export, as they stand there, each with ``data`` and ``annotations``.

    Raises ExportFormatError, which names the place, for one that is cut, not JSON, or not an export.

    >>> parse_export(b'[{"id": 1, "data": {"text": "a"}, "annotations": [{"result": []}]}]')[0]["data"]
    {'text': 'a'}
    """
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ExportFormatError(f"not UTF-8 at byte {error.start}: is it a JSON export?") from error
    except json.JSONDecodeError as error:
        raise ExportFormatError(
            f"line {error.lineno}, column {error.colno}: {error.msg}; the file is cut or is not JSON: {_AGAIN}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ExportFormatError(f"not JSON that Label Studio writes ({type(error).__name__})") from error
    if not isinstance(found, list):
        raise ExportFormatError(f"not a list of tasks; {_OTHER}")
    for number, task in enumerate(found, 1):
        _check(number, task)
    return found


def _check(number: int, task: object) -> None:
    where = f"task {number} of the list"
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise ExportFormatError(f"{where}: no `data`; {_OTHER}")
    annotations = task.get("annotations")
    if annotations is not None and not isinstance(annotations, list):
        raise ExportFormatError(f"{where}: `annotations` is not a list")
    for annotation in annotations or ():
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            raise ExportFormatError(f"{where}: an annotation without a `result`")


def tasks_of(chunks: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """The tasks of a JSON export that comes in pieces, one by one, as they stand there.

    Only the piece at hand and the task at hand are in memory: pieces of about a megabyte read fastest. A byte order
    mark and space around are accepted. Raises ExportFormatError for an export that is cut or not JSON (after which
    task and at which byte), not UTF-8, not a list, or holds something that is no exported task (which).

    >>> [task["id"] for task in tasks_of([b'[{"id": 1, "data": {}}, {"id"', b': 2, "data": {}}]'])]
    [1, 2]
    """
    text = _Text(iter(chunks))
    if text.next_character() != "[":
        raise ExportFormatError(f"not a list of tasks; {_OTHER}" if text.here() else f"the file is empty; {_AGAIN}")
    text.at += 1
    number, between = 0, text.next_character()
    while between != "]":
        if number:
            text.expect(between, ",", number)
            text.next_character()
        task = text.value(number)
        _check(number + 1, task)
        yield task
        number, between = number + 1, text.next_character()
    text.at += 1
    if text.next_character():
        raise ExportFormatError(f"something follows the list of {number} tasks at byte {text.byte()}; {_AGAIN}")


@dataclass(slots=True)
class _Text:
    """The part of a text that is here: what was used is let go when more is needed. ``fed`` counts bytes."""

    chunks: Iterator[bytes]
    text: str = ""
    at: int = 0
    fed: int = 0
    ended: bool = False
    utf8: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8-sig"))
    reader: json.JSONDecoder = field(default_factory=json.JSONDecoder)

    def here(self) -> bool:
        return self.at < len(self.text)

    def more(self, least: int = 1) -> bool:
        """Take in ``least`` characters or more; false where the text has ended."""
        parts, size = [self.text[self.at :]], 0
        while size < least and not self.ended:
            chunk = next(self.chunks, None)
            self.ended = chunk is None
            self.fed += len(chunk or b"")
            parts.append(self._decoded(chunk))
            size += len(parts[-1])
        self.text, self.at = "".join(parts), 0
        return size > 0

    def _decoded(self, chunk: bytes | None) -> str:
        try:
            return self.utf8.decode(chunk or b"", final=chunk is None)
        except UnicodeDecodeError as error:
            at = self.fed - len(error.object) + error.start
            raise ExportFormatError(f"not UTF-8 at byte {at}: is it a JSON export?") from error

    def next_character(self) -> str:
        """The next character that is no space, which stays; "" at the end."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr] # it fits nothing as well
            if self.here():
                return self.text[self.at]
            if not self.more():
                return ""

    def expect(self, found: str, wanted: str, number: int) -> None:
        """Go past a character that must be next."""
        if found != wanted:
            self._refuse(number, f"{wanted!r} or ']' is missing", self.at)
        self.at += 1

    def value(self, number: int) -> Any:
        """The value that starts here; where it is cut, the search goes on in twice as much text."""
        while True:
            start = self.at
            try:
                found, self.at = self.reader.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos > len(self.text) - _LONGEST_WORD
                if not (cut and self.more(len(self.text) - self.at)):
                    self._refuse(number, error.msg, error.pos - start + self.at)
            except (ValueError, RecursionError) as error:
                raise ExportFormatError(
                    f"task {number + 1} of the list: not JSON that Label Studio writes ({type(error).__name__})"
                ) from error
            else:
                return found

    def _refuse(self, number: int, problem: str, at: int) -> None:
        after = f"after {number} tasks, at byte {self.byte(at)}"
        raise ExportFormatError(f"{after}: {problem}; the file is cut or is not JSON: {_AGAIN}")

    def byte(self, at: int | None = None) -> int:
        """The byte at which a character of the text that is here stands."""
        rest = len(self.text[self.at if at is None else at :].encode())
        return self.fed - len(self.utf8.getstate()[0]) - rest
