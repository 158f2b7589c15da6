"""A glance at a task's data: enough to recognise it in a list."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

LENGTH = 140
IMAGE_LENGTH = 24_000
IMAGES_LENGTH = 200_000
"""Characters of pictures in a whole list: about 150 kB once it is compressed."""
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A short text, and a small picture as a ``data:`` address where the task carries one."""

    text: str
    image: str | None = None


def excerpt(data: Mapping[str, Any]) -> Excerpt:
    """The beginning of the first field that says something, and the first picture small enough for a list.

    >>> excerpt({"text": "Room with a view " * 20}).text[-20:]
    'oom with a view Roo…'
    >>> excerpt({"image": "https://example.org/scans/page-7.png"})
    Excerpt(text='page-7.png', image=None)
    """
    image = next((value for value in data.values() if _is_small_image(value)), None)
    texts = (_text(value) for value in data.values())
    return Excerpt(next((text for text in texts if text), ""), image)


def listed(excerpts: Iterable[Excerpt]) -> list[Excerpt]:
    """Those of a list, whose pictures together are small enough for a page: the later ones go without.

    >>> found = listed([Excerpt("a", "x" * 150_000), Excerpt("b", "x" * 60_000), Excerpt("c", "x" * 50_000)])
    >>> [one.image is not None for one in found]
    [True, False, True]
    """
    left, found = IMAGES_LENGTH, []
    for one in excerpts:
        length = len(one.image or "")
        fits = length <= left
        left -= length if fits else 0
        found.append(one if fits else replace(one, image=None))
    return found


def _is_small_image(value: object) -> bool:
    return isinstance(value, str) and len(value) <= IMAGE_LENGTH and IMAGE.fullmatch(value) is not None


def _text(value: object) -> str:
    if value is None or (isinstance(value, str) and value.startswith("data:")):
        return ""
    if isinstance(value, str) and re.match("(https?|s3|gs|azure-blob)://", value):
        value = value.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text[: 4 * LENGTH].split())
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
