"""What the last runs of a project did, step by step, and what its scoring round said: the log that pages show.

It stands in two heartbeats of the project and never grows: a run that found nothing new joins the one before.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from .lease import beat
from .tables import heartbeats

RUNS = "project:{}:log"
ROUND = "project:{}:round:log"
KEPT = 25
"""Runs, and lines of a round, that are kept."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run; ``said`` is what it did, empty for nothing."""

    name: str
    seconds: float
    failed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Ran:
    """One run, or ``times`` runs in a row that found nothing new; times in microseconds.

    ``began`` is that of the first, all else of the last. ``said`` is why it failed, or what it has to say.
    """

    began: int
    ended: int
    ok: bool
    said: str
    steps: tuple[Step, ...]
    times: int = 1

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell of it."""
        return self.ok and not self.said and not any(step.said for step in self.steps)


@dataclass(frozen=True, slots=True)
class Line:
    """What a scoring round said last of one of its steps, at a time."""

    at: int
    step: str
    said: str


def note(connection: Connection, project: int, ran: Ran) -> None:
    """Keep what a run of a project (Label Studio's id) did."""
    known = runs(connection, project)
    if known and known[0].is_quiet and ran.is_quiet:
        ran, known = replace(ran, began=known[0].began, times=known[0].times + 1), known[1:]
    _write(connection, RUNS.format(project), ran.ended, [asdict(one) for one in (ran, *known[: KEPT - 1])])


def runs(connection: Connection, project: int) -> list[Ran]:
    """The last runs, the newest first."""
    return [
        Ran(**{**one, "steps": tuple(Step(**step) for step in one["steps"])})
        for one in _read(connection, RUNS.format(project))
    ]


def tell(connection: Connection, project: int, version: str, line: Line) -> None:
    """Keep what a scoring round said; of each step the last that it said. Another version begins anew."""
    rows = list(_lines(connection, project, version))
    if rows and rows[-1].step == line.step:
        rows.pop()
    kept = [{"version": version, **asdict(one)} for one in (*rows, line)[-KEPT:]]
    _write(connection, ROUND.format(project), line.at, kept)


def lines(connection: Connection, project: int, version: str) -> Sequence[Line]:
    """What the scoring round of that version said, the first first."""
    return list(_lines(connection, project, version))


def _lines(connection: Connection, project: int, version: str) -> Iterator[Line]:
    for one in _read(connection, ROUND.format(project)):
        if one.pop("version") == version:
            yield Line(**one)


def _read(connection: Connection, name: str) -> list[dict[str, Any]]:
    kept = connection.execute(select(heartbeats.c.message).where(heartbeats.c.name == name)).scalar()
    found: list[dict[str, Any]] = json.loads(kept) if kept else []
    return found


def _write(connection: Connection, name: str, at: int, rows: Sequence[dict[str, Any]]) -> None:
    beat(connection, name, at, True, json.dumps(rows, ensure_ascii=False))
