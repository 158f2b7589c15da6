"""Whether the loop runs: the last run of each project, its plan, its steps, and what is under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, func, select

from ..store import measures, plans, round_tasks, rounds, run_log, runners
from ..store.lease import hint
from ..store.lease import in_words as holder_in_words
from ..store.review_rounds import WAITING
from ..store.tables import heartbeats, projects, reviews
from .queries import Project

LATE = 60_000_000
"""A run that is overdue for longer is called overdue."""
STATES = ("At work", "Failed", "Overdue", "Never run", "Well")
NOBODY = "Nothing looks after the projects: start “tiebreak serve” or “tiebreak runner”"
"""What is said where no process does."""


@dataclass(frozen=True, slots=True)
class Sync:
    """The loop of one project. Times are microseconds, null for never; ``runner`` is who is at it, in words."""

    project: Project
    state: str
    last: int | None
    message: str
    known_until: int | None
    next_at: int | None
    failures: int
    runner: str
    began_at: int | None
    hint: int | None


@dataclass(frozen=True, slots=True)
class Job:
    """Something long that is under way: ``done`` of ``total``, and what was last said of it, ``at`` a time."""

    project: Project
    title: str
    done: int
    total: int
    said: str
    at: int | None
    log: Sequence[run_log.Line] = ()


def is_attended(connection: Connection, now: int) -> bool:
    """Whether any process looks after the projects."""
    return any(one.alive for one in runners.known(connection, now))


def syncs(connection: Connection, shown: Sequence[Project], now: int) -> list[Sync]:
    """The loop of each of these projects, in their order."""
    planned = {one.project: one for one in plans.known(connection, [one.label_studio_id for one in shown])}
    beats = _beats(connection, [name for one in shown for name in (_run(one), hint(one.label_studio_id))])
    query = select(projects.c.id, projects.c.cursor_updated_at).where(projects.c.id.in_([one.key for one in shown]))
    known = {row.id: row.cursor_updated_at for row in connection.execute(query)}
    found = []
    for one in shown:
        plan, last, told = (
            planned.get(one.label_studio_id),
            beats.get(_run(one)),
            beats.get(hint(one.label_studio_id)),
        )
        found.append(
            Sync(
                one,
                _state(plan, last, now),
                last.at if last else None,
                last.message if last else "",
                known.get(one.key),
                plan.next_at if plan else None,
                plan.failures if plan else 0,
                holder_in_words(plan.runner) if plan and plan.runner else "",
                plan.began_at if plan and plan.runner else None,
                told.at if told else None,
            )
        )
    return found


def _state(plan: plans.Plan | None, last: "Row[tuple[object, ...]] | None", now: int) -> str:
    """One of STATES: the first that fits."""
    if plan is not None and plan.runner is not None:
        return "At work"
    if last is not None and not last.ok:
        return "Failed"
    if plan is not None and plan.next_at < now - LATE:
        return "Overdue"
    return "Never run" if last is None else "Well"


def _run(project: Project) -> str:
    return f"project:{project.label_studio_id}:run"


def _beats(connection: Connection, names: Sequence[str]) -> "Mapping[str, Row[tuple[object, ...]]]":
    rows = connection.execute(select(heartbeats).where(heartbeats.c.name.in_(names)))
    return {row.name: row for row in rows}


def steps(connection: Connection, shown: Sequence[Project]) -> list[tuple[Project, measures.Step]]:
    """The steps of the runs of these projects, those that took the longest in all first."""
    known = {one.label_studio_id: one for one in shown}
    found = [(known[one.project], one) for one in measures.steps(connection) if one.project in known]
    return sorted(found, key=lambda pair: -pair[1].seconds)


def log(connection: Connection, shown: Sequence[Project]) -> list[tuple[Project, run_log.Ran]]:
    """What the last runs of these projects did, the newest first."""
    found = [(one, ran) for one in shown for ran in run_log.runs(connection, one.label_studio_id)]
    return sorted(found, key=lambda pair: -pair[1].ended)


def rounds_under_way(connection: Connection, shown: Sequence[Project]) -> list[tuple[Project, rounds.Round]]:
    """The scoring rounds that are not over."""
    newest = ((one, rounds.latest(connection, one.key)) for one in shown)
    return [(project, one) for project, one in newest if one is not None and one.state != "done"]


def round_job(connection: Connection, project: Project, one: rounds.Round) -> Job:
    """How many predictions of a scoring round are in Label Studio. It counts the tasks of the round."""
    counts = round_tasks.counts(connection, one)
    name = f"project:{project.label_studio_id}:round"
    told = _beats(connection, [name]).get(name)
    said, at = (told.message, told.at) if told else ("", None)
    log = run_log.lines(connection, project.label_studio_id, one.version)
    return Job(project, f"Scores of {one.version}", counts[round_tasks.SENT], sum(counts.values()), said, at, log)


def review_jobs(connection: Connection, shown: Sequence[Project]) -> list[Job]:
    """Reviews that are on their way into Label Studio, of all that wait."""
    known = {one.key: one for one in shown}
    query = (
        select(reviews.c.project, func.count(), func.count().filter(reviews.c.state == "open"))
        .where(reviews.c.state.in_(WAITING), reviews.c.project.in_(known))
        .group_by(reviews.c.project)
    )
    rows = [tuple(row) for row in connection.execute(query)]
    return [
        Job(known[key], "Reviews into Label Studio", there, all_, "", None) for key, all_, there in rows if all_ > there
    ]
