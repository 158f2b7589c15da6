"""The entries of the queue as a page lists them: found by what the index holds, then read row by row."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, cast, collate, func, null, select, type_coerce
from sqlalchemy import Row as Record

from ..store import queue_marks
from ..store.reading import among
from ..store.tables import consensus, projects, queue, queue_times, reviews, summaries, tasks
from . import queries
from .excerpts import Excerpt, excerpt, listed
from .queries import Place, Project, place_of
from .tables.table import Wanted

DAY = 86_400_000_000
"""Microseconds."""
LOOKED = 20_000
"""So many entries a page searches for a text, in the order that is wanted; files are searched whole."""
AGES: Mapping[str, int] = {"over 1 day": 1, "over 3 days": 3, "over a week": 7, "over 2 weeks": 14}
"""What entries are filtered by -> days since when they wait, at least."""
_PERSON = re.compile(r"\|by:(\d+)(?=\|)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``reasons`` are its findings, (kind, sentence, part of the priority), the heaviest first.

    ``people`` answered the task (Label Studio's ids); ``since`` is null until the end of the run that found it.
    ``place`` is the review task where there is one (``pushed``), else the source task. ``elsewhere`` is the band of the
    review project that it is open in since ``opened``, where that is not ``band``: its priority changed meanwhile.
    """

    task: int
    control: str
    priority: float
    band: int
    action: str
    reasons: Sequence[tuple[str, str, float | None]]
    answer: str | None
    people: Sequence[int]
    since: int | None
    excerpt: Excerpt
    place: Place
    pushed: bool
    elsewhere: int | None = None
    opened: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Entries, and how many there are without the limit; ``more``: not everything that fits was searched."""

    entries: Sequence[Entry]
    total: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What entries may be filtered by: the word that a reader chooses -> kind, label, Label Studio's id of a person."""

    kinds: Mapping[str, str]
    labels: Mapping[str, str]
    people: Mapping[str, int]


def counts(connection: Connection, project: Project) -> Mapping[int, int]:
    """Band -> how many entries the queue has."""
    query = select(queue.c.band, func.count()).where(queue.c.project == project.key).group_by(queue.c.band)
    found = {row[0]: row[1] for row in connection.execute(query)}
    return {band: found.get(band, 0) for band in (1, 2, 3)}


def oldest(connection: Connection, project: Project) -> int | None:
    """Since when the entry waits that waits longest; null where that is not known."""
    query = select(func.min(queue_times.c.since)).where(queue_times.c.project == project.key)
    return connection.execute(query).scalar()


def times_noted(connection: Connection, project: Project) -> int | None:
    """When a run last noted since when the entries wait; null before the first."""
    return connection.execute(select(func.max(summaries.c.made_at)).where(summaries.c.project == project.key)).scalar()


def numbers(connection: Connection, keys: Collection[int]) -> Mapping[int, int]:
    """The store's key -> Label Studio's id of tasks."""
    query = select(tasks.c.id, tasks.c.label_studio_id).where(among(tasks.c.id, keys))
    return {row.id: row.label_studio_id for row in connection.execute(query)}


def queued(connection: Connection, project: Project, about: Collection[int]) -> set[tuple[int, str]]:
    """Which of these tasks (the store's keys) are in the queue, with their controls."""
    if not about:
        return set()
    query = select(queue.c.task, queue.c.control).where(queue.c.project == project.key, among(queue.c.task, about))
    return {(row.task, row.control) for row in connection.execute(query)}


def place_in_queue(connection: Connection, project: Project, priority: float, task: int, control: str) -> int:
    """The place of an entry, 1 for the most urgent; ``task`` is the store's key."""
    before = queue.c.priority > priority
    same = (queue.c.priority == priority) & (
        (queue.c.task < task) | ((queue.c.task == task) & (queue.c.control < control))
    )
    query = select(func.count()).where(queue.c.project == project.key)
    return 1 + sum(connection.execute(query.where(which)).scalar_one() for which in (before, same))


