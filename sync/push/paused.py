"""Answers of people whom a lead paused: each task that one of them answered since is reviewed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Connection, select

from label_config.model import LabelConfig

from ..evidence.stored import fixed_of, late_answers
from ..quality.priority import Policy
from ..store import changes, decisions, packed, review_rounds
from ..store.assessments import QueueEntry
from ..store.columns import AnswerRow, Columns
from ..store.reviews import PAUSED
from ..store.tables import tasks

Queue = Mapping[int, Sequence[QueueEntry]]


@dataclass(frozen=True, slots=True)
class Paused:
    """Task (the store's key) -> what somebody answered there while paused, and since when who is."""

    told: Mapping[int, AnswerRow] = field(default_factory=dict)
    since: Mapping[int, int] = field(default_factory=dict)


def paused_on(connection: Connection, project: int, config: LabelConfig) -> Paused:
    """The tasks that somebody answered while paused.

    Not those that are ruled or whose truth is known, nor where that is waiting for review already.
    """
    since = decisions.paused(connection, project)
    if not since:
        return Paused()
    told = {row.task: row for row in _given_since(connection, project, config, since)}
    settled = {task for of_control in fixed_of(connection, project, config, told).values() for task in of_control}
    settled |= _in_review(connection, project, told)
    return Paused({task: told[task] for task in sorted(told.keys() - settled)}, since)


def _given_since(connection: Connection, project: int, config: LabelConfig, since: Mapping[int, int]) -> Columns:
    """The answers of paused people, as the assessment has read them where nothing changed since, by task."""
    given = packed.block(connection, project, changes.seen(connection)).columns()
    given = given.with_rows(late_answers(connection, project, config, given))
    chosen = np.zeros(len(given), dtype=np.bool_)
    for person, at in since.items():
        chosen |= (given.annotator == person) & (given.updated_at >= at)
    found = given.only(chosen)
    return found.only(np.argsort(found.task, kind="stable"))


def _in_review(connection: Connection, project: int, only: Collection[int]) -> set[int]:
    """Of some tasks those that are ruled, and those whose waiting review has this reason."""
    return {
        task
        for task, one in review_rounds.newest(connection, project, only).items()
        if one.state == "ruled"
        or (one.state in review_rounds.WAITING and any(finding["kind"] == PAUSED for finding in one.findings))
    }


def with_paused(connection: Connection, queue: Queue, paused: Paused, policy: Policy) -> Queue:
    """A part of the queue by task, and for each of its tasks that was answered by somebody paused one more entry, in
    the second band.
    """
    return {task: [*entries, *_entry(connection, task, paused, policy)] for task, entries in queue.items()}


def _entry(connection: Connection, task: int, paused: Paused, policy: Policy) -> list[QueueEntry]:
    row = paused.told.get(task)
    if row is None:
        return []
    one = connection.execute(select(tasks).where(tasks.c.id == task)).one()
    day = datetime.fromtimestamp(paused.since[row.annotator] / 1e6, UTC).date().isoformat()
    finding = {
        "kind": PAUSED,
        "severity": policy.p2_from,
        "reason": f"A lead asked for a look at some of the answers since {day}.",
        "numbers": {},
        "annotator": row.annotator,
    }
    priority, band = policy.p2_from, policy.band(policy.p2_from)
    return [QueueEntry(task, one.label_studio_id, one.data, row.control, priority, band, "check", [finding])]
