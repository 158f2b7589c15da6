"""How far something long has come, how fast it goes, and how long it still takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` tasks; ``rate`` in tasks a second since this step began, ``left`` in seconds.

    Both are null before anything was done.
    """

    step: str
    done: int
    total: int
    rate: float | None
    left: float | None

    def in_words(self) -> str:
        """In one sentence.

        >>> Progress("writing", 1500, 3000, 500.0, 3.0).in_words()
        'writing: 1,500 of 3,000 tasks, 500 a second, 3 s left'
        >>> Progress("scoring", 0, 3000, None, None).in_words()
        'scoring: 0 of 3,000 tasks'
        """
        speed = (
            "" if self.rate is None or self.left is None else f", {self.rate:,.0f} a second, {self.left:,.0f} s left"
        )
        return f"{self.step}: {self.done:,} of {self.total:,} tasks{speed}"


Tell = Callable[[Progress], None]


def nobody(_: Progress) -> None:
    """Hears of something that nobody waits for."""


class Meter:
    """Counts one step at a time; ``clock`` gives seconds. What was done in earlier runs makes no step faster."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.begin("", 0, 0)

    def begin(self, step: str, done: int, total: int) -> Progress:
        """A new step, ``done`` of it already."""
        self._step, self._first, self._total, self._began = step, done, total, self._clock()
        self._done = done
        return self._now()

    def advance(self, count: int) -> Progress:
        """``count`` more."""
        self._done += count
        return self._now()

    def _now(self) -> Progress:
        passed, new = self._clock() - self._began, self._done - self._first
        rate = new / passed if new and passed > 0 else None
        left = None if rate is None else max(0, self._total - self._done) / rate
        return Progress(self._step, self._done, self._total, rate, left)
