"""What was computed once, until that which it was made from changes. Safe to use from several threads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock, RLock
from typing import Any, TypeVar

Made = TypeVar("Made")
CAPACITY = 512


class Kept:
    """Under each name the newest value, with the stamp of what it was made from; the least used are forgotten.

    All together weigh ``capacity`` at most, or there is but one; without ``weigh`` each weighs 1.
    """

    def __init__(self, capacity: int = CAPACITY, weigh: Callable[[Any], int] = lambda _: 1) -> None:
        self._capacity, self._weigh, self._weight = capacity, weigh, 0
        self._known: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._making: dict[Hashable, tuple[RLock, int]] = {}
        self._lock = Lock()

    def get(self, name: Hashable, stamp: Hashable, make: Callable[[], Made]) -> Made:
        """The value kept under the name if its stamp is this one, else a new one; who asks meanwhile waits for it.

        >>> kept = Kept()
        >>> [kept.get("a", 1, lambda: "made at 1"), kept.get("a", 1, lambda: "again"), kept.get("a", 2, lambda: "at 2")]
        ['made at 1', 'made at 1', 'at 2']
        """
        if (known := self._of(name, stamp)) is None:
            with self._turn(name):
                if (known := self._of(name, stamp)) is None:  # nobody made it while we waited
                    known = stamp, make()
                    self._put(name, *known)
        found: Made = known[1]
        return found

    def peek(self, name: Hashable) -> Any:
        """The value kept under the name, whatever its stamp; null without one."""
        with self._lock:
            known = self._known.get(name)
            if known is not None:
                self._known.move_to_end(name)
            return None if known is None else known[1]

    def forget(self, name: Hashable) -> None:
        """Whatever is kept under the name."""
        with self._lock:
            if name in self._known:
                self._weight -= self._weigh(self._known.pop(name)[1])

    def _of(self, name: Hashable, stamp: Hashable) -> tuple[Hashable, Any] | None:
        """What is kept under the name, with its stamp; null where that is another one."""
        with self._lock:
            known = self._known.get(name)
            if known is None or known[0] != stamp:
                return None
            self._known.move_to_end(name)
            return known

    @contextmanager
    def _turn(self, name: Hashable) -> Iterator[None]:
        """One at a time makes what is kept under a name; locks are forgotten that nobody waits for."""
        with self._lock:
            lock, others = self._making.get(name, (RLock(), 0))
            self._making[name] = lock, others + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, others = self._making.pop(name)
                if others > 1:
                    self._making[name] = lock, others - 1

    def _put(self, name: Hashable, stamp: Hashable, made: object) -> None:
        with self._lock:
            if name in self._known:
                self._weight -= self._weigh(self._known.pop(name)[1])
            self._known[name] = stamp, made
            self._weight += self._weigh(made)
            while self._weight > self._capacity and len(self._known) > 1:
                _, (_, forgotten) = self._known.popitem(last=False)
                self._weight -= self._weigh(forgotten)
