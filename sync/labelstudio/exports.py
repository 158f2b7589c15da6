"""Reading Label Studio's own export files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from label_config.errors import ExportFormatError
from label_config.exports import parse_export

from ..errors import ExportError


def read_export(place: Path) -> list[Mapping[str, Any]]:
    """The tasks of a JSON export, as they stand there, each with ``data`` and ``annotations``.

    Raises ExportError, which names the file and the place in it, for one that is cut, not JSON, or not an export.
    """
    try:
        return parse_export(place.read_bytes())
    except OSError as error:
        raise ExportError(f"{place}: cannot be read: {error.strerror}") from error
    except ExportFormatError as error:
        raise ExportError(f"{place}: {error}") from error
