"""Files of one JSON object a line."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import TiebreakError


def lines(place: Path, refused: type[TiebreakError]) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; raises ``refused``, with the file's name, for no text."""
    try:
        with place.open(encoding="utf-8-sig") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise refused(f"{place}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise refused(f"{place}: not UTF-8 at byte {error.start}: is it JSONL?") from error
