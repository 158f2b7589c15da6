"""The pictures that tasks show, found in a folder by the file names that the tasks' data end in."""

import itertools
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from PIL import Image

from ..errors import TiebreakError
from ..quality.drift.pictures import Pixels, picture_statistics
from ..quality.records import FloatArray

MOST = 4000
"""Pictures of a field that are read; of more, so many are drawn."""
MOST_PIXELS = 89_478_485
"""Larger pictures are not read: Pillow's own bound against small files that unpack to gigabytes."""
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What Label Studio puts before the name of a file that was uploaded."""

Data = Mapping[int, Mapping[str, Any]]


class PicturesError(TiebreakError):
    """A folder that cannot be looked through."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Field -> task -> the statistics of its picture; how many were looked for, not found, and no picture."""

    of: Mapping[str, Mapping[int, FloatArray]] = field(default_factory=dict)
    asked: int = 0
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    def notes(self, folder: Path) -> Iterator[str]:
        """What a reader must know."""
        if not self.asked:
            yield f"No task here shows a picture: nothing was looked for in {folder}."
        for names, what in (
            (self.missing, f"are not in {folder}"),
            (self.unreadable, f"in {folder} cannot be read"),
        ):
            if names:
                yield f"{len(names):,} of {self.asked:,} pictures {what}, such as {names[0]!r:.80}."


def pictures_in(folder: Path, data: Data, fields: Sequence[str], rng: np.random.Generator) -> Pictures:
    """The statistics of the pictures that these fields of the tasks' data name, as far as they are in the folder.

    Folders inside it count; of several files of one name that counts whose folders are named most alike. Data is
    whatever people imported: only the name is taken from it. Raises PicturesError for what is no folder.
    """
    there = _files(folder)
    found: dict[str, dict[int, FloatArray]] = {}
    missing, unreadable, asked = [], [], 0
    for name in fields:
        addresses = {task: text for task, shown in data.items() if (text := _address(shown.get(name)))}
        drawn = sorted(addresses)
        if len(drawn) > MOST:
            drawn = sorted(rng.permutation(drawn)[:MOST].tolist())
        asked += len(drawn)
        for task in drawn:
            parts = parts_of(addresses[task])
            place = _nearest(parts, there)
            if place is None:
                missing.append(parts[-1] if parts else addresses[task])
            elif (statistics := _statistics(place)) is None:
                unreadable.append(place.name)
            else:
                found.setdefault(name, {})[task] = statistics
    return Pictures(found, asked, tuple(missing), tuple(unreadable))


def _files(folder: Path) -> dict[str, list[Path]]:
    """The files in a folder and those inside it, by name."""
    if not folder.is_dir():
        raise PicturesError(f"{folder}: no folder is there: name the one that holds the tasks' pictures")
    found: dict[str, list[Path]] = {}
    for inside, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            found.setdefault(name, []).append(Path(inside, name))
    return found


def _address(value: object) -> str:
    """A field's value, or the first of several, where it may name a file; else ""."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) and first and not first.startswith("data:") else ""


def parts_of(address: str) -> tuple[str, ...]:
    """The folders and the name that an address ends in.

    >>> parts_of("s3://bucket/cats/1%20a.png"), parts_of("/data/local-files/?d=cats/2.png"), parts_of("3.png?v=2")
    (('cats', '1 a.png'), ('cats', '2.png'), ('3.png',))
    """
    try:
        split = urlsplit(address)
    except ValueError:
        return ()
    local = parse_qs(split.query).get("d", []) if split.path.endswith("/local-files/") else []
    path = local[0] if local else unquote(split.path)
    return tuple(part for part in PurePosixPath(path.replace("\\", "/")).parts if part not in ("/", ".", ".."))


def _nearest(parts: Sequence[str], there: Mapping[str, Sequence[Path]]) -> Path | None:
    if not parts:
        return None
    same = there.get(parts[-1]) or there.get(_UPLOADED.sub("", parts[-1], count=1)) or ()
    return max(same, key=lambda place: _alike(place.parts[-2::-1], parts[-2::-1]), default=None)


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many names in a row are the same, from the first on."""
    same = (mine == yours for mine, yours in zip(one, other, strict=False))
    return len(list(itertools.takewhile(bool, same)))


def _statistics(place: Path) -> FloatArray | None:
    """Null for what is no picture, damaged or too large."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(place) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            return picture_statistics(_pixels(image))
    except Exception:  # noqa: BLE001 - whatever a damaged file makes Pillow raise, it is one that cannot be read
        return None


def _pixels(image: Image.Image) -> Pixels:
    """Grey of 16 bits as it is, everything else as red, green and blue."""
    if image.mode.startswith("I"):
        return np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
    return np.asarray(image.convert("RGB"))
