"""The answers that count, read as columns: those of a whole project, or of some of its tasks alone."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, func, select, true

from label_config.answers import Answer
from label_config.results import from_canonical

from ..quality.records import BoolArray, IntArray
from . import corrections
from .as_of_today import AsOfToday, as_of_today
from .columns import Columns, Excluded, Outdated, Rejection
from .standing import Standing, standing_of_version
from .tables import annotation_versions, annotations, answers, codes, tasks

AT_ONCE = 100_000
"""Rows that are fetched together."""
TALLY = np.dtype(
    [("task", "<i8")]
    + [(name, "<i4") for name in ("overlap", "answers", "cancelled", "ground_truth", "duplicates", "anonymous")]
)
"""Of a live task: how many answers it is to have, how many people answered it, and annotations that do not count."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What was read: the answers that count, a ``TALLY`` of each live task by key, and what is told one by one."""

    columns: Columns
    tallies: NDArray[Any]
    rejected: tuple[Rejection, ...]
    outdated: tuple[Outdated, ...]

    @property
    def excluded(self) -> Excluded:
        """What was left out."""
        return excluded(self.tallies, self.rejected, self.outdated)


def excluded(tallies: NDArray[Any], rejected: tuple[Rejection, ...], outdated: tuple[Outdated, ...]) -> Excluded:
    """What was left out of the tasks with these tallies, together."""
    cancelled, ground_truth, duplicates, anonymous = (
        int(tallies[kind].sum()) for kind in ("cancelled", "ground_truth", "duplicates", "anonymous")
    )
    return Excluded(cancelled, ground_truth, duplicates, anonymous, rejected, outdated)


def progress(tallies: NDArray[Any]) -> dict[str, int]:
    """Tasks, tasks with an answer, tasks with all the answers wanted, and answers: of tasks with these tallies.

    Counted here: Label Studio's own counters lie. A second answer of the same person on a task does not count.
    """
    given = tallies["answers"]
    return {
        "tasks": len(tallies),
        "answered": int((given > 0).sum()),
        "complete": int((given >= tallies["overlap"]).sum()),
        "annotations": int(given.sum()),
    }


def among(column: ColumnElement[Any], keys: Collection[int] | None) -> ColumnElement[bool]:
    """That a column is one of these keys, which may be many thousands; null: any."""
    if keys is None:
        return true()
    numbers: BindParameter[Any] = bindparam(
        None, sorted(map(int, keys)), unique=True, expanding=True, literal_execute=True
    )
    return column.in_(numbers)


def within(column: ColumnElement[int], project: int, only: Collection[int] | None) -> ColumnElement[bool]:
    """That a column is this project, where ``only`` some of its tasks are asked for by their keys as well.

    As a sum it is not looked up: SQLite would look through all rows of the project rather than for those few.
    """
    return column == project if only is None else column + 0 == project


def columns_of(connection: Connection, project: int) -> tuple[Columns, Excluded]:
    """The answers that count, and what was left out."""
    found = read(connection, project)
    return found.columns, found.excluded


def read(connection: Connection, project: int, only: Collection[int] | None = None) -> Read:
    """The answers that count on the live tasks of a project, or on some of them (the store's keys).

    Of two annotations of one person on a task the one changed last counts. A ruling of ours that stands as an
    annotation on the source task is no answer, also when somebody took its ground-truth mark away.
    """
    query = _current(project, only).where(among(tasks.c.id, only))
    version, task, number, annotator, updated_at, stands, lead_time = fetched(connection, query, float_at=6)
    stands = stands.astype(np.int64)
    ours = np.isin(number, np.array(sorted(corrections.written(connection, project)), dtype=np.int64))
    stands[ours & (stands != Standing.CANCELLED)] = Standing.GROUND_TRUTH
    order = np.lexsort((version, updated_at, annotator, task))
    order = order[stands[order] == Standing.VALID]
    latest = order[_last(task[order], annotator[order])]
    row, said, known, outdated = _answers(connection, project, version[latest], only is not None)
    found = latest[row]
    return Read(
        Columns(task[found], annotator[found], said, updated_at[found], lead_time[found], known),
        _tallies(connection, project, only, task, stands, latest),
        _rejected(connection, project, version[stands == Standing.REJECTED], only),
        outdated,
    )


def _tallies(
    connection: Connection,
    project: int,
    only: Collection[int] | None,
    task: IntArray,
    stands: IntArray,
    latest: IntArray,
) -> NDArray[Any]:
    live = select(tasks.c.id, tasks.c.overlap).where(
        within(tasks.c.project, project, only), tasks.c.deleted_at.is_(None), among(tasks.c.id, only)
    )
    key, overlap = fetched(connection, live.order_by(tasks.c.id))
    found = np.zeros(len(key), dtype=TALLY)
    found["task"], found["overlap"] = key, overlap

    def counted(which: BoolArray | IntArray) -> IntArray:
        return np.bincount(np.searchsorted(key, task[which]), minlength=len(key))

    found["answers"] = counted(latest)
    found["cancelled"] = counted(stands == Standing.CANCELLED)
    found["ground_truth"] = counted(stands == Standing.GROUND_TRUTH)
    found["anonymous"] = counted(stands == Standing.ANONYMOUS)
    found["duplicates"] = counted(stands == Standing.VALID) - found["answers"]
    return found


def _last(*keys: IntArray) -> BoolArray:
    """Where the next one has another key: of sorted arrays of one length."""
    found = np.ones(len(keys[0]), dtype=np.bool_)
    found[:-1] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return found


