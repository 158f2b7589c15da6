"""JSONL: a line a label, with the task's data as it is."""

import json
from pathlib import Path

from .exported import Exported, Format, rows


def write(exported: Exported, place: Path) -> list[str]:
    """Write the file."""
    with place.open("w", encoding="utf-8", newline="\n") as file:
        for row, data in rows(exported):
            file.write(json.dumps({**row, "data": dict(sorted(data.items()))}) + "\n")
    return []


FORMAT = Format(write, "every control", suffixes=(".jsonl", ".ndjson"))
