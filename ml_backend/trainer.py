"""When to learn: soon after somebody asks, one project at a time, never twice for the same news."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import BackendError, FeedError

log = logging.getLogger(__name__)

FIRST_RETRY = 5.0
LAST_RETRY = 600.0


@dataclass(slots=True)
class _Plan:
    """What is asked of one project. ``due`` is a time of the clock, null = nothing is asked."""

    due: float | None = None
    busy: bool = False
    failures: int = 0
    error: str | None = None


@dataclass
class Trainer:
    """Runs ``study(project)`` in one background thread. Requests for a project merge, also while it is at work.

    A transient failure is tried again after 5 s, then twice as long each time, up to 10 minutes; any other only when
    somebody asks again. ``clock`` is monotonic, in seconds.
    """

    study: Callable[[str], object]
    clock: Callable[[], float] = time.monotonic
    _plans: dict[str, _Plan] = field(default_factory=dict, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _stopped: bool = field(default=False, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to look after requests."""
        self._thread = threading.Thread(target=self._loop, name="tiebreak-trainer", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 30.0) -> None:
        """End after the lesson at work, if there is one; what is asked stays undone until the next start."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)

    def request(self, project: str, wait: float = 0.0) -> None:
        """Learn in ``wait`` seconds; asked several times, at the earliest of them."""
        with self._changed:
            plan = self._plans.setdefault(project, _Plan())
            due = self.clock() + wait
            # A failed lesson that waits for its next try may be asked for sooner.
            plan.due = due if plan.due is None else min(plan.due, due)
            self._changed.notify_all()

    def state(self, project: str) -> str:
        """idle, waiting or training."""
        with self._changed:
            plan = self._plans.get(project)
            if plan is None:
                return "idle"
            return "training" if plan.busy else "idle" if plan.due is None else "waiting"

    def error(self, project: str) -> str | None:
        """Why the last lesson failed, null where it did not."""
        with self._changed:
            plan = self._plans.get(project)
            return plan.error if plan else None

    def _loop(self) -> None:
        while (project := self._next()) is not None:
            error, retry = self._study(project)
            with self._changed:
                plan = self._plans[project]
                plan.busy, plan.error = False, error
                plan.failures = plan.failures + 1 if retry else 0
                if retry and plan.due is None:
                    plan.due = self.clock() + min(LAST_RETRY, FIRST_RETRY * 2 ** min(plan.failures - 1, 10))
                self._changed.notify_all()

    def _next(self) -> str | None:
        """Wait for the project that is due; null when it is time to stop."""
        with self._changed:
            while not self._stopped:
                waiting = [(plan.due, name) for name, plan in self._plans.items() if plan.due is not None]
                due, project = min(waiting, default=(None, ""))
                if due is not None and due <= self.clock():
                    self._plans[project].due = None
                    self._plans[project].busy = True
                    return project
                self._changed.wait(None if due is None else due - self.clock())
        return None

    def _study(self, project: str) -> tuple[str | None, bool]:
        """Why it failed, null where it did not, and whether to try again."""
        try:
            self.study(project)
        except FeedError as error:
            log.warning("project %s: %s", project, error)
            return str(error), error.transient
        except BackendError as error:
            log.error("project %s: %s", project, error)
            return str(error), False
        except Exception:  # the edge of the thread: a defect in one lesson must not end all later ones
            log.exception("project %s: learning failed", project)
            return "learning failed through a defect of tiebreak-ml: its log has the details", False
        return None, False