def after(connection: Connection, project: Project, priority: float, task: int) -> int | None:
    """Label Studio's id of the next task in the queue; null for the last one."""
    for which in (
        (queue.c.priority == priority) & (queue.c.task > task),
        queue.c.priority < priority,
    ):
        query = select(queue.c.task).where(queue.c.project == project.key, queue.c.task != task, which)
        row = connection.execute(query.order_by(queue.c.priority.desc(), queue.c.task).limit(1)).first()
        if row is not None:
            return int(connection.execute(select(tasks.c.label_studio_id).where(tasks.c.id == row.task)).scalar_one())
    return None


def find(
    connection: Connection,
    project: Project,
    wanted: Wanted,
    choices: Choices,
    now: int,
    *,
    looked: int | None = None,
    bands: Mapping[int, int] | None = None,
) -> Found:
    """The entries that are wanted, in the order that is wanted, and how many there are without the limit.

    For a text at most the first ``looked`` entries that fit otherwise are searched; null: all. ``bands`` is what
    ``counts`` gave, where it is known.
    """
    query: Select[Any] = select(queue.c.task, queue.c.control).where(queue.c.project == project.key)
    query = _aged(query.where(*_fitting(wanted, choices)), wanted, now)
    number = _number(wanted.search)
    if wanted.search and number is None:
        return _searched(connection, project, query, wanted, looked)
    if number is not None:
        of_number = select(tasks.c.id).where(tasks.c.project == project.key, tasks.c.label_studio_id == number)
        query = query.where(queue.c.task.in_(of_number))
    known = not wanted.search and not wanted.filters
    total = sum(bands.values()) if bands is not None and known else _count(connection, query)
    query = query.order_by(*_order(wanted, queue.c, queue_times.c.since)).offset(wanted.start).limit(wanted.limit)
    return Found(_read(connection, project, [(row.task, row.control) for row in connection.execute(query)]), total)


def _searched(
    connection: Connection, project: Project, query: Select[Any], wanted: Wanted, looked: int | None
) -> Found:
    """Those whose task's data holds the text, as JSON writes it; read in the order of the tasks: that is faster.

    A subquery for each entry, not a join: PostgreSQL would search all tasks first.
    """
    since = queue_times.c.since if wanted.sort == "since" else null()
    order = _order(wanted, queue.c, queue_times.c.since)
    first = query.add_columns(queue.c.priority, since.label("since")).order_by(*order).limit(looked).subquery()
    window = select(first).order_by(first.c.task).offset(0).subquery()
    shown = select(tasks.c.data).where(tasks.c.id == window.c.task).scalar_subquery()
    hits = select(window.c.task, window.c.control, func.count().over().label("total"))
    hits = hits.where(_holds(connection, shown, wanted.search))
    page = hits.order_by(*_order(wanted, window.c, window.c.since)).offset(wanted.start).limit(wanted.limit)
    rows = connection.execute(page).all()
    total = rows[0].total if rows else _count(connection, hits) if wanted.start else 0
    more = looked is not None and _count(connection, query.limit(looked + 1)) > looked
    return Found(_read(connection, project, [(row.task, row.control) for row in rows]), total, more)


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def _number(text: str) -> int | None:
    """The number of a task that is searched for; null for another text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _holds(connection: Connection, shown: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Without regard to the case of English letters: JSON has no others. SQLite's LIKE is so by itself."""
    written = json.dumps(text)[1:-1]
    if connection.dialect.name == "sqlite":
        return type_coerce(shown, Text).contains(written, autoescape=True)
    return collate(cast(shown, Text), "C").icontains(written, autoescape=True)


