"""What would fill the log is said once an hour a kind. Only the standard library: a class's own process has it too."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

SILENT_SECONDS = 3_600.0
MOST_KINDS = 100


@dataclass
class Seldom:
    """Says of each kind whether it may be told now; of more than ``MOST_KINDS`` kinds the rest is one.

    Safe to use from several threads. ``clock`` gives seconds.

    >>> now = [0.0]
    >>> seldom = Seldom(clock=lambda: now[0])
    >>> seldom.may("late"), seldom.may("late"), seldom.may("broken")
    (True, False, True)
    >>> now[0] = 3601.0
    >>> seldom.may("late")
    True
    """

    clock: Callable[[], float] = time.monotonic
    _told_at: dict[Hashable, float] = field(default_factory=dict, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)

    def may(self, kind: Hashable) -> bool:
        """Whether nothing of the kind was told for an hour; from now on it was."""
        now = self.clock()
        with self._turn:
            known = kind if kind in self._told_at or len(self._told_at) < MOST_KINDS else None
            told_at = self._told_at.get(known)
            if told_at is not None and now - told_at <= SILENT_SECONDS:
                return False
            self._told_at[known] = now
            return True
