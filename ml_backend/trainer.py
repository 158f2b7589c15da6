"""When to learn: soon after somebody asks, one project at a time, never twice for the same news.

Every process of a server has a Trainer: it puts requests on the shared board and reads from there how projects stand.
One of them, whoever holds the lease, runs the lessons; when it dies, the next one goes on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Protocol

from .errors import BackendError, FeedError, LessonError
from .lessons.board import Board, Kind, Request, Standing, due
from .lessons.lease import Lease

log = logging.getLogger(__name__)

FIRST_RETRY = 5.0
LAST_RETRY = 600.0
LOOK_EVERY = 0.1
"""Seconds between two looks at the board, and at the lease."""
AFTER_TROUBLE = 5.0
DEFECT = "learning failed through a defect of tiebreak-ml: its log has the details"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson to give. ``tell`` hears its steps; ``lease`` is the handle that a process of its own must inherit."""

    project: str
    force: bool
    tell: Callable[[str], None]
    lease: int | None = None


class Teacher(Protocol):
    """Who gives the lessons."""

    def teach(self, lesson: Lesson) -> None:
        """Returns when the lesson is over. Raises BackendError where it failed."""

    def stop(self) -> None:
        """End the lesson at work, if there is one."""


def nothing() -> Iterable[str]:
    """No project is looked at without being asked for."""
    return ()


@dataclass
class Trainer:
    """The lessons under one registry folder, as one process sees them.

    A lesson begins at once, after ``quiet`` seconds without news, or with ``enough`` of them. A transient failure is
    tried again after 5 s, then twice as long each time, up to 10 minutes, as often as it says; any other only when
    somebody asks again.
    ``first`` are the projects to look at when the lease is taken. ``clock`` gives seconds since 1970.
    """

    root: Path
    teacher: Teacher
    quiet: float = 5.0
    enough: int = 20
    first: Callable[[], Iterable[str]] = nothing
    clock: Callable[[], float] = time.time
    _failures: dict[str, int] = field(default_factory=dict, init=False)
    _forced: set[str] = field(default_factory=set, init=False)
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._board = Board(self.root)
        self._lease = Lease(self._board.folder / "lease")

    def start(self) -> None:
        """Begin to look after requests, as soon as the lease is free."""
        self._thread = threading.Thread(target=self._loop, name="tiebreak-trainer", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 30.0) -> None:
        """End, and the lesson at work with it: what was asked stays on the board."""
        self._stopped.set()
        self.teacher.stop()
        if self._thread is not None:
            self._thread.join(seconds)

    def request(self, project: str, kind: Kind = Kind.NOW) -> None:
        """Ask for a lesson, of whichever process gives it."""
        self._board.ask(project, kind, self.clock())

    def state(self, project: str) -> str:
        """idle, waiting or training."""
        return self._board.state(project)

    def standing(self, project: str) -> Standing:
        """More of it."""
        return self._board.standing(project)

    def _loop(self) -> None:
        held = False
        while not self._stopped.wait(LOOK_EVERY):
            try:
                if not self._lease.take():
                    continue
                if not held:
                    self._take_over()
                    held = True
                while not self._stopped.is_set() and (asked := self._next()) is not None:
                    self._give(*asked)
            except Exception:  # the edge of the thread: what is wrong now, a full disk say, need not be so later
                log.exception("%s: no lessons for %d seconds", self._board.folder, AFTER_TROUBLE)
                self._stopped.wait(AFTER_TROUBLE)
        self._lease.give_up()

    def _take_over(self) -> None:
        """A lesson that seems to be at work has died with the holder before; what it was asked for still stands."""
        for project, standing in self._board.standings().items():
            if standing.step is not None or standing.again is not None:
                self._board.stand(project, Standing(ended=self.clock(), error=standing.error))
        for project in self.first():
            self.request(project, Kind.NEWS)

    def _next(self) -> tuple[str, Sequence[Request]] | None:
        """The project that is due first, with what was asked of it so far; null where none is due."""
        now = self.clock()
        asked = self._board.asked()
        times = {
            project: min(now + self.quiet, due(those, self.quiet, self.enough)) for project, those in asked.items()
        }
        for project in self._failures:
            again = self._board.standing(project).again
            if again is not None:
                times[project] = min(again, times.get(project, again))
        project = min(times, key=times.__getitem__, default="")
        return (project, asked.get(project, [])) if project and times[project] <= now else None

    def _give(self, project: str, requests: Sequence[Request]) -> None:
        """One lesson; the requests stand until it is over, so that nothing is lost with this process."""
        started = self.clock()
        before = self._board.standing(project)

        def tell(step: str) -> None:
            self._board.stand(project, Standing(step, started, before.ended, before.error))

        tell("starting")
        force = project in self._forced or any(request.kind == Kind.FORCED for request in requests)
        error, tries = self._teach(Lesson(project, force, tell, self._lease.handle))
        if self._stopped.is_set():
            self._board.stand(project, before)
            return
        self._board.settle(requests)
        again = self._again(project, tries, force=force)
        self._board.stand(project, Standing(started=started, ended=self.clock(), error=error, again=again))

    def _again(self, project: str, tries: float, *, force: bool) -> float | None:
        """When a lesson that failed is tried again, in the same way; null where it has had its ``tries``."""
        failures = self._failures.get(project, 0) + 1
        if failures > tries:
            self._failures.pop(project, None)
            self._forced.discard(project)
            return None
        self._failures[project] = failures
        if force:
            self._forced.add(project)
        return self.clock() + min(LAST_RETRY, FIRST_RETRY * 2.0 ** min(failures - 1, 10))

    def _teach(self, lesson: Lesson) -> tuple[str | None, float]:
        """Why it failed, null where it did not, and how often to try again."""
        try:
            self.teacher.teach(lesson)
        except (FeedError, LessonError) as error:
            if not self._stopped.is_set():
                log.warning("project %s: %s", lesson.project, error)
            tries = error.tries if isinstance(error, LessonError) else None
            return str(error), (inf if tries is None else tries) if error.transient else 0
        except BackendError as error:
            log.error("project %s: %s", lesson.project, error)
            return str(error), 0
        except Exception:  # the edge of the thread: a defect in one lesson must not end all later ones
            log.exception("project %s: learning failed", lesson.project)
            return DEFECT, 0
        return None, 0
