"""The answers that count as columns of numbers: a million of them in seconds, without an object each."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, func, select

from label_config.answers import Answer
from label_config.results import canonical, from_canonical

from ..quality.records import BoolArray, FloatArray, IntArray
from . import corrections
from .as_of_today import AsOfToday, as_of_today
from .standing import Standing, standing_of_version
from .tables import annotation_versions, annotations, answers, codes, tasks

AT_ONCE = 100_000
"""Rows that are fetched together."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer that counts. ``task`` is the store's key, ``annotator`` Label Studio's user id.

    ``lead_time`` is how many seconds it took, null where Label Studio does not say.
    """

    task: int
    annotator: int
    control: str
    answer: Answer
    updated_at: int
    lead_time: float | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An annotation (Label Studio's id) whose result was set aside, and why."""

    annotation: int
    task: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """Answers that were valid when they were given and that the interface cannot say any more: how many, and why."""

    control: str
    reason: str
    answers: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """How many current annotations do not count: skips, ground truth, second answers of one person, malformed.

    ``outdated`` counts answers of those that do, which stay in the history alone.
    """

    cancelled: int = 0
    ground_truth: int = 0
    duplicates: int = 0
    anonymous: int = 0
    rejected: tuple[Rejection, ...] = ()
    outdated: tuple[Outdated, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Columns(Sequence[AnswerRow]):
    """The answers that count as rows, which are made when somebody looks at them, and as arrays of one length.

    They are at most one a task, annotator and control, in the order of these.

    ``task`` (the store's key), ``annotator`` (Label Studio's id) and ``updated_at`` are as in ``AnswerRow``;
    ``lead_time`` is NaN where Label Studio does not say. ``said`` holds places in ``answers``, which are (control,
    answer), no two alike.
    """

    task: IntArray
    annotator: IntArray
    said: IntArray
    updated_at: IntArray
    lead_time: FloatArray
    answers: Sequence[tuple[str, Answer]]

    def __len__(self) -> int:
        return len(self.task)

    @overload
    def __getitem__(self, place: int) -> AnswerRow: ...
    @overload
    def __getitem__(self, place: slice) -> list[AnswerRow]: ...
    def __getitem__(self, place: int | slice) -> AnswerRow | list[AnswerRow]:
        if isinstance(place, slice):
            return list(self._only(place))
        return next(iter(self._only(np.array([place]))))

    def __iter__(self) -> Iterator[AnswerRow]:
        columns = (self.task, self.annotator, self.said, self.updated_at, self.lead_time)
        for task, annotator, said, updated_at, lead_time in zip(*(one.tolist() for one in columns), strict=True):
            control, answer = self.answers[said]
            known = None if lead_time != lead_time else lead_time
            yield AnswerRow(task, annotator, control, answer, updated_at, known)

    def content(self) -> Iterator[bytes]:
        """The same bytes for the same answers, whatever else the store knows."""
        used, place = np.unique(self.said, return_inverse=True)
        texts = [json.dumps([control, canonical(answer)]) for control, answer in (self.answers[at] for at in used)]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        rank = np.empty(len(used), dtype=np.int64)
        rank[order] = np.arange(len(used))
        yield json.dumps([texts[at] for at in order]).encode()
        for column in (self.task, self.annotator, rank[place], self.updated_at, self.lead_time):
            yield column.tobytes()

    def of(self, control: str) -> "Columns":
        """Those to one control."""
        asked = np.array([name == control for name, _ in self.answers], dtype=np.bool_)
        chosen = asked[self.said] if len(self.said) else np.zeros(0, dtype=np.bool_)
        return self if chosen.all() else self._only(chosen)

    def _only(self, chosen: BoolArray | IntArray | slice) -> "Columns":
        return Columns(
            self.task[chosen],
            self.annotator[chosen],
            self.said[chosen],
            self.updated_at[chosen],
            self.lead_time[chosen],
            self.answers,
        )

    def with_rows(self, rows: Sequence[AnswerRow]) -> "Columns":
        """With these answers after the others."""
        if not rows:
            return self
        place = {said: number for number, said in enumerate(self.answers)}
        codes_of = [place.setdefault((row.control, row.answer), len(place)) for row in rows]
        waited = np.array([row.lead_time for row in rows], dtype=np.float64)
        return Columns(
            np.append(self.task, [row.task for row in rows]),
            np.append(self.annotator, [row.annotator for row in rows]),
            np.append(self.said, codes_of),
            np.append(self.updated_at, [row.updated_at for row in rows]),
            np.append(self.lead_time, waited),
            tuple(place),
        )


def columns_of(connection: Connection, project: int) -> tuple[Columns, Excluded]:
    """The answers that count, and what was left out.

    Of two annotations of one person on a task the one changed last counts. A ruling of ours that stands as an
    annotation on the source task is no answer, also when somebody took its ground-truth mark away.
    """
    version, task, number, annotator, updated_at, stands, lead_time = fetched(connection, _current(project), float_at=6)
    stands = stands.astype(np.int64)
    ours = np.isin(number, np.array(sorted(corrections.written(connection, project)), dtype=np.int64))
    stands[ours & (stands != Standing.CANCELLED)] = Standing.GROUND_TRUTH
    counted = np.bincount(stands, minlength=max(Standing) + 1)
    order = np.lexsort((version, updated_at, annotator, task))
    order = order[stands[order] == Standing.VALID]
    latest = order[_last(task[order], annotator[order])]
    row, said, known, outdated = _answers(connection, project, version[latest])
    found = latest[row]
    columns = Columns(task[found], annotator[found], said, updated_at[found], lead_time[found], known)
    return columns, Excluded(
        int(counted[Standing.CANCELLED]),
        int(counted[Standing.GROUND_TRUTH]),
        int(counted[Standing.VALID]) - len(latest),
        int(counted[Standing.ANONYMOUS]),
        _rejected(connection, project, version[stands == Standing.REJECTED]),
        outdated,
    )


def _last(*keys: IntArray) -> BoolArray:
    """Where the next one has another key: of sorted arrays of one length."""
    found = np.ones(len(keys[0]), dtype=np.bool_)
    found[:-1] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return found


def _current(project: int) -> Select[Any]:
    """The current annotations of the tasks that there are."""
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
        .where(tasks.c.project == project, tasks.c.deleted_at.is_(None), annotations.c.deleted_at.is_(None))
    )


