"""What leads decided about people: to pause, coach or resume somebody in a project. Nothing here is automatic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from . import assessments
from .audit import record
from .forgetting import is_forgotten
from .tables import annotation_versions, annotations, people_decisions, tasks

PAUSE, COACH, RESUME = "pause", "coach", "resume"
ACTIONS: Mapping[str, str] = {
    PAUSE: "what they answer from then on is sent for review, until they are resumed",
    COACH: "somebody talks with them about their work: noted, and nothing else",
    RESUME: "ends a pause: what they answer from then on is not sent for review because of it",
}
"""What can be decided about somebody -> what it does."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about ``person`` (Label Studio's id), by whom (as the audit chain names them), and why.

    ``reason`` is null where the person asked to be forgotten. ``evidence`` are the numbers of that moment, as from
    ``numbers_of``.
    """

    id: int
    person: int
    action: str
    reason: str | None
    evidence: Mapping[str, Any]
    decided_by: str
    decided_at: int


def decide(
    connection: Connection, project: int, person: int, action: str, reason: str, *, now: int, actor: str
) -> Decision:
    """Store a decision with the numbers of this moment, and record it in the audit chain.

    ``project`` is the store's key. Raises ValueError for an action that is none, or without a reason.
    """
    if action not in ACTIONS or not reason.strip():
        raise ValueError(f"decision {action!r}: there are {', '.join(ACTIONS)}, and each needs a reason")
    kept = None if is_forgotten(connection, person) else reason.strip()
    numbers = numbers_of(connection, project, person)
    values = {"project": project, "person": person, "action": action, "reason": kept, "evidence": numbers}
    values |= {"decided_by": actor, "decided_at": now}
    key = connection.execute(insert(people_decisions).values(**values).returning(people_decisions.c.id)).scalar_one()
    record(
        connection,
        now=now,
        actor=actor,
        action=f"person {action}",
        project=project,
        subject={"annotator": person, "decision": key},
        why=numbers,
        words={"reason": kept} if kept else None,
        person=person,
    )
    return Decision(key, person, action, kept, numbers, actor, now)


def decisions_of(connection: Connection, project: int, person: int | None = None) -> list[Decision]:
    """What was decided in a project, the newest first; about ``person`` alone where that is given."""
    query = select(people_decisions).where(people_decisions.c.project == project)
    if person is not None:
        query = query.where(people_decisions.c.person == person)
    rows = connection.execute(query.order_by(people_decisions.c.id.desc()))
    return [
        Decision(row.id, row.person, row.action, row.reason, row.evidence, row.decided_by, row.decided_at)
        for row in rows
    ]


def paused(connection: Connection, project: int) -> dict[int, int]:
    """Who is paused in a project -> since when (microseconds)."""
    since: dict[int, int] = {}
    for one in reversed(decisions_of(connection, project)):
        if one.action == PAUSE:
            since.setdefault(one.person, one.decided_at)
        elif one.action == RESUME:
            since.pop(one.person, None)
    return since


def people_of(connection: Connection, project: int) -> list[int]:
    """Everybody who answered a task of a project that is still there, skipped ones too, by Label Studio's id."""
    query = (
        select(annotation_versions.c.annotator)
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(
            tasks.c.project == project,
            tasks.c.deleted_at.is_(None),
            annotations.c.deleted_at.is_(None),
            annotation_versions.c.annotator.is_not(None),
        )
        .distinct()
        .order_by(annotation_versions.c.annotator)
    )
    return list(connection.execute(query).scalars())


def numbers_of(connection: Connection, project: int, person: int) -> dict[str, Any]:
    """What the newest assessment says of somebody, by control: see docs/annotators.md. Empty before the first one."""
    known = assessments.latest(connection, project)
    if known is None:
        return {}
    controls = {
        name: found
        for name, control in known.report.get("controls", {}).items()
        if (found := _about(control.get("reliability", ()), person))
    }
    return {"assessed_at": known.made_at, "controls": controls}


def _about(rows: Iterable[Mapping[str, Any]], person: int) -> dict[str, Any]:
    return next(
        ({key: row[key] for key in row if key != "annotator"} for row in rows if row["annotator"] == person), {}
    )
