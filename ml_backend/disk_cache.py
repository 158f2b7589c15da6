"""What took long to get, kept in files under a bound: bytes by a name of their own.

Several processes may share a folder. Each file is written aside and renamed, and begins with its checksum: what is read
back is what was kept, or nothing. What was not asked for longest goes first.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

CHECKSUM = 16
BLOCK = 4096
"""What the smallest file takes on disk."""

AFTER_SWEEP = 0.8
"""The share of the bound that is left when room was made, so that it is not made for every file."""


class DiskCache:
    """At most ``most_bytes`` under ``folder``; with 0 nothing is kept. A full or broken disk keeps nothing either.

    ``clock`` gives seconds since 1970, as files are dated.
    """

    def __init__(self, folder: Path, most_bytes: int, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._most = most_bytes
        self._clock = clock
        self._written = most_bytes  # the first file finds out what there is already
        self._turn = threading.Lock()
        self._complained = False

    def get(self, name: str, newer_than: float = 0.0) -> bytes | None:
        """What was kept under the name since ``newer_than``; null where nothing was, or where it is broken."""
        place = self._place(name)
        try:
            kept_at = place.stat().st_mtime
            content = place.read_bytes()
            if kept_at < newer_than:
                return None
            if content[:CHECKSUM] != _checksum(name, content[CHECKSUM:]):
                place.unlink(missing_ok=True)
                return None
            os.utime(place, (self._clock(), kept_at))
        except OSError:
            return None
        return content[CHECKSUM:]

    def put(self, name: str, content: bytes) -> None:
        """Keep the content under the name, instead of what was there."""
        size = _on_disk(len(content) + CHECKSUM)
        if size > AFTER_SWEEP * self._most:
            return
        place = self._place(name)
        draft = place.with_name(f".{os.getpid()}.{threading.get_ident()}.draft")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(_checksum(name, content) + content)
            now = self._clock()
            os.utime(draft, (now, now))
            draft.replace(place)
            with self._turn:
                self._written += size
                if self._written > (1 - AFTER_SWEEP) / 2 * self._most:
                    self._make_room()
                    self._written = 0
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            if not self._complained:
                self._complained = True
                log.warning("%s: nothing can be kept there (%s): images are fetched each time", self._folder, error)

    def _place(self, name: str) -> Path:
        key = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
        return self._folder / key[:2] / key[2:]

    def _make_room(self) -> None:
        """Remove what was not asked for longest, and drafts of the dead."""
        found: list[tuple[float, int, str]] = []
        for folder in self._folder.iterdir():
            for entry in os.scandir(folder):
                with suppress(OSError):
                    about = entry.stat()
                    found.append((about.st_atime, _on_disk(about.st_size), entry.path))
        # A sweep begins early enough that what other processes write meanwhile stays within the bound.
        total = sum(size for _, size, _ in found)
        if total <= (1 + AFTER_SWEEP) / 2 * self._most:
            return
        for _, size, place in sorted(found):
            if total <= AFTER_SWEEP * self._most:
                return
            with suppress(OSError):
                Path(place).unlink()
            total -= size


def _on_disk(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _checksum(name: str, content: bytes) -> bytes:
    """Of the name too: a file that was put in another's place is no answer to its question."""
    return hashlib.blake2b(
        content, digest_size=CHECKSUM, key=hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    ).digest()