def _current(project: int, only: Collection[int] | None) -> Select[Any]:
    """The current annotations of the tasks that there are; ``only`` some will be asked for."""
    version = annotation_versions.c
    return (
        select(
            version.id,
            annotations.c.task,
            annotations.c.label_studio_id,
            func.coalesce(version.annotator, 0),
            version.updated_at,
            standing_of_version(),
            version.lead_time,
        )
        .join(annotations, annotations.c.current == version.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(within(tasks.c.project, project, only), tasks.c.deleted_at.is_(None), annotations.c.deleted_at.is_(None))
    )


def fetched(connection: Connection, query: Select[Any], *, float_at: int = -1) -> list[NDArray[Any]]:
    """The columns of a query that gives whole numbers, without the objects that SQLAlchemy makes of rows.

    The ``float_at``-th column has other numbers; null is NaN there, and must not occur elsewhere.
    """
    count = len(query.selected_columns)
    words = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    found: list[list[NDArray[Any]]] = [[np.zeros(0, dtype=_type(at == float_at))] for at in range(count)]
    with connection.exec_driver_sql(words) as result:
        cursor = result.cursor
        assert cursor is not None
        while rows := cursor.fetchmany(AT_ONCE):
            for column, parts in zip(_columns(rows, count, float_at), found, strict=True):
                parts.append(column)
    return [np.concatenate(parts) for parts in found]


def _type(is_float: bool) -> type[np.float64] | type[np.int64]:
    return np.float64 if is_float else np.int64


def _columns(rows: Sequence[Sequence[Any]], count: int, float_at: int) -> Iterable[NDArray[Any]]:
    """Some rows as columns; whole numbers go the shortest way there is from Python's objects."""
    if float_at < 0:
        return np.fromiter(chain.from_iterable(rows), np.int64, count * len(rows)).reshape(-1, count).T
    columns = enumerate(zip(*rows, strict=True))
    return [np.array(column, dtype=_type(at == float_at)) for at, column in columns]


def _rejected(
    connection: Connection, project: int, versions: IntArray, only: Collection[int] | None
) -> tuple[Rejection, ...]:
    if not len(versions):
        return ()
    query = (
        select(annotations.c.label_studio_id, tasks.c.label_studio_id.label("on"), annotation_versions.c.rejected)
        .add_columns(annotation_versions.c.id)
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(tasks.c.project == project, annotation_versions.c.rejected.is_not(None), among(tasks.c.id, only))
        .order_by(annotations.c.label_studio_id, annotation_versions.c.id)
    )
    wanted = set(versions.tolist())
    rows = connection.execute(query)
    return tuple(Rejection(row.label_studio_id, row.on, row.rejected) for row in rows if row.id in wanted)


def _answers(
    connection: Connection, project: int, versions: IntArray, few: bool
) -> tuple[IntArray, IntArray, list[tuple[str, Answer]], tuple[Outdated, ...]]:
    """What these versions said: places in ``versions``, in their order, and in the distinct answers; these; and what
    the interface cannot say any more. ``few``: of few versions only their own answers are looked at.
    """
    query = select(answers.c.version, answers.c.code).join(codes, codes.c.id == answers.c.code)
    query = query.where(codes.c.project == project, among(answers.c.version, versions.tolist() if few else None))
    version, code = fetched(connection, query)
    used = np.unique(code).tolist() if few else None
    known = _known(connection, project, as_of_today(connection, project), used)
    by_version = np.argsort(versions)
    place = np.searchsorted(versions, version, sorter=by_version)
    there = place < len(versions)
    row = by_version[place[there]]
    counts = versions[row] == version[there]
    row, entry = row[counts], np.searchsorted(known.key, code[there][counts])
    outdated = np.bincount(known.outdated[entry], minlength=len(known.problems) + 1)[1:].tolist()
    fits = known.outdated[entry] == 0
    row, entry = row[fits], entry[fits]
    order = np.lexsort((known.control[entry], row))
    problems = zip(known.problems, outdated, strict=True)
    return (
        row[order],
        known.place[entry[order]],
        known.answers,
        tuple(Outdated(control, reason, count) for (control, reason), count in problems if count),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The codes of a project by ``key``, ascending: the rank of their control's name, and the place of their answer.

    ``outdated`` is 1 + the place in ``problems`` of those that the interface cannot say any more, else 0.
    """

    key: IntArray
    control: IntArray
    place: IntArray
    answers: list[tuple[str, Answer]]
    outdated: IntArray
    problems: list[tuple[str, str]]


def _known(connection: Connection, project: int, today: AsOfToday, only: Collection[int] | None) -> _Known:
    query = select(codes).where(codes.c.project == project, among(codes.c.id, only))
    rows = connection.execute(query.order_by(codes.c.id)).all()
    rank = {name: number for number, name in enumerate(sorted({row.control for row in rows}))}
    place: dict[tuple[str, Answer], int] = {}
    at = []
    for row in rows:
        answer = today.answer(row.control, from_canonical(row.answer))
        at.append(place.setdefault((row.control, answer), len(place)))
    problems = [(row.control, problem) if (problem := today.problem(row.id)) else None for row in rows]
    told = sorted({one for one in problems if one is not None})
    number = {one: 1 + at for at, one in enumerate(told)}
    return _Known(
        np.array([row.id for row in rows], dtype=np.int64),
        np.array([rank[row.control] for row in rows], dtype=np.int64),
        np.array(at, dtype=np.int64),
        list(place),
        np.array([0 if one is None else number[one] for one in problems], dtype=np.int64),
        told,
    )
