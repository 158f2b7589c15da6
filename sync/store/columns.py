"""The answers that count as columns of numbers: a million of them in seconds, without an object each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from label_config.answers import Answer
from label_config.results import canonical

from ..quality.records import BoolArray, FloatArray, IntArray


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
            return list(self.only(place))
        return next(iter(self.only(np.array([place]))))

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
        return self if chosen.all() else self.only(chosen)

    def only(self, chosen: BoolArray | IntArray | slice) -> "Columns":
        """Those rows."""
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


class ByTask(Mapping[int, Sequence[AnswerRow]]):
    """Task (the store's key) -> its answers; rows are made of those alone that somebody looks at."""

    def __init__(self, found: Columns) -> None:
        self._found = found.only(np.argsort(found.task, kind="stable"))
        self._tasks, self._start = np.unique(self._found.task, return_index=True)

    def __getitem__(self, task: int) -> Sequence[AnswerRow]:
        place = int(np.searchsorted(self._tasks, task))
        if place == len(self._tasks) or self._tasks[place] != task:
            raise KeyError(task)
        end = self._start[place + 1] if place + 1 < len(self._tasks) else len(self._found)
        return self._found[int(self._start[place]) : int(end)]

    def __iter__(self) -> Iterator[int]:
        return iter(self._tasks.tolist())

    def __len__(self) -> int:
        return len(self._tasks)
