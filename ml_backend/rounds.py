"""The scoring round that Label Studio shows: its version, its places, its blind tasks. Kept on disk.

``/score`` prepares a round under its name, ``/round`` makes it the one that ``/setup`` and ``/predict`` answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .errors import BadRequest, RegistryError
from .files import read_json, write_json
from .records import FloatArray

ROUND = "round.json"
_NAME = re.compile(r"(tiebreak-[0-9]{1,18})(\.[0-9]{1,18})?")


@dataclass(frozen=True, slots=True)
class Round:
    """A round: ``version`` is what Label Studio sees, ``model`` the model version behind it.

    ``places`` of the pool's tasks, 0 first. ``utilities`` of the tasks outside the random share, the lowest first.
    ``blind`` tasks are in dispute: ``/predict`` leads nobody there.
    """

    version: str
    model: str
    places: Mapping[int, int]
    utilities: FloatArray
    blind: frozenset[int]


def model_of(version: object, field: str = "version") -> str:
    """The model version behind a round's: "tiebreak-3" of "tiebreak-3.7".

    Raises BadRequest for anything else, with the name of the request's ``field``.

    >>> model_of("tiebreak-3.7"), model_of("tiebreak-3")
    ('tiebreak-3', 'tiebreak-3')
    """
    found = _NAME.fullmatch(version) if isinstance(version, str) else None
    if found is None:
        raise BadRequest(f"{field}: {str(version)[:60]!r} is no version of a round; expected MODEL.ROUND: tiebreak-3.7")
    return found[1]


def prepare(folder: Path, prepared: Round) -> None:
    """Keep a round that was scored, beside the one that is shown."""
    (folder / "rounds").mkdir(parents=True, exist_ok=True)
    write_json(
        _place(folder, prepared.version),
        {
            "version": prepared.version,
            "places": list(prepared.places.items()),
            "utilities": prepared.utilities.tolist(),
            "blind": sorted(prepared.blind),
        },
    )


def show(folder: Path, version: str) -> None:
    """From now on this is the version; the rounds before it go. Safe to repeat."""
    model_of(version)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / ROUND, {"version": version})
    for place in (folder / "rounds").glob("*.json"):
        if place != _place(folder, version):
            place.unlink(missing_ok=True)


def any_prepared(folder: Path) -> bool:
    """Whether a round was ever prepared or shown: before that no strategy has chosen any task."""
    return (folder / ROUND).exists() or any((folder / "rounds").glob("*.json"))


def shown_version(folder: Path) -> str | None:
    """The version of the round that is shown, null before the first. Raises RegistryError for a broken file."""
    found = read_json(folder / ROUND)
    if found is None:
        return None
    version = found.get("version") if isinstance(found, dict) else None
    if not isinstance(version, str) or _NAME.fullmatch(version) is None:
        raise RegistryError(f"{folder / ROUND}: not a round; remove it, the next round writes a new one")
    return version


def shown(folder: Path) -> Round | None:
    """The round that is shown, null before the first; one that was never scored here has no places."""
    version = shown_version(folder)
    return None if version is None else read(folder, version)


def read(folder: Path, version: str) -> Round:
    """A prepared round; without places where it was never scored here. Raises RegistryError for a broken file."""
    place = _place(folder, version)
    try:
        stamp = place.stat()
    except FileNotFoundError:
        return Round(version, model_of(version), {}, np.empty(0), frozenset())
    return _parsed(place, version, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=32)
def _parsed(place: Path, version: str, _changed_at: int, _size: int) -> Round:
    """A round has a place for each task and /predict must be quick, so each state of a file is parsed once."""
    found = read_json(place)
    try:
        return Round(
            version,
            model_of(version),
            {int(task): int(where) for task, where in found["places"]},
            np.array(found["utilities"], dtype=np.float64),
            frozenset(map(int, found["blind"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RegistryError(f"{place}: not a round ({error!r}); the next round writes a new one") from error


def _place(folder: Path, version: str) -> Path:
    return folder / "rounds" / f"{version}.json"
