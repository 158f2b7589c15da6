"""What was computed once, until that which it was made from changes. Safe to use from several threads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

Made = TypeVar("Made")
CAPACITY = 512


class Kept:
    """Under each name the newest value, with the stamp of what it was made from; the least used are forgotten."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._known: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: Hashable, stamp: Hashable, make: Callable[[], Made]) -> Made:
        """The value kept under the name if its stamp is this one, else a new one.

        >>> kept = Kept()
        >>> [kept.get("a", 1, lambda: "made at 1"), kept.get("a", 1, lambda: "again"), kept.get("a", 2, lambda: "at 2")]
        ['made at 1', 'made at 1', 'at 2']
        """
        with self._lock:
            known = self._known.get(name)
            if known is not None and known[0] == stamp:
                self._known.move_to_end(name)
                found: Made = known[1]
                return found
        made = make()
        self._put(name, stamp, made)
        return made

    def peek(self, name: Hashable) -> Any:
        """The value kept under the name, whatever its stamp; null without one."""
        with self._lock:
            known = self._known.get(name)
            if known is not None:
                self._known.move_to_end(name)
            return None if known is None else known[1]

    def _put(self, name: Hashable, stamp: Hashable, made: object) -> None:
        with self._lock:
            self._known[name] = stamp, made
            self._known.move_to_end(name)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
