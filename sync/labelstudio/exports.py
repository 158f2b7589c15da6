"""Reading Label Studio's own export files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ExportError


def read_export(place: Path) -> list[Mapping[str, Any]]:
    """The tasks of a JSON export, as they stand there, each with ``data`` and ``annotations``.

    Raises ExportError, which names the file and the place in it, for one that is cut, not JSON, or not an export.
    """
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ExportError(f"{place}: not UTF-8 at byte {error.start}: is it a JSON export?") from error
    except json.JSONDecodeError as error:
        raise ExportError(
            f"{place}, line {error.lineno}, column {error.colno}: {error.msg}; the file is cut or is not JSON: "
            "export it again (Label Studio: Export, JSON)"
        ) from error
    if not isinstance(found, list):
        raise ExportError(f"{place}: not a list of tasks; export it as JSON (not JSON-MIN or CSV)")
    for number, task in enumerate(found):
        _check(place, number, task)
    return found


def _check(place: Path, number: int, task: object) -> None:
    where = f"{place}, task {number} of the list"
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise ExportError(f"{where}: no `data`; export it as JSON (not JSON-MIN or CSV)")
    for annotation in task.get("annotations") or ():
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            raise ExportError(f"{where}: an annotation without a `result`")
