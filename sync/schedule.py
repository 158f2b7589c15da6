"""When to run: at regular times, soon after a webhook, and when the ML backend has learned something new."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .backend import Backend
from .errors import BackendError, Busy, TiebreakError
from .logs import run_id

log = logging.getLogger(__name__)

LISTEN_SECONDS = 0.5
"""How often the backend is asked while it learns."""


@dataclass(slots=True)
class _Plan:
    """What is known of one project. Times are of the monotonic clock; ``learning`` = the backend is at it."""

    due: float
    learning: str | None = None
    failures: int = 0


@dataclass
class Scheduler:
    """Runs ``run(project)`` for each project in one background thread, never two at once.

    ``run`` returns the project as the backend calls it where the backend is learning, else null. A failure is
    logged and tried again later, at growing intervals up to ten times ``every``.
    """

    run: Callable[[int], str | None]
    projects: tuple[int, ...]
    every: float
    after_webhook: float
    backend: Backend | None = None
    _plans: dict[int, _Plan] = field(default_factory=dict, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _stopped: bool = field(default=False, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin; every project is due now."""
        now = time.monotonic()
        self._plans = {project: _Plan(now) for project in self.projects}
        self._thread = threading.Thread(target=self._loop, name="tiebreak-scheduler", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 30.0) -> None:
        """End after the run at work, if there is one; what it leaves undone the next run finishes."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)

    def wake(self, project: int) -> None:
        """Something happened in a project: run soon. Projects that are not ours are ignored."""
        with self._changed:
            plan = self._plans.get(project)
            if plan is not None:
                plan.due = min(plan.due, time.monotonic() + self.after_webhook)
                self._changed.notify_all()

    def _loop(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                project, plan = min(self._plans.items(), key=lambda one: one[1].due, default=(None, None))
                wait = self.after_webhook if plan is None else plan.due - time.monotonic()
                if project is None or plan is None or wait > 0:
                    self._changed.wait(min(wait, self._patience()))
                    due = False
                else:
                    plan.due = time.monotonic() + self.every
                    due = True
            if due and project is not None and plan is not None:
                self._run(project, plan)
            else:
                self._listen_to_backend()

    def _patience(self) -> float:
        """Seconds until the backend is asked again: people wait for the new order once it has learned."""
        learning = any(plan.learning is not None for plan in self._plans.values())
        return min(self.after_webhook, LISTEN_SECONDS) if learning else self.after_webhook

    def _run(self, project: int, plan: _Plan) -> None:
        """Once, with an id of its own in the log."""
        with run_id():
            self._run_or_say_why_not(project, plan)

    def _run_or_say_why_not(self, project: int, plan: _Plan) -> None:
        try:
            plan.learning = self.run(project)
            plan.failures = 0
        except Busy:
            plan.due = time.monotonic() + self.after_webhook
        except TiebreakError as error:
            plan.failures += 1
            plan.due = time.monotonic() + self.every * min(10, 2 ** min(plan.failures - 1, 4))
            log.error("project %s: %s", project, error)
        except Exception:  # the edge of the thread: a defect in one run must not end all later ones
            plan.failures += 1
            log.exception("project %s: the run failed", project)

    def _listen_to_backend(self) -> None:
        """A backend that was learning and is done has something new to say: run at once."""
        for plan in list(self._plans.values()):
            if plan.learning is None or self.backend is None:
                continue
            try:
                done = self.backend.state(plan.learning).state == "idle"
            except BackendError:
                continue
            if done:
                plan.learning = None
                plan.due = time.monotonic()
