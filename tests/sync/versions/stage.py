"""Small projects in a store of their own: answers in, versions out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sync.decoding import decoder
from sync.labelstudio import wire
from sync.labelstudio.wire import RemoteProject
from sync.settings import Settings
from sync.store import intake, interfaces, projects
from sync.store.engine import Store
from sync.versions.creating import Made, create

from ...evidence.files import MOOD, chosen, given, task

DAY = 86_400_000_000
START = wire.microseconds("2026-03-01T00:00:00Z")
SETTINGS = Settings()


def day(number: float) -> str:
    """Label Studio's words for so many days after the start."""
    return wire.timestamp(int(START + number * DAY))


def taken(store: Store, tasks: Sequence[Mapping[str, Any]], *, xml: str = MOOD, now: float = 9) -> int:
    """The key of project 7 after a pull of these tasks, so many days after the start."""
    page = [wire.task({"created_at": day(0), "updated_at": day(0), **one}) for one in tasks]
    at = int(START + now * DAY)
    with store.begin() as connection:
        project = RemoteProject(7, "Moods", "", 1, xml, "", "", 1, False)
        key = projects.remember(connection, project, kind="source", now=at, since=at).key
        intake.save(connection, key, page, decoder(interfaces.periods(connection, key)), at)
    return key


def said(number: int, person: int, result: object, at: float = 1, first: float | None = None, **more: Any) -> Any:
    """One annotation, given (or, where it was ``first`` given then, changed) so many days after the start."""
    return given(number, person, result, updated_at=day(at), created_at=day(at if first is None else first), **more)


def moods(answers: Mapping[int, Mapping[int, str]], at: float = 1) -> list[dict[str, Any]]:
    """Tasks with a mood each: task -> annotator -> label."""
    return [
        task(number, [said(100 * number + person, person, chosen(label), at) for person, label in by.items()])
        for number, by in answers.items()
    ]


def clock() -> int:
    return START + 20 * DAY


def made(store: Store, key: int, **how: Any) -> Made:
    return create(store, key, SETTINGS, clock, **how)


def labels(content: Any) -> dict[tuple[int, str], Any]:
    """Place -> answer, as JSON."""
    return {place: json.loads(content.label(place).answer) for place in content.labelled()}
