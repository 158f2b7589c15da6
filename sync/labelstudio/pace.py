"""Time that a server is left to others: after each request for a while that grows with what the request took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONGEST_REST = 30.0
"""Seconds: also after a request that took minutes it is not left alone for longer."""


def no_pause() -> float:
    """Nobody else needs the server."""
    return 0.0


class Pace:
    """While it is kept, each request is followed by a pause, ``pause`` times as long as it took.

    The next one waits for what is left of that. ``pause`` is asked after each request, so that it can change with
    who else is there; ``clock`` gives seconds.
    """

    def __init__(
        self,
        pause: Callable[[], float] = no_pause,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pause = pause
        self._sleep = sleep
        self._clock = clock
        self._kept = 0
        self._hurries = False
        self._until = 0.0

    @property
    def on(self) -> bool:
        """Whether it is kept, and somebody else is there."""
        return self._kept > 0 and self.pause() > 0

    def hurry(self) -> None:
        """Let the next request go at once; the pause that it does not wait for is left to the one after it."""
        self._hurries = True

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Until the end of the block, requests are paced; blocks may lie in each other."""
        self._kept += 1
        try:
            yield
        finally:
            self._kept -= 1

    @contextmanager
    def request(self) -> Iterator[None]:
        """One request: waits for its turn, and sets when the next one's is, also where it fails."""
        left, hurries, self._hurries = self._until - self._clock(), self._hurries, False
        if self._kept and left > 0 and not hurries:
            self._sleep(left)
        began = self._clock()
        try:
            yield
        finally:
            ended = self._clock()
            if self._kept:
                self._until = max(self._until, ended + min(LONGEST_REST, (ended - began) * self.pause()))
