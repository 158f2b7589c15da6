"""The thread by which a process says that it is there, and what it was asked for: beside runs, so at once."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from .errors import StoreError
from .store import plans, runners
from .store.engine import Store
from .store.lease import beat, hint
from .store.runners import Runner

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
AGAIN_SECONDS = 1.0
"""How soon the store is asked again that did not answer."""
SECOND = 1_000_000


class Pulse:
    """Keeps this process's row among the runners, and writes down which projects are to be run soon.

    ``runner`` is null for a process that runs nothing itself. ``resting`` says for how many seconds Label Studio is
    left in peace, and why. ``after_webhook`` is how many seconds a run waits for more events.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner | None,
        clock: Callable[[], int],
        after_webhook: float,
        resting: Callable[[], tuple[float, str]] = lambda: (0.0, ""),
    ) -> None:
        self._store, self._runner, self._clock, self._resting = store, runner, clock, resting
        self._after = after_webhook
        self._changed = threading.Condition()
        self._wishes: dict[int, int] = {}
        self._stopped = False
        self._thread = threading.Thread(target=self._loop, name="tiebreak-pulse", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End, once what was wished is written down."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def wish(self, project: int) -> None:
        """Something happened in a project: have it run soon, by whichever process. Waits for nothing."""
        with self._changed:
            self._wishes.setdefault(project, self._clock() + round(self._after * SECOND))
            self._changed.notify_all()

    def _loop(self) -> None:
        pause, next_beat = 0.0, 0.0
        while True:
            with self._changed:
                if not self._stopped and (pause or not self._wishes):
                    self._changed.wait(pause or max(0.0, next_beat - time.monotonic()))
                wishes, self._wishes = self._wishes, {}
                over = self._stopped
            beats = time.monotonic() >= next_beat
            pause = 0.0 if self._written(wishes, beats) else AGAIN_SECONDS
            if beats:
                next_beat = time.monotonic() + BEAT_SECONDS
            if over:
                return

    def _written(self, wishes: dict[int, int], beats: bool) -> bool:
        """Whether the store took it; else the wishes are kept."""
        if not wishes and not (beats and self._runner):
            return True
        try:
            with self._store.begin() as connection:
                for project, at in wishes.items():
                    plans.wish(connection, project, at)
                    beat(connection, hint(project), self._clock(), True, "")
                if self._runner:
                    runners.seen(connection, self._now(self._runner))
        except StoreError as error:
            log.warning("%s", error)
            with self._changed:
                self._wishes = wishes | self._wishes
            return False
        return True

    def _now(self, runner: Runner) -> Runner:
        seconds, why = self._resting()
        now = self._clock()
        until = now + round(seconds * SECOND) if seconds else None
        return replace(runner, seen_at=now, rests_until=until, rests_because=why if seconds else None)