def fetched(connection: Connection, query: Select[Any], *, float_at: int = -1) -> list[NDArray[Any]]:
    """The columns of a query that gives whole numbers, without the objects that SQLAlchemy makes of rows.

    The ``float_at``-th column has other numbers; null is NaN there, and must not occur elsewhere.
    """
    types = [np.float64 if at == float_at else np.int64 for at in range(len(query.selected_columns))]
    words = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    found: list[list[NDArray[Any]]] = [[np.zeros(0, dtype=kind)] for kind in types]
    with connection.exec_driver_sql(words) as result:
        cursor = result.cursor
        assert cursor is not None
        while rows := cursor.fetchmany(AT_ONCE):
            for column, kind, parts in zip(zip(*rows, strict=True), types, found, strict=True):
                parts.append(np.array(column, dtype=kind))
    return [np.concatenate(parts) for parts in found]


def _rejected(connection: Connection, project: int, versions: IntArray) -> tuple[Rejection, ...]:
    if not len(versions):
        return ()
    query = (
        select(annotations.c.label_studio_id, tasks.c.label_studio_id.label("on"), annotation_versions.c.rejected)
        .add_columns(annotation_versions.c.id)
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(tasks.c.project == project, annotation_versions.c.rejected.is_not(None))
        .order_by(annotations.c.label_studio_id, annotation_versions.c.id)
    )
    wanted = set(versions.tolist())
    rows = connection.execute(query)
    return tuple(Rejection(row.label_studio_id, row.on, row.rejected) for row in rows if row.id in wanted)


def _answers(
    connection: Connection, project: int, versions: IntArray
) -> tuple[IntArray, IntArray, list[tuple[str, Answer]], tuple[Outdated, ...]]:
    """What these versions said: places in ``versions``, in their order, and in the distinct answers; these; and what
    the interface cannot say any more.
    """
    known = _known(connection, project, as_of_today(connection, project))
    query = select(answers.c.version, answers.c.code).join(codes, codes.c.id == answers.c.code)
    version, code = fetched(connection, query.where(codes.c.project == project))
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


def _known(connection: Connection, project: int, today: AsOfToday) -> _Known:
    rows = connection.execute(select(codes).where(codes.c.project == project).order_by(codes.c.id)).all()
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
