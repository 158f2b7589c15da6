"""The keys of JSON documents, as pages write them and as documents have them."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sync.quality.records import Estimate

from .pages import page

NAMES: Mapping[str, str] = {
    "controls": "NAME",
    "rankings": "NAME",
    "queue.bands": "*",
    "queue.reasons": "*",
    "controls.NAME.tasks[].posterior": "*",
    "queue[].parts": "*",
    "queue[].findings[].numbers": "*",
    "controls.NAME[].confusion": "*",
    "progress.pace": "*",
    "progress.pace.*.people": "*",
    "progress.controls": "NAME",
    "progress.controls.NAME.trend": "*",
    "agreement.controls": "NAME",
    "days.people": "*",
    "controls.NAME[].confusion.*": "*",
}
"""Where the names are data -> what pages write for any of them."""


def documented(name: str, section: str) -> set[str]:
    """The keys in the tables under a heading of a page."""
    text = page(name).partition(f"## {section}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


def keys(value: Any) -> set[str]:
    """The keys of a document as pages write them; an estimate is one key, and what is null here but full there is one.

    >>> sorted(keys({"tasks": [{"task": 7, "tags": None}, {"task": 8, "tags": ["a"]}]}))
    ['tasks[].tags[]', 'tasks[].task']
    """
    found = set(_keys(value, ""))
    return {key for key in found if not any(other.startswith((f"{key}.", f"{key}[")) for other in found)}


def _keys(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict) and set(value) == {field.name for field in dataclasses.fields(Estimate)}:
        yield at
    elif isinstance(value, dict):
        for name, one in value.items():
            shown = NAMES.get(at, name)
            yield from _keys(one, f"{at}.{shown}" if at else shown)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _keys(one, f"{at}[]")
    else:
        yield at
