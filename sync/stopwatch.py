"""How long each step of a run takes, which one failed, and what each did."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from .done import in_words
from .store import measures
from .store.run_log import Step

P = ParamSpec("P")
T = TypeVar("T")


class Stopwatch:
    """Called with a step (a function), it gives the same one measured, under the function's name."""

    def __init__(self) -> None:
        self._measured: list[Step] = []

    def __call__(self, step: Callable[P, T]) -> Callable[P, T]:
        """The step, measured."""

        def measured(*given: P.args, **named: P.kwargs) -> T:
            began, failed, said = time.monotonic(), True, ""
            try:
                done = step(*given, **named)
                failed, said = False, in_words(done)
            finally:
                self._measured.append(Step(step.__name__.strip("_"), time.monotonic() - began, failed, said))
            return done

        return measured

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was measured since it was last kept, in the order of time; to the millisecond."""
        return tuple(replace(one, seconds=round(one.seconds, 3)) for one in self._measured)

    def keep(self, connection: Connection, project: int, now: int) -> None:
        """Count what was measured: ``project`` is Label Studio's id."""
        for one in self._measured:
            measures.count_step(connection, project, one.name, now, one.seconds, one.failed)
        self._measured.clear()
