"""Numbers, texts and moments in JSON of which nothing is known."""

import math
import re
import reprlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

LARGEST = 1e15
"""Numbers beyond are refused: no length, offset or moment that Label Studio measures comes near."""

_SHORT = re.compile(r"(\d{4})(?:-(\d{2}))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def quoted(value: object) -> str:
    """A value as a refusal quotes it: short, whatever it is."""
    return reprlib.repr(value)


def number(value: Mapping[str, Any], key: str) -> float:
    """The finite number at ``key``."""
    found = value.get(key)
    if (type(found) is float or type(found) is int) and -LARGEST < found < LARGEST:
        return found
    raise ValueError(f"value.{key} is {quoted(found)}, not a finite number below 1e15")


def whole(value: Mapping[str, Any], key: str) -> int:
    """The whole number of 0 or more at ``key``; also as text, as Label Studio writes paragraphs."""
    found = value.get(key)
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 16:
        found = int(found)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < LARGEST:
        raise ValueError(f"value.{key} is {quoted(found)}, not a whole number of 0 or more")
    return found


def texts(found: object, where: str, what: str = "texts") -> list[str]:
    """A list of strings."""
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"{where} is not a list of {what}")
    return found


def seconds(text: str, pattern: str = "") -> float:
    """A date, a time or both as seconds since 1970-01-01, UTC where no zone is given.

    ``pattern`` is the interface's own, in the notation of d3 and strptime; where it is empty or does not fit, ISO
    8601, a year, a year and month, and a time of day (of 1970-01-01) are read. Raises ValueError for other texts.

    >>> seconds("1970-01-02"), seconds("1970"), seconds("00:01"), seconds("31/01/1970", "%d/%m/%Y")
    (86400.0, 0.0, 60.0, 2592000.0)
    """
    for read in (_by_pattern, _iso, _short, _clock):
        moment = read(text.strip(), pattern)
        if moment is not None:
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return (zoned - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    raise ValueError(f"{quoted(text)} is no date or time that can be read")


def _by_pattern(text: str, pattern: str) -> datetime | None:
    try:
        found = datetime.strptime(text, pattern.replace("%L", "%f")) if pattern else None  # noqa: DTZ007 - what people typed has no zone
    except (ValueError, re.error):
        return None
    # strptime puts what only says a time of day into 1900
    return found.replace(year=1970) if found and found.year == 1900 and "%Y" not in pattern else found


def _iso(text: str, _: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "-" in text else None
    except ValueError:
        return None


def _short(text: str, _: str) -> datetime | None:
    if not (found := _SHORT.fullmatch(text)):
        return None
    return _moment(int(found[1]), int(found[2] or 1))


def _clock(text: str, _: str) -> datetime | None:
    if not (found := _CLOCK.fullmatch(text)):
        return None
    return _moment(1970, 1, int(found[1]), int(found[2]), int(found[3] or 0))


def _moment(year: int, month: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime | None:
    try:
        return datetime(year, month, 1, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def within(found: float, low: float | None, high: float | None, what: str) -> float:
    """The number, which must be in [low, high]."""
    if (low is not None and found < low) or (high is not None and found > high):
        bounds = f"from {-math.inf if low is None else low:g} to {math.inf if high is None else high:g}"
        raise ValueError(f"{what} {found:g} is not {bounds}")
    return found


def once(found: Sequence[str], what: str) -> None:
    """Refuse what is there twice."""
    if len(set(found)) < len(found):
        raise ValueError(f"{what} holds an item twice")
