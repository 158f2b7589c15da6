"""``tiebreak status``: how the last run of a project went, and how far its scoring round is. Asks the store alone."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from .store import projects, round_tasks, rounds
from .store.tables import heartbeats


def status(connection: Connection, project: int) -> dict[str, Any]:
    """What is known of a project (Label Studio's id), as JSON. Times are microseconds since 1970; null: never.

    Raises NotPulled where the store does not know it.
    """
    source = projects.source(connection, project)
    last = rounds.latest(connection, source.key)
    return {
        "run": _beat(connection, f"project:{project}:run"),
        "round": None if last is None else _round(connection, project, last),
    }


def _beat(connection: Connection, name: str) -> dict[str, Any] | None:
    row = connection.execute(select(heartbeats).where(heartbeats.c.name == name)).first()
    return None if row is None else {"at": row.at, "ok": row.ok, "message": row.message}


def _round(connection: Connection, project: int, last: rounds.Round) -> dict[str, Any]:
    counts = round_tasks.counts(connection, last)
    return {
        "version": last.version,
        "state": last.state,
        "tasks": sum(counts.values()),
        "written": counts[round_tasks.SENT],
        "progress": _beat(connection, f"project:{project}:round"),
    }


def in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """The lines that the command shows of a project.

    >>> done = {"version": "tiebreak-1.7", "state": "done", "tasks": 3000, "written": 3000, "progress": None}
    >>> run = {"at": 0, "ok": True, "message": ""}
    >>> list(in_words({"run": run, "round": done}))
    ['last run 1970-01-01 00:00:00 UTC: all went well', 'round tiebreak-1.7: 3,000 tasks']
    >>> list(in_words({"run": None, "round": None}))
    ['never run', 'no scoring round yet']
    """
    run, last = found["run"], found["round"]
    if run is None:
        yield "never run"
    else:
        yield f"last run {_time(run['at'])}: {'; '.join(run['message'].splitlines()) or 'all went well'}"
    if last is None:
        yield "no scoring round yet"
    elif last["state"] == "done":
        yield f"round {last['version']}: {last['tasks']:,} tasks"
    else:
        yield f"round {last['version']} is not over: {last['written']:,} of {last['tasks']:,} predictions are written"
        if last["progress"] is not None:
            yield f"  seen {_time(last['progress']['at'])}: {last['progress']['message']}"


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"
