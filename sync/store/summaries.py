"""What pages show at once, kept by project and kind; and what it is computed from, read as columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from ..quality.progress import NEVER
from ..quality.records import FloatArray, IntArray
from . import assessments
from .inserting import insert_new
from .reading import fetched
from .review_rounds import WAITING
from .tables import (
    annotation_versions,
    consensus,
    queue,
    queue_times,
    reviews,
    rulings,
    summaries,
    tasks,
)
from .tables import assessments as assessed

CERTAIN = ("ruling", "ground_truth")
"""Sources of labels that somebody decided."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The numbers of one kind, as docs/progress.md defines them, and when they were computed."""

    made_at: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Tasks:
    """The live tasks by key, ascending: when each was created, and how many answers it is to have."""

    key: IntArray
    created_at: IntArray
    wanted: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Reviews:
    """The reviews that wait or were ruled: task, band, when each was begun, when first ruled (NEVER: it waits)."""

    task: IntArray
    band: IntArray
    began: IntArray
    ruled: IntArray


def of(connection: Connection, project: int, kind: str) -> Summary | None:
    """The summary of a kind; null before the first run. ``project`` is the store's key."""
    query = select(summaries).where(summaries.c.project == project, summaries.c.kind == kind)
    row = connection.execute(query).first()
    return None if row is None else Summary(row.made_at, row.body)


def of_all(connection: Connection, kind: str) -> dict[int, Summary]:
    """Project (the store's key) -> its summary of a kind."""
    rows = connection.execute(select(summaries).where(summaries.c.kind == kind))
    return {row.project: Summary(row.made_at, row.body) for row in rows}


def stamps(connection: Connection, project: int) -> dict[str, str]:
    """Kind -> the stamp of the summary that is kept."""
    query = select(summaries.c.kind, summaries.c.stamp).where(summaries.c.project == project)
    return {row.kind: row.stamp for row in connection.execute(query)}


def write(connection: Connection, project: int, bodies: Mapping[str, Mapping[str, Any]], stamp: str, now: int) -> None:
    """Put these summaries, by kind, in the place of those that the project had."""
    for kind, body in bodies.items():
        values = {"made_at": now, "stamp": stamp, "body": dict(body)}
        here = (summaries.c.project == project) & (summaries.c.kind == kind)
        if not connection.execute(update(summaries).where(here).values(values)).rowcount:
            # Another process may be writing it for the first time too.
            insert_new(connection, summaries, [{"project": project, "kind": kind, **values}])


def note_queue(connection: Connection, project: int, now: int) -> None:
    """Note which entries are new in the queue, and forget those that are gone."""
    mine = queue_times.c.project == project
    here = exists().where(queue.c.task == queue_times.c.task, queue.c.control == queue_times.c.control)
    connection.execute(delete(queue_times).where(mine, ~here))
    known = exists().where(queue_times.c.task == queue.c.task, queue_times.c.control == queue.c.control)
    new: Select[Any] = select(queue.c.task, queue.c.control, queue.c.project, literal(now, BigInteger))
    new = new.where(queue.c.project == project, ~known)
    connection.execute(insert(queue_times).from_select(["task", "control", "project", "since"], new))


def depends_on(connection: Connection, project: int) -> list[Any]:
    """What all else that is read here follows from: it is equal where nothing changed, and read at once."""
    newest = select(assessed.c.hash, assessed.c.made_at).where(assessed.c.project == project)
    states = select(reviews.c.state, reviews.c.band, func.count(), func.max(reviews.c.id), func.sum(reviews.c.round))
    states = states.where(reviews.c.project == project).group_by(reviews.c.state, reviews.c.band)
    ruled = select(func.count(), func.max(rulings.c.id), func.max(rulings.c.ruled_at))
    ruled = ruled.join(reviews, reviews.c.id == rulings.c.review).where(reviews.c.project == project)
    there = select(func.count(), func.sum(tasks.c.overlap), func.max(tasks.c.id)).where(*_live(project))
    queries = (
        newest.order_by(assessed.c.id.desc()).limit(1),
        states.order_by(reviews.c.state, reviews.c.band),
        ruled.where(rulings.c.superseded.is_(False)),
        there,
    )
    return [[[_plain(value) for value in row] for row in connection.execute(query)] for query in queries]


def _plain(value: Any) -> Any:
    """PostgreSQL adds whole numbers up to decimal ones."""
    return value if value is None or isinstance(value, str) else int(value)