def _fitting(wanted: Wanted, choices: Choices) -> Sequence[ColumnElement[bool]]:
    """What is asked of the entries themselves; a choice that there is not fits nothing."""
    asked, found = wanted.filters or {}, []
    if band := asked.get("band"):
        found.append(queue.c.band == (int(band[1:]) if re.fullmatch(r"P[1-3]", band) else 0))
    if control := asked.get("control"):
        found.append(queue.c.control == control)
    marks = []
    if kind := asked.get("reasons"):
        marks.append(queue_marks.of_kind(choices.kinds.get(kind, "?")))
    if label := asked.get("answer"):
        marks.append(queue_marks.of_label(choices.labels.get(label, label)))
    if name := asked.get("people"):
        marks.append(queue_marks.of_person(choices.people.get(name, -1)))
    found += [queue.c.marks.contains(f"|{mark}|", autoescape=True) for mark in marks]
    return found


def _aged(query: Select[Any], wanted: Wanted, now: int) -> Select[Any]:
    """With the time since when entries wait, where that is asked for or sorted by."""
    age = (wanted.filters or {}).get("since", "")
    if not age and wanted.sort != "since":
        return query
    same = and_(queue_times.c.task == queue.c.task, queue_times.c.control == queue.c.control)
    query = query.join(queue_times, same, isouter=not age)
    return query.where(queue_times.c.since <= now - AGES.get(age, 10**6) * DAY) if age else query


def _order(wanted: Wanted, entries: Any, since: ColumnElement[Any]) -> Sequence[ColumnElement[Any]]:
    """The most urgent first, where nothing else is wanted; ``entries`` are columns of the queue."""
    columns = {
        "band": entries.priority.desc() if not wanted.descending else entries.priority,
        "priority": entries.priority.desc() if wanted.descending else entries.priority,
        "task": entries.task.desc() if wanted.descending else entries.task,
        "since": since.desc() if wanted.descending else since,
    }
    first = columns.get(wanted.sort or "", entries.priority.desc())
    if wanted.sort == "since":
        first = first.nulls_last()
    return first, entries.task, entries.control


def _read(connection: Connection, project: Project, keys: Sequence[tuple[int, str]]) -> Sequence[Entry]:
    """These entries in this order; those of deleted tasks are left out."""
    home = projects.alias("home")
    query = (
        select(
            queue,
            tasks.c.label_studio_id,
            tasks.c.data,
            reviews.c.review_task,
            reviews.c.band.label("home_band"),
            reviews.c.intended_at,
            home.c.label_studio_id.label("home"),
            queue_times.c.since,
            consensus.c.answer,
        )
        .join(tasks, tasks.c.id == queue.c.task)
        .join(reviews, and_(reviews.c.task == queue.c.task, reviews.c.state == "open"), isouter=True)
        .join(home, home.c.id == reviews.c.review_project, isouter=True)
        .join(
            queue_times,
            and_(queue_times.c.task == queue.c.task, queue_times.c.control == queue.c.control),
            isouter=True,
        )
        .join(consensus, and_(consensus.c.task == queue.c.task, consensus.c.control == queue.c.control), isouter=True)
        .where(queue.c.task.in_({task for task, _ in keys}), tasks.c.deleted_at.is_(None))
    )
    found = {(row.task, row.control): row for row in connection.execute(query)}
    there = [found[key] for key in keys if key in found]
    glances = listed(excerpt(row.data) for row in there)
    return [_entry(project, row, glance) for row, glance in zip(there, glances, strict=True)]


def _entry(project: Project, row: Record[Any], glance: Excerpt) -> Entry:
    pushed = place_of(row.home, row.review_task)
    return Entry(
        row.label_studio_id,
        row.control,
        row.priority,
        row.band,
        row.action,
        [(str(one["kind"]), str(one["reason"]), row.parts.get(one["kind"])) for one in row.findings],
        None if row.answer is None else queries.readable(json.dumps(row.answer)),
        [int(one) for one in _PERSON.findall(row.marks or "")],
        row.since,
        glance,
        pushed or Place(project.label_studio_id, row.label_studio_id),
        pushed is not None,
        row.home_band if pushed and row.home_band != row.band else None,
        row.intended_at,
    )
