"""What pages show of a model beside what the backend says, computed when something changed: a page reads one row."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, func, select

from .store import model_facts, summaries
from .store.engine import Store
from .store.tables import corrections, rounds

MODEL = "model"
"""The kind of summary."""
VERSION = 1
"""Of what is computed: another one makes it anew."""
HOUR = 3_600_000_000
"""So old the comparison may be where a project is so large that assessments judge it in parts."""


def keep_model(store: Store, project: int, clock: Callable[[], int]) -> bool:
    """Bring what is kept of the models of a project (the store's key) up to date; whether it was out of it.

    Nothing is done before the first scoring round. Of a project that was judged in part it is at most an hour old,
    unless the model has scored anew.
    """
    now = clock()
    with store.read() as connection:
        newest = _newest_round(connection, project)
        if newest is None:
            return False
        stamp = _stamp(connection, project, newest)
        if summaries.stamps(connection, project).get(MODEL) == stamp:
            return False
        report = summaries.report(connection, project)
        known = summaries.of(connection, project, MODEL)
        same = known is not None and known.body["round"] == newest
        if report is None or (same and known and report.get("partial") and 0 <= now - known.made_at < HOUR):
            return False
        check = model_facts.check(connection, project)
        decided = model_facts.decided(connection, project)
    body = {
        "round": newest,
        "check": None if check is None else asdict(check),
        "decided": {model: asdict(one) for model, one in decided.items()},
    }
    with store.begin() as connection:
        summaries.write(connection, project, {MODEL: body}, stamp, now)
    return True


def _newest_round(connection: Connection, project: int) -> str | None:
    """The version of the newest round that is over."""
    query = select(rounds.c.version).where(rounds.c.project == project, rounds.c.state == "done")
    found: str | None = connection.execute(query.order_by(rounds.c.number.desc()).limit(1)).scalar()
    return found


def _stamp(connection: Connection, project: int, newest: str) -> str:
    """Equal where all that is computed would be the same."""
    fixed = select(func.count(), func.max(corrections.c.applied_at), func.max(corrections.c.undone_at))
    counted = [int(one or 0) for one in connection.execute(fixed.where(corrections.c.project == project)).one()]
    parts: list[Any] = [VERSION, summaries.depends_on(connection, project), newest, counted]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
