"""A lease that one process of several holds: whoever dies lets go of it."""

import fcntl
import os
from pathlib import Path


class Lease:
    """One holder of a lock file at a time, over all processes of a machine that see the file.

    A child process that inherits ``handle`` holds the lease too, until it ends.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self.handle: int | None = None

    def take(self) -> bool:
        """Hold the lease, without waiting for it; whether it is held now."""
        if self.handle is not None:
            return True
        self._place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self.handle = handle
        return True

    def give_up(self) -> None:
        """Let others have it."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
