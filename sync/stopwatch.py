"""How long each step of a run takes, and which one failed."""

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from .store import measures

P = ParamSpec("P")
T = TypeVar("T")


class Stopwatch:
    """Called with a step (a function), it gives the same one measured, under the function's name."""

    def __init__(self) -> None:
        self._measured: list[tuple[str, float, bool]] = []

    def __call__(self, step: Callable[P, T]) -> Callable[P, T]:
        """The step, measured."""

        def measured(*given: P.args, **named: P.kwargs) -> T:
            began, failed = time.monotonic(), True
            try:
                done = step(*given, **named)
                failed = False
            finally:
                self._measured.append((step.__name__.strip("_"), time.monotonic() - began, failed))
            return done

        return measured

    def keep(self, connection: Connection, project: int, now: int) -> None:
        """Count what was measured: ``project`` is Label Studio's id."""
        for name, seconds, failed in self._measured:
            measures.count_step(connection, project, name, now, seconds, failed)
        self._measured.clear()
