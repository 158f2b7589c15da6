"""``tiebreak status``: who runs, how the last run of a project went, when the next one is. Asks the store alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from .store import assessments, plans, projects, review_rounds, round_tasks, rounds, runners
from .store.lease import held
from .store.lease import in_words as holder_in_words
from .store.tables import heartbeats

if TYPE_CHECKING:
    from .settings import Band


def status(connection: Connection, project: int) -> dict[str, Any]:
    """What is known of a project (Label Studio's id), as JSON. Times are microseconds since 1970; null: never.

    Raises NotPulled where the store does not know it.
    """
    source = projects.source(connection, project)
    last = rounds.latest(connection, source.key)
    return {
        "run": _beat(connection, f"project:{project}:run"),
        "plan": _plan(connection, project),
        "assessment": _assessment(connection, source.key),
        "round": None if last is None else _round(connection, project, last),
    }


def _plan(connection: Connection, project: int) -> dict[str, Any] | None:
    """When it is run next; null where nothing ever looked after it."""
    for one in plans.known(connection, [project]):
        return {"next_at": one.next_at, "failures": one.failures, "runner": one.runner, "began_at": one.began_at}
    return None


def _assessment(connection: Connection, project: int) -> dict[str, Any] | None:
    """When the newest assessment was made; of one in which only what changed was judged, since when everything stands
    and how many tasks were judged anew since. Null before the first.
    """
    last = assessments.latest(connection, project)
    return None if last is None else {"at": last.made_at, "partial": last.report.get("partial")}


def of_runners(connection: Connection, now: int) -> dict[str, Any]:
    """Who looks after projects, and what is held, as JSON."""
    holds = held(connection, now).items()
    return {
        "now": now,
        "known": [asdict(one) for one in runners.known(connection, now)],
        "leases": [{"name": name, "holder": holder, "until": until} for name, (holder, until) in holds],
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


def runners_in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """The lines that the command shows of who looks after projects.

    >>> one = {"name": "red/402:17:abc", "kind": "runner", "started_at": 0, "seen_at": 5_000_000, "alive": True}
    >>> rest = {"rests_until": 9_000_000, "rests_because": "nothing answers there"}
    >>> lease = {"name": "project 1", "holder": "red/402:17:abc", "until": 9_000_000}
    >>> found = {"now": 6_000_000, "known": [{**one, **rest, "at": 1}], "leases": [lease]}
    >>> for line in runners_in_words(found):
    ...     print(line)
    runner, process 17 on red: alive since 1970-01-01 00:00:00 UTC, at project 1
      leaves Label Studio in peace for another 3 s after: nothing answers there
    project 1 is held by process 17 on red
    """
    for one in found["known"]:
        what = f"{one['kind']}, {holder_in_words(one['name'])}"
        if one["alive"]:
            at = "waits" if one["at"] is None else f"at project {one['at']}"
            yield f"{what}: alive since {_time(one['started_at'])}, {at}"
        else:
            yield f"{what}: gone, last seen {_time(one['seen_at'])}"
        if one["rests_until"] is not None:
            left = (one["rests_until"] - found["now"]) / 1e6
            yield f"  leaves Label Studio in peace for another {left:.0f} s after: {one['rests_because']}"
    if not any(one["alive"] for one in found["known"]):
        yield "nothing looks after the projects: start `tiebreak serve` or `tiebreak runner`"
    for one in found["leases"]:
        yield f"{one['name']} is held by {holder_in_words(one['holder'])}"


def overdue(connection: Connection, project: int, days: "Mapping[Band, float]", now: int) -> list[dict[str, Any]]:
    """The bands of a project (Label Studio's id) with reviews that wait longer than these days, as JSON."""
    source = projects.source(connection, project)
    return [asdict(one) for one in review_rounds.overdue(connection, source.key, days, now)]


def overdue_in_words(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The lines that the command shows of reviews that wait for too long.

    >>> list(overdue_in_words([{"band": "P1", "reviews": 3, "oldest": 4.25, "limit": 2}]))
    ['3 reviews P1 wait longer than 2 days, the oldest 4.2']
    """
    return (str(review_rounds.Overdue(**one)) for one in found)


def in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """The lines that the command shows of a project.

    >>> done = {"version": "tiebreak-1.7", "state": "done", "tasks": 3000, "written": 3000, "progress": None}
    >>> run = {"at": 0, "ok": True, "message": ""}
    >>> plan = {"next_at": 60_000_000, "failures": 2, "runner": None, "began_at": 0}
    >>> judged = {"at": 50_000_000, "partial": {"tasks": 12, "full_at": 10_000_000}}
    >>> for line in in_words({"run": run, "plan": plan, "assessment": judged, "round": done}):
    ...     print(line)
    last run 1970-01-01 00:00:00 UTC: all went well
    next run 1970-01-01 00:01:00 UTC, after 2 failures in a row
    assessed 1970-01-01 00:00:50 UTC: only what changed, 12 tasks since everything was 1970-01-01 00:00:10 UTC
    round tiebreak-1.7: 3,000 tasks
    >>> list(in_words({"run": None, "plan": None, "assessment": None, "round": None}))
    ['never run', 'no scoring round yet']
    """
    run, plan, judged, last = found["run"], found["plan"], found["assessment"], found["round"]
    if run is None:
        yield "never run"
    else:
        yield f"last run {_time(run['at'])}: {'; '.join(run['message'].splitlines()) or 'all went well'}"
    if plan is not None:
        yield _plan_in_words(plan)
    if judged is not None:
        yield _assessment_in_words(judged)
    if last is None:
        yield "no scoring round yet"
    elif last["state"] == "done":
        yield f"round {last['version']}: {last['tasks']:,} tasks"
    else:
        yield f"round {last['version']} is not over: {last['written']:,} of {last['tasks']:,} predictions are written"
        if last["progress"] is not None:
            yield f"  seen {_time(last['progress']['at'])}: {last['progress']['message']}"


def _plan_in_words(plan: Mapping[str, Any]) -> str:
    if plan["runner"] is not None:
        return f"{holder_in_words(plan['runner'])} is at it since {_time(plan['began_at'])}"
    failed = plan["failures"]
    after = f", after {failed} failure{'s' if failed > 1 else ''} in a row" if failed else ""
    return f"next run {_time(plan['next_at'])}{after}"


def _assessment_in_words(judged: Mapping[str, Any]) -> str:
    """
    >>> _assessment_in_words({"at": 0, "partial": None})
    'assessed 1970-01-01 00:00:00 UTC: everything'
    """
    partial = judged["partial"]
    if partial is None:
        return f"assessed {_time(judged['at'])}: everything"
    tasks = f"{partial['tasks']:,} task{'' if partial['tasks'] == 1 else 's'}"
    return (
        f"assessed {_time(judged['at'])}: only what changed, {tasks} since everything was {_time(partial['full_at'])}"
    )


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"
