"""What the page of the model shows of drift: the report on a project, kept once a day at the end of a run."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from sqlalchemy import Connection

from label_config.parse import parse

from ..errors import TiebreakError
from ..evidence.predictions import Predicted
from ..evidence.source import Source
from ..judging_settings import said_of_judging
from ..quality.drift import answered_at
from ..settings import Settings
from ..store import answered, projects, summaries
from ..store.engine import Store
from .report import Asked, Report, report_on

DRIFT = "drift"
"""The kind of summary."""
VERSION = 1
"""Of what is computed: another one makes it anew."""
MOST = 4000
"""Answered tasks that are looked at: of more so many are drawn, since a run must not take minutes."""
DAY = 86_400_000_000


def keep_drift(store: Store, project: int, settings: Settings, clock: Callable[[], int]) -> bool:
    """Test a project (the store's key) for drift, at most once a day (UTC) and where something changed; whether it was.

    Each test is one look more: those who look at every run would soon see what is not there. Nothing is done before
    the first assessment.
    """
    now = clock()
    with store.read() as connection:
        known = summaries.of(connection, project, DRIFT)
        if known is not None and known.body["made_by"] == VERSION and known.made_at // DAY == now // DAY:
            return False
        stamp = _stamp(connection, project, settings)
        if stamp is None or summaries.stamps(connection, project).get(DRIFT) == stamp:
            return False
        body = {"made_by": VERSION, **_found(connection, project, settings)}
    with store.begin() as connection:
        summaries.write(connection, project, {DRIFT: body}, stamp, now)
    return True


def _stamp(connection: Connection, project: int, settings: Settings) -> str | None:
    """Equal where all that is found would be the same; null before the first assessment."""
    parts = summaries.depends_on(connection, project)
    if not parts[0]:
        return None
    return hashlib.sha256(json.dumps([VERSION, parts, said_of_judging(settings)], sort_keys=True).encode()).hexdigest()


def _found(connection: Connection, project: int, settings: Settings) -> Mapping[str, Any]:
    """The tests, of how many answered tasks; ``reason`` says why there are none."""
    keys = answered.answered_keys(connection, project)
    drawn = None
    if len(keys) > MOST:
        drawn = frozenset(np.random.default_rng(settings.seed).choice(keys, MOST, replace=False).tolist())
    counts = {"answered": len(keys), "looked_at": len(keys) if drawn is None else MOST}
    stored = projects.get(connection, project)
    tasks = answered.answered_tasks(connection, project, drawn)
    source = Source(stored.title, parse(stored.label_config), tasks, stored, connection, only=drawn)
    try:
        report = report_on(source, Asked(), Predicted(), settings)
    except TiebreakError as error:
        return {**counts, "tests": [], "reason": str(error)}
    return {**counts, "tests": _tests(report), "reason": None}


def _tests(report: Report) -> list[dict[str, Any]]:
    """Each test, with the first task (Label Studio's id) of its later side."""
    first: dict[int, int] = {}
    for evidence in report.gathered.evidence.values():
        for task, at in answered_at(evidence).items():
            first[task] = max(at, first.get(task, 0))
    order = sorted((at, task) for task, at in first.items())
    found = []
    for one in report.drifts:
        later = next((task for at, task in order if at >= one.at), None)
        found.append({**asdict(one), "annotators": list(one.annotators), "first_task": later})
    return found
