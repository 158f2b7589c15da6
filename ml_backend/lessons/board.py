"""What all processes of a server share about their lessons: what is asked, and how each project stands.

ROOT/.lessons/asked/PROJECT@KIND@MICROSECONDS@PROCESS.NUMBER    an empty file a request: nobody waits to write one
ROOT/.lessons/PROJECT.json                                      how the project stands
Nothing here is synced to disk: what a power cut takes is asked for anew when the server starts.
"""

import itertools
import json
import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import RegistryError, UnknownProject
from ..files import read_json
from ..registry import check_project

log = logging.getLogger(__name__)


class Kind(StrEnum):
    """How much of a hurry there is."""

    NEWS = "news"
    """There may be one more answer: wait for others."""
    NOW = "now"
    FORCED = "forced"
    """Now, also from what was learned already, and publish it even if it is worse."""


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asked for a lesson ``at`` a time in seconds since 1970; ``name`` is its file."""

    project: str
    kind: Kind
    at: float
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a project stands. ``step`` of the lesson at work, null without one; times in seconds since 1970.

    ``again``: when a lesson that failed is tried again, null where it is not. ``error``: why the last one failed.
    """

    step: str | None = None
    started: float | None = None
    ended: float | None = None
    error: str | None = None
    again: float | None = None

    def seconds(self, now: float) -> float | None:
        """How long the lesson at work, or else the last one, has taken; null before the first."""
        end = now if self.step is not None else self.ended
        return None if self.started is None or end is None else round(max(0.0, end - self.started), 3)


def due(requests: Sequence[Request], quiet: float, enough: int) -> float:
    """When a project is learned that was asked for: at once, after ``quiet`` seconds without news, or with ``enough``.

    >>> news = [Request("4.4", Kind.NEWS, float(at), "") for at in (10, 11, 12)]
    >>> due(news, 5.0, 20), due(news, 5.0, 3), due([*news, Request("4.4", Kind.NOW, 11.5, "")], 5.0, 20)
    (17.0, 12.0, 11.5)
    """
    at_once = [one.at for one in requests if one.kind != Kind.NEWS]
    if at_once:
        return min(at_once)
    last = max(one.at for one in requests)
    return last if len(requests) >= enough else last + quiet


class Board:
    """The shared folder of one registry."""

    def __init__(self, root: Path) -> None:
        self.folder = root / ".lessons"
        self._asked = self.folder / "asked"
        self._numbers = itertools.count()

    def ask(self, project: str, kind: Kind, at: float) -> None:
        """Put up a request: one file is made, nothing is waited for."""
        name = f"{project}@{kind}@{int(at * 1e6)}@{os.getpid()}.{next(self._numbers)}"
        try:
            self._touch(name)
        except FileNotFoundError:
            self._asked.mkdir(parents=True, exist_ok=True)
            self._touch(name)

    def asked(self) -> Mapping[str, list[Request]]:
        """The open requests of each project."""
        found: dict[str, list[Request]] = {}
        for name in self._names():
            if (request := _request(name)) is not None:
                found.setdefault(request.project, []).append(request)
        return found

    def settle(self, requests: Iterable[Request]) -> None:
        """Take requests down."""
        for request in requests:
            (self._asked / request.name).unlink(missing_ok=True)

    def standing(self, project: str) -> Standing:
        """How a project stands; one that nobody asked for has nothing."""
        try:
            found = read_json(self._place(project))
            return Standing(**found) if found is not None else Standing()
        except (RegistryError, TypeError) as error:
            log.warning("%s: %s; the next lesson writes it anew", self._place(project), error)
            return Standing()

    def stand(self, project: str, standing: Standing) -> None:
        """From now on the project stands so."""
        place = self._place(project)
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}.draft")
        draft.write_text(json.dumps(asdict(standing)), encoding="utf-8")
        draft.replace(place)

    def standings(self) -> Mapping[str, Standing]:
        """Every project that ever stood here."""
        return {place.stem: self.standing(place.stem) for place in sorted(self.folder.glob("[0-9]*.json"))}

    def state(self, project: str) -> str:
        """idle, waiting or training: the same, whichever process is asked."""
        standing = self.standing(project)
        if standing.step is not None:
            return "training"
        waits = standing.again is not None or any(name.startswith(f"{project}@") for name in self._names())
        return "waiting" if waits else "idle"

    def _names(self) -> list[str]:
        try:
            return [place.name for place in self._asked.iterdir()]
        except FileNotFoundError:
            return []

    def _touch(self, name: str) -> None:
        os.close(os.open(self._asked / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))

    def _place(self, project: str) -> Path:
        return self.folder / f"{check_project(project)}.json"


def _request(name: str) -> Request | None:
    """What a file's name says, null for what is no request of ours."""
    try:
        project, kind, at, _ = name.split("@")
        return Request(check_project(project), Kind(kind), int(at) / 1e6, name)
    except (ValueError, UnknownProject):
        return None
