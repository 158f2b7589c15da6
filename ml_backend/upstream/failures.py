"""What goes wrong with a class of label-studio-ml, for all processes of a server: DIR/PROJECT/class_failure.json."""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import RegistryError
from ..files import read_json, write_json
from ..registry import Registry
from ..seldom import Seldom

FILE = "class_failure.json"
PAUSE = 5.0
"""Seconds in which one process writes a project's failure once."""

log = logging.getLogger(__name__)


@dataclass
class Failures:
    """The last failure of the class ``name`` in each project, in a sentence, until it answers again."""

    registry: Registry
    name: str
    _seldom: Seldom = field(default_factory=Seldom, init=False)
    _written: dict[str, float] = field(default_factory=dict, init=False)

    def note(self, project: str, problem: str) -> None:
        """It failed. The log says each kind once an hour; a project that nobody knows leaves nothing behind.

        Where the disk takes nothing the log alone says it.
        """
        kind = problem.removeprefix(f"{self.name}: ").partition(":")[0]
        if self._seldom.may((project, kind)):
            log.error("project %s: %s; abstaining (said once an hour)", project, problem)
        now = time.monotonic()
        place = self._place(project)
        if place.parent.is_dir() and now - self._written.get(project, -PAUSE) >= PAUSE:
            self._written[project] = now
            with suppress(OSError):  # a full disk must not cost answers
                write_json(place, {"error": problem})

    def clear(self, project: str) -> None:
        """It has answered."""
        self._written.pop(project, None)
        with suppress(OSError):
            self._place(project).unlink(missing_ok=True)

    def last(self, project: str) -> str | None:
        """What was noted and not cleared, whichever process did."""
        try:
            found = read_json(self._place(project))
        except RegistryError:
            return None
        return str(found["error"]) if isinstance(found, dict) and "error" in found else None

    def _place(self, project: str) -> Path:
        return self.registry.folder(project) / FILE
