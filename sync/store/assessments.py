"""What was concluded: assessments, consensus, the queue, and what the model thinks."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from label_config.answers import Answer
from label_config.results import canonical, from_canonical

from ..quality.records import Finding, Priority
from .inserting import in_bulk
from .reading import among, within
from .reviews import AUDIT
from .tables import assessments, consensus, queue, scores, tasks


@dataclass(frozen=True, slots=True)
class StoredAssessment:
    """The newest assessment of a project."""

    made_at: int
    hash: str
    report: Mapping[str, Any]
    watermark: str | None = None


@dataclass(frozen=True, slots=True)
class StoredScore:
    """What the model thinks of a task that it was not trained on."""

    task: int
    control: str
    answer: Answer
    probabilities: Mapping[str, float]
    confidence: float
    version: str


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One entry of the queue as stored, with the source task's Label Studio id and data, and the probable answer.

    ``answer`` is canonical, null where there is none.
    """

    task: int
    label_studio_id: int
    data: Mapping[str, Any]
    control: str
    priority: float
    band: int
    action: str
    findings: Sequence[Mapping[str, Any]]
    answer: str | None = None


Key = tuple[int, str]
"""A task (the store's key) and a control."""


def latest(connection: Connection, project: int) -> StoredAssessment | None:
    """The newest assessment, or null before the first."""
    query = select(assessments).where(assessments.c.project == project).order_by(assessments.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else StoredAssessment(row.made_at, row.hash, row.report, row.watermark)


def outline(connection: Connection, project: int) -> StoredAssessment | None:
    """The newest assessment without pairs of annotators, which are nearly all of it where many people answer.

    Null before the first. One that was stored without an outline is whole.
    """
    report = func.coalesce(assessments.c.outline, assessments.c.report, type_=assessments.c.report.type)
    query = select(assessments.c.made_at, assessments.c.hash, report.label("report"), assessments.c.watermark)
    query = query.where(assessments.c.project == project).order_by(assessments.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else StoredAssessment(*row)


def insert_assessment(
    connection: Connection,
    project: int,
    hash: str,  # noqa: A002 - the column's name
    report: Mapping[str, Any],
    now: int,
    watermark: str | None = None,
    instead: str | None = None,
) -> None:
    """Keep an assessment; one with the same evidence as an older one takes its place as the newest.

    ``instead`` is the hash of one that is not worth keeping beside it.
    """
    same = assessments.c.hash.in_([hash, *([] if instead is None else [instead])])
    connection.execute(delete(assessments).where(assessments.c.project == project, same))
    row = {"project": project, "made_at": now, "hash": hash, "report": dict(report), "watermark": watermark}
    connection.execute(insert(assessments), row | {"outline": _outline(report)})


def _outline(report: Mapping[str, Any]) -> Mapping[str, Any]:
    controls = {
        name: {key: value for key, value in one.items() if key != "pairs"}
        for name, one in (report.get("controls") or {}).items()
    }
    return {**report, "controls": controls}


def still_holds(connection: Connection, project: int, hash: str, watermark: str) -> None:  # noqa: A002 - the column's name
    """An assessment was found to hold at this watermark too."""
    known = (assessments.c.project == project) & (assessments.c.hash == hash)
    connection.execute(update(assessments).where(known).values(watermark=watermark))


def write_queue(
    connection: Connection, project: int, entries: Iterable[Priority], marks: Mapping[Key, str] | None = None
) -> None:
    """Put ``entries`` in the place of the project's queue; ``marks`` are what they are found by."""
    connection.execute(delete(queue).where(queue.c.project == project))
    rows = (_queued(project, entry, marks or {}) for entry in entries)
    texts = [row | {name: json.dumps(row[name]) for name in ("findings", "parts")} for row in rows]
    in_bulk(connection, insert(queue), texts)


def renew_queue(
    connection: Connection,
    project: int,
    tasks: Collection[int],
    entries: Iterable[Priority],
    unconfirmed: Set[Key],
    marks: Mapping[Key, str] | None = None,
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Put the ``entries`` about some tasks in the place of what the queue has on these.

    A random audit stays while nothing was found there and the answer is among the ``unconfirmed`` (task, control).
    Returns the rows that are gone, and those that are new.
    """
    known = {
        (row.task, row.control): row._asdict()
        for row in connection.execute(
            select(queue).where(within(queue.c.project, project, tasks), among(queue.c.task, tasks))
        )
    }
    wanted = {(one.task, one.control): _queued(project, one, marks or {}) for one in entries}
    audits = {key: row for key, row in known.items() if row["action"] == AUDIT and key in unconfirmed}
    wanted = audits | wanted
    gone = [row for key, row in known.items() if wanted.get(key) != row]
    new = [row for key, row in wanted.items() if known.get(key) != row]
    here = (queue.c.task == bindparam("gone_task")) & (queue.c.control == bindparam("gone_control"))
    if gone:
        keys = [{"gone_task": row["task"], "gone_control": row["control"]} for row in gone]
        connection.execute(delete(queue).where(here), keys)
    if new:
        connection.execute(insert(queue), new)
    return gone, new


def queue_counts(connection: Connection, project: int) -> dict[str, Any]:
    """How many entries the queue has, by band and by kind of finding, as the report says it."""
    rows = connection.execute(select(queue.c.band, queue.c.findings).where(queue.c.project == project)).all()
    bands = Counter(row.band for row in rows)
    reasons = Counter(one["kind"] for row in rows for one in row.findings)
    return {
        "total": len(rows),
        "bands": {str(band): bands[band] for band in (1, 2, 3)},
        "reasons": dict(sorted(reasons.items())),
    }


def _queued(project: int, entry: Priority, marks: Mapping[Key, str]) -> dict[str, Any]:
    """An entry as a row."""
    return {
        "task": entry.task,
        "control": entry.control,
        "project": project,
        "priority": entry.priority,
        "band": entry.band,
        "action": entry.action,
        "findings": [as_stored(one) for one in entry.findings],
        "parts": dict(entry.parts),
        "marks": marks.get((entry.task, entry.control)),
    }


def as_stored(one: Finding) -> dict[str, Any]:
    """A finding as it is kept; what it does not have is left out."""
    more = {
        "annotator": one.annotator,
        "related": list(one.related) or None,
        "region": one.region,
        "correction": None if one.correction is None else canonical(one.correction),
        "refused": one.refused and {"answer": canonical(one.refused.answer), "reason": one.refused.reason},
    }
    return {
        "kind": one.kind,
        "severity": one.severity,
        "reason": one.reason,
        "numbers": dict(one.numbers),
        **{name: value for name, value in more.items() if value is not None},
    }


def queue_of(connection: Connection, project: int, only: Collection[int] | None = None) -> list[QueueEntry]:
    """The queue of the last assessment (``only`` what is about some tasks), the most urgent first.

    Deleted tasks are left out.
    """
    query = (
        select(*(one for one in queue.c if one is not queue.c.parts), tasks.c.label_studio_id, tasks.c.data)
        .add_columns(consensus.c.answer)
        .join(tasks, tasks.c.id == queue.c.task)
        .join(consensus, (consensus.c.task == queue.c.task) & (consensus.c.control == queue.c.control), isouter=True)
        .where(within(queue.c.project, project, only), among(queue.c.task, only), tasks.c.deleted_at.is_(None))
        .order_by(queue.c.priority.desc(), queue.c.task, queue.c.control)
    )
    return [
        QueueEntry(
            row.task,
            row.label_studio_id,
            row.data,
            row.control,
            row.priority,
            row.band,
            row.action,
            row.findings,
            None if row.answer is None else json.dumps(row.answer, ensure_ascii=False),
        )
        for row in connection.execute(query)
    ]


def opinions(connection: Connection, project: int, only: Collection[int] | None = None) -> list[StoredScore]:
    """What the live model thinks of (``only`` some) tasks that it was not trained on, where it does not abstain."""
    query = (
        select(scores)
        .join(tasks, tasks.c.id == scores.c.task)
        .where(tasks.c.project == project, scores.c.out_of_sample.is_(True), scores.c.confidence.is_not(None))
        .where(among(scores.c.task, only))
    )
    return [
        StoredScore(
            row.task,
            row.control,
            from_canonical(json.dumps(row.answer)),
            row.probabilities or {},
            row.confidence,
            row.version,
        )
        for row in connection.execute(query)
        if row.answer is not None
    ]


def label_studio_ids(connection: Connection, project: int, only: Collection[int] | None = None) -> dict[int, int]:
    """The store's key -> Label Studio's id, of (``only`` some of) the live tasks of a project."""
    query = select(tasks.c.id, tasks.c.label_studio_id).where(among(tasks.c.id, only))
    rows = connection.execute(query.where(within(tasks.c.project, project, only), tasks.c.deleted_at.is_(None)))
    return {row[0]: row[1] for row in rows}


def label_studio_ids_of(connection: Connection, keys: Collection[int]) -> frozenset[int]:
    """Label Studio's ids of tasks (the store's keys), also of those that are gone."""
    return frozenset(connection.execute(select(tasks.c.label_studio_id).where(among(tasks.c.id, keys))).scalars())


def present_answers(connection: Connection, project: int) -> dict[tuple[int, str], Answer]:
    """(task, control) -> the answer that the last assessment concluded."""
    query = select(consensus.c.task, consensus.c.control, consensus.c.answer).join(
        tasks, tasks.c.id == consensus.c.task
    )
    rows = connection.execute(query.where(tasks.c.project == project, consensus.c.source != "withdrawn"))
    return {(row.task, row.control): from_canonical(json.dumps(row.answer)) for row in rows}


def task_data(
    connection: Connection, project: int, only: Collection[int] | None = None
) -> dict[int, Mapping[str, Any]]:
    """The store's key -> what the task shows, of (``only`` some of) the live tasks of a project."""
    query = select(tasks.c.id, tasks.c.data).where(within(tasks.c.project, project, only), tasks.c.deleted_at.is_(None))
    query = query.where(among(tasks.c.id, only))
    return {row[0]: row[1] for row in connection.execute(query)}
