"""Answers of people whom a lead paused: each task that one of them answered since is reviewed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from label_config.model import LabelConfig

from ..evidence.stored import fixed_of
from ..quality.priority import Policy
from ..store import decisions, review_rounds
from ..store.annotations import AnswerRow
from ..store.assessments import QueueEntry
from ..store.reviews import PAUSED
from ..store.tables import tasks

Queue = Mapping[int, Sequence[QueueEntry]]


def with_paused(
    connection: Connection,
    project: int,
    queue: Queue,
    answers: Mapping[int, Sequence[AnswerRow]],
    config: LabelConfig,
    policy: Policy,
) -> Queue:
    """The queue by task, and for each task that somebody answered while paused one more entry, in the second band.

    Not for tasks that are ruled or whose truth is known, nor where that is waiting for review already.
    """
    since = decisions.paused(connection, project)
    if not since:
        return queue
    told = {
        task: row
        for task, rows in answers.items()
        for row in rows
        if row.annotator in since and row.updated_at >= since[row.annotator]
    }
    settled = {task for of_control in fixed_of(connection, project, config).values() for task in of_control}
    settled |= _in_review(connection, project)
    return {**queue, **_added(connection, queue, {task: told[task] for task in told.keys() - settled}, since, policy)}


def _in_review(connection: Connection, project: int) -> set[int]:
    """Tasks that are ruled, and those whose waiting review has this reason."""
    return {
        task
        for task, one in review_rounds.newest(connection, project).items()
        if one.state == "ruled"
        or (one.state in review_rounds.WAITING and any(finding["kind"] == PAUSED for finding in one.findings))
    }


def _added(
    connection: Connection, queue: Queue, told: Mapping[int, AnswerRow], since: Mapping[int, int], policy: Policy
) -> Queue:
    found: dict[int, Sequence[QueueEntry]] = {}
    for task in sorted(told):
        row, one = told[task], connection.execute(select(tasks).where(tasks.c.id == task)).one()
        day = datetime.fromtimestamp(since[row.annotator] / 1e6, UTC).date().isoformat()
        finding = {
            "kind": PAUSED,
            "severity": policy.p2_from,
            "reason": f"A lead asked for a look at some of the answers since {day}.",
            "numbers": {},
            "annotator": row.annotator,
        }
        priority, band = policy.p2_from, policy.band(policy.p2_from)
        entry = QueueEntry(task, one.label_studio_id, one.data, row.control, priority, band, "check", [finding])
        found[task] = [*queue.get(task, ()), entry]
    return found
