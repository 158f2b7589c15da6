"""CSV: one table, a row a label; lists and whatever is no plain value are JSON in their cell."""

import csv
import json
from pathlib import Path
from typing import Any

from .exported import Exported, Format, rows
from .tables import FIXED

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How texts begin that a spreadsheet would run."""


def write(exported: Exported, place: Path) -> list[str]:
    """Write the file, its head first."""
    every = list(rows(exported))
    fields = sorted({name for _, data in every for name in data})
    with place.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(cell, [*FIXED, *(f"data.{name}" for name in fields)]))
        for row, data in every:
            writer.writerow([*(cell(row[name]) for name in FIXED), *(cell(data.get(name)) for name in fields)])
    return []


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: texts that begin like one get an apostrophe in front.

    >>> [cell(value) for value in ("=1+1", "yes", -1.5, None, ["a"], True)]
    ["'=1+1", 'yes', -1.5, '', '["a"]', 'true']
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value


FORMAT = Format(write, "every control", suffixes=(".csv",))