def _live(project: int) -> tuple[Any, ...]:
    return tasks.c.project == project, tasks.c.deleted_at.is_(None)


def report(connection: Connection, project: int) -> Mapping[str, Any] | None:
    """What the newest assessment says; null before the first."""
    known = assessments.latest(connection, project)
    return None if known is None else known.report


def is_assessed(connection: Connection, project: int) -> bool:
    """Whether it ever was."""
    query = select(assessed.c.id).where(assessed.c.project == project)
    return connection.execute(query.limit(1)).first() is not None


def judged_whole(connection: Connection, project: int) -> int | None:
    """When everything was judged, where only what changed was judged since; null where the newest assessment is of
    everything.
    """
    # The database takes it out of the report, which is long where many people answer.
    since = select(assessed.c.report["partial", "full_at"].as_string()).where(assessed.c.project == project)
    found = connection.execute(since.order_by(assessed.c.id.desc()).limit(1)).scalar()
    return None if found is None else int(found)


def tasks_of(connection: Connection, project: int) -> Tasks:
    """The live tasks."""
    query = select(tasks.c.id, tasks.c.created_at, tasks.c.overlap).where(*_live(project)).order_by(tasks.c.id)
    key, created_at, overlap = fetched(connection, query)
    return Tasks(key, created_at, np.maximum(overlap, 1))


def reviews_of(connection: Connection, project: int) -> Reviews:
    """The reviews that wait or were ruled; withdrawn and lost ones are left out."""
    return Reviews(*fetched(connection, reviews_query(project)))


def reviews_query(project: int) -> Select[Any]:
    """The same as a query: ``task`` (the store's key), ``band``, ``began`` and ``ruled`` of each."""
    counts = (rulings.c.superseded.is_(False)) & (rulings.c.counts_as.is_(None))
    first = func.coalesce(func.min(rulings.c.ruled_at), NEVER)
    ruled = case((reviews.c.state == "ruled", first), else_=NEVER)
    return (
        select(reviews.c.task, reviews.c.band, reviews.c.intended_at.label("began"), ruled.label("ruled"))
        .join(rulings, (rulings.c.review == reviews.c.id) & counts, isouter=True)
        .where(reviews.c.project == project, reviews.c.state.in_((*WAITING, "ruled")))
        .group_by(reviews.c.id, reviews.c.task, reviews.c.band, reviews.c.intended_at, reviews.c.state)
    )


def review_seconds(connection: Connection, project: int) -> FloatArray:
    """How long each ruling took, NaN where Label Studio does not say."""
    query = (
        select(annotation_versions.c.lead_time)
        .join(rulings, rulings.c.annotation_version == annotation_versions.c.id)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == project, rulings.c.superseded.is_(False))
    )
    return np.array(connection.execute(query).scalars().all(), dtype=np.float64)


def queued_since(connection: Connection, project: int) -> tuple[IntArray, IntArray]:
    """The band of each entry of the queue, and since when it is there."""
    gone = select(tasks.c.id).where(tasks.c.project == project, tasks.c.deleted_at.is_not(None))
    query = (
        select(queue.c.band, queue_times.c.since, func.count())
        .join(queue_times, (queue_times.c.task == queue.c.task) & (queue_times.c.control == queue.c.control))
        .where(queue.c.project == project, queue.c.task.not_in(gone))
        .group_by(queue.c.band, queue_times.c.since)
    )
    band, since, times = fetched(connection, query)
    return np.repeat(band, times), np.repeat(since, times)


def accepted(connection: Connection, project: int) -> int:
    """How many labels were decided, or concluded from all the answers that their tasks want, with nothing to review.

    A tie is no label.
    """
    return connection.execute(select(func.count()).select_from(accepted_query(project).subquery())).scalar_one()


def accepted_query(project: int) -> Select[Any]:
    """These labels: ``task`` (the store's key), ``control``, and the ``source`` of each."""
    asked = exists().where(queue.c.task == consensus.c.task, queue.c.control == consensus.c.control)
    settled = and_(consensus.c.annotations >= tasks.c.overlap, consensus.c.tie.is_(False), ~asked)
    return (
        select(consensus.c.task, consensus.c.control, consensus.c.source)
        .select_from(consensus.join(tasks, tasks.c.id == consensus.c.task))
        .where(*_live(project), consensus.c.source != "withdrawn")
        .where(or_(consensus.c.source.in_(CERTAIN), settled))
    )
