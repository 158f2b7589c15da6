"""How long it takes at the very least to read what a task shows."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

WORDS_A_MINUTE = 1000
"""Nobody reads faster: silent reading is at 238 words a minute, the fastest with understanding below 400 (Brysbaert
2019); the rest leaves room for who decides before the end."""
SIGNS_A_WORD = 1.5
"""Chinese and Japanese characters that take as long as a word (ibid.: 260 words are about 390 signs)."""

_SIGN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_TAG = re.compile(r"<[^<>]*>")
_ADDRESS = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:\S+|/\S*|\S+\.\w{2,4})\s*$", re.IGNORECASE)


def seconds_to_read(data: Mapping[str, Any]) -> float:
    """The least seconds for all texts in a task's data, however nested; addresses of media and markup are not read.

    >>> seconds_to_read({"text": "one two three four five", "image": "https://a/b.png", "pages": ["six", {"b": "7"}]})
    0.42
    """
    words = sum(_words(text) for text in _texts(data))
    return words * 60 / WORDS_A_MINUTE


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if not _ADDRESS.match(value):
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _words(text: str) -> float:
    plain = _TAG.sub(" ", text) if "<" in text else text
    if plain.isascii():
        return len(plain.split())
    signs = len(_SIGN.findall(plain))
    return len(_SIGN.sub(" ", plain).split()) + signs / SIGNS_A_WORD
