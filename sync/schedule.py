"""When to run: at regular times, soon after a webhook, and when the ML backend has learned something new."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .backend import Backend
from .errors import BackendError, Busy, LabelStudioError, Stopped, StoreError, TiebreakError
from .logs import run_id
from .pulse import Pulse
from .stopping import Stop
from .store import plans, runners
from .store.engine import Store
from .store.lease import holder_name
from .store.plans import Plan
from .store.runners import Runner

log = logging.getLogger(__name__)

LISTEN_SECONDS = 0.5
"""How often the store is asked what is due, and the backend whether it has learned."""
LOOK_AROUND_SECONDS = 5.0
"""How often is looked for runners that are gone."""
LONGEST_BACK_OFF = 10
"""In multiples of ``every``."""
JITTER = 0.1
"""Times are up to so much later, by chance, so that projects and runners do not all come at once."""
SECOND = 1_000_000


def nothing_rests() -> tuple[float, str]:
    """Label Studio may be asked."""
    return 0.0, ""


@dataclass
class Scheduler:
    """Runs ``run(project)`` for each project in one background thread, never two at once.

    The plan is in the store, for all processes together: what one takes no other one does, and what one that is gone
    left undone another one does. ``run`` returns the project as the backend calls it where the backend is learning,
    else null. A failure is logged and tried again later, at growing intervals up to ten times ``every``, and not
    before Label Studio wants to be asked again. While ``resting`` says so, nothing is run at all. ``chance`` gives
    numbers in [0, 1).
    """

    store: Store
    run: Callable[[int], str | None]
    projects: tuple[int, ...]
    every: float
    after_webhook: float
    clock: Callable[[], int]
    backend: Backend | None = None
    resting: Callable[[], tuple[float, str]] = nothing_rests
    told: Stop = field(default_factory=Stop)
    kind: str = "runner"
    chance: Callable[[], float] = random.random
    _name: str = field(default_factory=holder_name, init=False)
    _learning: dict[int, str] = field(default_factory=dict, init=False)
    _looked_around: float = field(default=0.0, init=False)
    _pulse: Pulse | None = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin. Every project is due now, unless another process looks after them already."""
        now = self.clock()
        with self.store.begin() as connection:
            alone = runners.appear(connection, self._name, self.kind, now)
            plans.take_over(connection, now)
            plans.begin(connection, self.projects, now, self._micros(self.every), afresh=alone)
        me = Runner(self._name, self.kind, now, now, None, None, alive=True, at=None)
        self._pulse = Pulse(self.store, me, self.clock, self.after_webhook, self.resting)
        self._pulse.start()
        self._thread = threading.Thread(target=self._loop, name="tiebreak-scheduler", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 30.0) -> bool:
        """End after the run at work, or at its next safe point; whether it did within the time.

        What it leaves undone the next run finishes.
        """
        self.told.ask()
        if self._thread is not None:
            self._thread.join(seconds)
        if self._pulse is not None:
            self._pulse.stop()
        over = self._thread is None or not self._thread.is_alive()
        if over and self._thread is not None:
            self._leave()
        return over

    def wake(self, project: int) -> None:
        """Something happened in a project: run soon. Projects that are not ours are ignored."""
        if self._pulse is not None:
            self._pulse.wish(project)

    def _leave(self) -> None:
        try:
            with self.store.begin() as connection:
                runners.leave(connection, self._name)
        except StoreError as error:
            log.warning("%s", error)

    def _loop(self) -> None:
        """One project after the other. A store that does not answer is asked again, and told of once."""
        said = ""
        while not self.told.asked:
            try:
                plan = self._taken()
                said = ""
            except StoreError as error:
                if str(error) != said:
                    log.error("%s", error)
                plan, said = None, str(error)
            if plan is None:
                self._listen_to_backend()
                self._pause(min(self.after_webhook, LISTEN_SECONDS))
            else:
                with run_id():
                    self._run(plan)

    def _pause(self, seconds: float) -> None:
        try:
            self.told.sleep(seconds)
        except Stopped:
            return

    def _taken(self) -> Plan | None:
        """What is to be run now, if anything is, and nobody else has taken it."""
        if self.resting()[0]:
            return None
        now = self.clock()
        if time.monotonic() >= self._looked_around:
            self._looked_around = time.monotonic() + LOOK_AROUND_SECONDS
            self._take_over(now)
        with self.store.read() as connection:
            if not plans.is_due(connection, self.projects, now):
                return None
        with self.store.begin() as connection:
            return plans.take(connection, self.projects, self._name, now, now + self._later(self.every))

    def _take_over(self, now: int) -> None:
        with self.store.read() as connection:
            if not plans.left_behind(connection, now):
                return
        with self.store.begin() as connection:
            for project in plans.take_over(connection, now):
                log.warning("project %s: the runner that was at it is gone; it is taken over", project)

    def _run(self, plan: Plan) -> None:
        """Once; the plan says afterwards when it is to be run again."""
        project, failures, due_at, not_before = plan.project, 0, None, 0
        try:
            learning = self.run(project)
            if learning is not None:
                self._learning[project] = learning
        except Stopped:
            due_at = self.clock()
            log.info("project %s: told to stop; the next run finishes what this one began", project)
        except Busy:
            due_at = self.clock() + self._later(self.after_webhook)
        except TiebreakError as error:
            log.error("project %s: %s", project, error)
            failures, due_at, not_before = self._after(plan, error)
        except Exception as error:  # the edge of the thread: a defect in one run must not end all later ones
            log.exception("project %s: the run failed", project)
            failures, due_at, not_before = self._after(plan, error)
        try:
            with self.store.begin() as connection:
                plans.give_back(
                    connection, project, self._name, due_at=due_at, not_before=not_before, failures=failures
                )
        except StoreError as error:
            log.error("project %s: %s", project, error)

    def _after(self, plan: Plan, error: Exception) -> tuple[int, int, int]:
        """Failures in a row, when to run again, and what to wait for in any case.

        That Label Studio is away is no failure of the project: it is run as soon as Label Studio is back.
        """
        now, rest = self.clock(), self.resting()[0]
        asked = error.retry_after if isinstance(error, LabelStudioError) else 0.0
        not_before = now + self._later(max(rest, asked)) if rest or asked else 0
        if rest:
            return plan.failures, now, not_before
        failures = plan.failures + 1
        pause = self.every * min(LONGEST_BACK_OFF, 2 ** min(failures - 1, 4))
        return failures, now + self._later(pause), not_before

    def _later(self, seconds: float) -> int:
        """So many seconds and a bit, in microseconds."""
        return self._micros(seconds * (1 + JITTER * self.chance()))

    @staticmethod
    def _micros(seconds: float) -> int:
        return round(seconds * SECOND)

    def _listen_to_backend(self) -> None:
        """A backend that was learning and is done has something new to say: run at once."""
        for project, key in list(self._learning.items()):
            if self.backend is None:
                continue
            try:
                done = self.backend.state(key).state == "idle"
                if done:
                    with self.store.begin() as connection:
                        plans.wish(connection, project, self.clock())
            except (BackendError, StoreError):
                continue
            if done:
                del self._learning[project]
