"""Waiting only so long for what may take as long as it likes, such as an encoder that somebody brought."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

MOST_GIVEN_UP = 2
"""Pieces of work for one project that nobody waits for any more and that still go on: beyond them none is begun."""

T = TypeVar("T")


@dataclass(eq=False)
class Patience:
    """Has work done in a thread of its own and waits for it only so long. Safe to use from several threads."""

    _given_up: Counter[str] = field(default_factory=Counter, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def wait(self, project: str, work: Callable[[], T], until: float) -> T:
        """What the work gives; raises what it raises.

        Raises TimeoutError where it is not done by ``until`` (monotonic seconds), or at once where too much of what
        was given up for the project before still goes on. Python cannot break work off: it goes on to its end, alone.
        """
        if self._given_up[project] >= MOST_GIVEN_UP:
            raise TimeoutError("what was begun for earlier requests still goes on")
        done: Future[T] = Future()
        threading.Thread(target=_do, args=(work, done), daemon=True).start()
        try:
            return done.result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            if not done.done():
                self._count(project, 1)
                done.add_done_callback(lambda _: self._count(project, -1))
            raise

    def _count(self, project: str, more: int) -> None:
        with self._lock:
            self._given_up[project] += more


def _do(work: Callable[[], T], done: "Future[T]") -> None:
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 - who waits is told, whatever it was
        done.set_exception(error)
