"""What a task shows, made comparable: written text is normalised, everything else must be equal to the letter."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://\S+|data:[^,\s]*,\S*|/data/\S+)\Z", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
SHORT = 20
"""Shorter texts are alike only where they are equal: a letter may make another word, and there is no context."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one task shows.

    ``exact`` are the fields that are alike only where they are equal (addresses, images in place, numbers, texts of a
    few characters) and the numbers in the written ones; ``texts`` the written ones, normalised; both as (field, value)
    in the order of the fields, without the empty ones.
    """

    exact: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]

    @property
    def empty(self) -> bool:
        """True where nothing is shown, so that there is nothing to be alike in."""
        return not self.exact and not self.texts


def content(shown: Mapping[str, Any], fields: Sequence[str]) -> Content:
    """The named fields of a task's data; those that are missing, null or blank are left out.

    >>> content({"text": " Große  STRASSE nach Süden", "image": "s3://b/A.png", "n": 2}, ["text", "image", "n"])
    Content(exact=(('image', 's3://b/A.png'), ('n', '2')), texts=(('text', 'grosse strasse nach süden'),))
    >>> content({"text": "Flat 12 at Park Road 7b is free"}, ["text"]).exact, content({"text": "No!"}, ["text"]).exact
    ((('text', '12 7'),), (('text', 'no!'),))
    """
    exact, texts = [], []
    for name in fields:
        value = shown.get(name)
        if value is None:
            continue
        if isinstance(value, bool | int | float) or (isinstance(value, str) and _ADDRESS.match(value.strip())):
            exact.append((name, str(value).strip()))
        elif text := normalised(value if isinstance(value, str) else _written(value)):
            texts.append((name, text))
            if same := text if len(text) < SHORT else " ".join(_DIGITS.findall(text)):
                exact.append((name, same))
    return Content(tuple(exact), tuple(texts))


def _written(value: object) -> str:
    """A list or an object as text, the same whatever the order of its keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def normalised(text: str) -> str:
    """Compatible characters made one (Unicode NFKC), case folded, runs of white space as one blank.

    >>> normalised("ﬁne\\u00a0 \\n CAFE\\u0301")
    'fine café'
    """
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())
