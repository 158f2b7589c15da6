"""What every head is told beside the data."""

import time
from dataclasses import dataclass


class OutOfTime(Exception):
    """The time that learning had is over."""


@dataclass(frozen=True, slots=True)
class Options:
    """``multiple``: each label by itself. ``seed`` of all chance. ``threads`` that learning may use.

    ``until`` is a time of ``time.monotonic``, null for no limit.
    """

    multiple: bool = False
    seed: int = 0
    threads: int = 1
    until: float | None = None

    def check_time(self) -> None:
        """Raises OutOfTime where the time is over."""
        if self.until is not None and time.monotonic() > self.until:
            raise OutOfTime
