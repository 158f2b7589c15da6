"""Label Studio's JSON exports: text -> tasks. Reading the file is the caller's."""

import json
from collections.abc import Mapping
from typing import Any

from .errors import ExportFormatError


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
            f"line {error.lineno}, column {error.colno}: {error.msg}; the file is cut or is not JSON: "
            "export it again (Label Studio: Export, JSON)"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ExportFormatError(f"not JSON that Label Studio writes ({type(error).__name__})") from error
    if not isinstance(found, list):
        raise ExportFormatError("not a list of tasks; export it as JSON (not JSON-MIN or CSV)")
    for number, task in enumerate(found):
        _check(number, task)
    return found


def _check(number: int, task: object) -> None:
    where = f"task {number} of the list"
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise ExportFormatError(f"{where}: no `data`; export it as JSON (not JSON-MIN or CSV)")
    annotations = task.get("annotations")
    if annotations is not None and not isinstance(annotations, list):
        raise ExportFormatError(f"{where}: `annotations` is not a list")
    for annotation in annotations or ():
        if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
            raise ExportFormatError(f"{where}: an annotation without a `result`")
