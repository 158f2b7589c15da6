"""What pages show of people, computed when something changed and kept: a page reads one row."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from sqlalchemy import Connection

from ..judging_settings import said_of_judging
from ..settings import Settings
from ..store import changes, packed, summaries
from ..store.engine import Store
from ..store.summaries import Summary
from .numbers import numbers

PEOPLE = "people"
"""The kind of summary."""
VERSION = 1
"""Of what is computed: another one makes them anew."""
HOUR = 3_600_000_000
A_WHILE = 6 * HOUR
"""So old they may be where a project is so large that assessments judge it in parts."""


def keep_people(store: Store, project: int, settings: Settings, clock: Callable[[], int]) -> bool:
    """Bring what is kept of the people of a project (the store's key) up to date; whether it was out of it.

    Nothing is done before the first assessment. Of a project that was judged in part they are at most six hours old, as
    long as nobody answers who is not among them.
    """
    now = clock()
    with store.read() as connection:
        stamp = _stamp(connection, project, settings)
        if summaries.stamps(connection, project).get(PEOPLE) == stamp:
            return False
        known = summaries.of(connection, project, PEOPLE)
        report = summaries.report(connection, project)
        if report is None:
            return False
        lately = known is not None and report.get("partial") and 0 <= now - known.made_at < A_WHILE
        if lately and _people(connection, project) <= _among(known):
            return False
        found = numbers(connection, project, settings)
    with store.begin() as connection:
        summaries.write(connection, project, {PEOPLE: {"controls": found}}, stamp, now)
    return True


def _people(connection: Connection, project: int) -> set[int]:
    """Who gave an answer that counts."""
    rows = packed.block(connection, project, changes.seen(connection)).rows
    return set(np.unique(rows["annotator"]).tolist())


def _among(known: Summary | None) -> set[int]:
    """Whom the kept numbers are about."""
    controls = {} if known is None else known.body["controls"]
    return {one["annotator"] for control in controls.values() for one in control["people"]}


def _stamp(connection: Connection, project: int, settings: Settings) -> str:
    """Equal where all that is computed would be the same."""
    chosen: dict[str, Any] = said_of_judging(settings) | {"leaderboard": settings.leaderboard}
    parts = [VERSION, summaries.depends_on(connection, project), chosen]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
