"""Writing that survives a kill: what is read back is the old content or the new, never half of it."""

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .decoding import decoded
from .errors import RegistryError

AT_ONCE = 5_000
"""Entries of a list that are written together."""


def write_atomically(place: Path, lines: Iterable[str]) -> None:
    """Replace ``place`` with ``lines`` in one step, on disk when this returns.

    Halves of characters, which JSON may hold, are written as ``json.loads`` reads them.
    """
    draft = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}.draft")
    with draft.open("w", encoding="utf-8", errors="surrogatepass") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)
    sync_folder(place.parent)


def write_json(place: Path, value: object) -> None:
    """Replace ``place`` with one JSON document.

    Long lists of an object are written in short steps: during each of them no other thread has a turn.
    """
    write_atomically(place, [*_written(value), "\n"])


def _written(value: object) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield _encoded(value)
        return
    for place, (name, one) in enumerate(value.items()):
        yield f"{', ' if place else '{'}{_encoded(str(name))}: "
        if isinstance(one, list) and len(one) > AT_ONCE:
            for start in range(0, len(one), AT_ONCE):
                yield f"{', ' if start else '['}{_encoded(one[start : start + AT_ONCE])[1:-1]}"
            yield "]"
        else:
            yield _encoded(one)
    yield "}"


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_json(place: Path) -> Any:
    """The JSON document in ``place``, null where there is no such file. Raises RegistryError that names it."""
    try:
        with place.open("rb") as file:
            return decoded(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RegistryError(f"{place}: cannot be read ({error}); remove it, or put its backup back") from error


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Wait until nobody else, in this process or another, is inside with the same lock file; a kill lets go of it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
