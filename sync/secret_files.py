"""Settings that stand in files of their own: for each variable ``X`` there is ``X_FILE``, which names such a file."""

from collections.abc import Collection, Mapping
from pathlib import Path

from .errors import SettingsError

ENDING = "_FILE"


def from_files(environment: Mapping[str, str], prefix: str, known: Collection[str]) -> dict[str, str]:
    """Setting -> what its file holds, without the end of its last line.

    Raises SettingsError for a file that cannot be read, and for a setting that is given both ways.

    >>> from_files({"TIEBREAK_SECRET": "s"}, "TIEBREAK_", ["secret"])
    {}
    """
    return {key: _text(environment, name) for key in known if (name := f"{prefix}{key.upper()}{ENDING}") in environment}


def _text(environment: Mapping[str, str], name: str) -> str:
    variable = name.removesuffix(ENDING)
    if variable in environment:
        raise SettingsError(f"{variable} and {name} are both set: leave one of them out")
    place = Path(environment[name])
    try:
        return place.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text"
        raise SettingsError(f"environment variable {name}: {place} cannot be read: {why}") from error
