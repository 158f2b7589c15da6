"""What was there when an assessment began, and what came of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from .judging_settings import basis
from .quality.priority import Decided
from .settings import Settings
from .store import assessments, changes, judged, projects, queue_decisions
from .store.assessments import Key, StoredAssessment
from .store.changes import Touched
from .store.judged import Judged


@dataclass(frozen=True, slots=True)
class Assessment:
    """The report of the newest assessment (see docs/report.md) and whether this run made it."""

    report: Mapping[str, Any]
    changed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """The newest assessment, what assessments amount to so far, and what was touched since.

    ``seen`` counts the changes, ``basis`` tells interface, policy and day, ``decided`` is what leads decided.
    """

    newest: StoredAssessment | None
    judged: Judged
    touched: Touched
    seen: Mapping[str, int]
    basis: str
    decided: Mapping[Key, Decided]

    @property
    def watermark(self) -> str:
        """Equal only where nothing was written that an assessment is made from, and what else counts is the same."""
        parts = [sorted(self.seen.items()), self.basis]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def holds(self) -> bool:
        """Whether the newest assessment was made of what there is."""
        return self.newest is not None and self.newest.watermark == self.watermark


def begin(connection: Connection, project: int, settings: Settings, today: float) -> Begun:
    """Look at a project (the store's key). What is read later in the same transaction is what was there."""
    return Begun(
        assessments.latest(connection, project),
        judged.judged_so_far(connection, project),
        changes.touched_tasks(connection, project),
        changes.seen(connection),
        basis(projects.label_config(connection, project), settings, today),
        queue_decisions.decided(connection, project),
    )
