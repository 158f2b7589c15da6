"""Told to stop, a run goes no further than its next safe point."""

import threading

from .errors import Stopped


class Stop:
    """Whether the process was told to stop. Every request is a safe point: a run may end before any of them."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @property
    def asked(self) -> bool:
        """Whether it was told to."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Have everybody who checks or sleeps stop."""
        self._asked.set()

    def check(self) -> None:
        """Raises Stopped once it was told to."""
        if self._asked.is_set():
            raise Stopped("told to stop; the next run finishes what this one began")

    def sleep(self, seconds: float) -> None:
        """Wait so long; raises Stopped as soon as it is told to."""
        self._asked.wait(seconds)
        self.check()

    def wait(self) -> None:
        """Until it is told to."""
        self._asked.wait()
