"""Sorting out what people said: the answers that count, what stands beside them, and what was left out and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import nan
from typing import Any, NamedTuple

import numpy as np

from label_config.answers import Answer, empty_answer
from label_config.errors import ResultError
from label_config.model import Control, Family, LabelConfig
from label_config.reading.quantities import quoted
from label_config.results import read_answers

from ..dashboard.excerpts import excerpt
from ..labelstudio.export_file import AnsweredTask, GivenAnnotation, named_controls
from ..quality.coded_answers import APART, Row, encode
from ..quality.evidence import ControlEvidence
from ..quality.records import Opinion, Trust
from .predictions import Opinions

DAY, WEEK = "day", "week"
A_DAY = 86_400_000_000
"""Microseconds."""
LAST_DAY = date.max.toordinal() - date(1970, 1, 1).toordinal()
"""The last day that a calendar has a date for."""
NAMES_KEPT = 20
"""Names of controls that are kept of refused annotations, to say what an export holds."""

NOTHING = "the result is empty: nothing was answered"


@dataclass(frozen=True, slots=True)
class Rejection:
    """An annotation that could not be used, and why; ``annotation`` is null where the file gives no id."""

    annotation: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What does not count: skips, ground truth, earlier answers of a person to a task, unusable results.

    ``single`` tasks were answered by one person alone: they are compared with nothing.
    """

    cancelled: int = 0
    ground_truth: int = 0
    duplicates: int = 0
    single: int = 0
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be gathered: of which controls, with which fields of the data to cut by, and for which page.

    With ``ground_truth`` the annotations that are marked so count as their writers' answers, and there is no truth to
    compare with. ``excerpts`` keeps the beginning of each task's data, ``data`` all of it. With ``people`` it is kept
    when each answer was given and how long it took, and truths are what is known for certain, ``coded.fixed``, after
    those that ``fixed`` names by control and task.
    """

    controls: tuple[Control, ...]
    fields: tuple[str, ...] = ()
    ground_truth: bool = False
    excerpts: bool = False
    data: bool = False
    people: bool = False
    trust: Mapping[int, Trust] = field(default_factory=dict)
    fixed: Mapping[str, Mapping[int, Answer]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence for each control, and what was left out.

    ``tasks``, ``annotators`` and ``annotations`` count what is in use. ``named`` are controls that refused annotations
    speak of. ``fields`` are those that the data of some task has. ``sizes`` are those of the images that people drew
    on, in pixels. ``contradicted`` are the tasks, by control, of which ground truths or rulings say different things.
    """

    evidence: Mapping[str, ControlEvidence]
    left_out: LeftOut
    tasks: int
    annotators: int
    annotations: int
    named: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    excerpts: Mapping[int, str] = field(default_factory=dict)
    data: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    sizes: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    contradicted: Mapping[str, Sequence[int]] = field(default_factory=dict)


class _Read(NamedTuple):
    annotation: GivenAnnotation
    answers: Mapping[str, Answer]

    @property
    def age(self) -> tuple[int, int]:
        """What tells the latest: when it was changed, then its id."""
        return self.annotation.changed_at or 0, self.annotation.id or 0


def gather(config: LabelConfig, tasks: Iterable[AnsweredTask], wanted: Wanted, opinions: Opinions) -> Gathered:
    """Sort out the annotations of all tasks; of several by one person on a task the latest counts.

    The earlier ones of a person say how they agree with themselves. A control that an annotation left open has no
    answer there, but where regions are marked, related or described: having marked nothing is an answer.
    """
    sorting = _Sorting(config, wanted)
    for task in tasks:
        sorting.take(task)
    return sorting.gathered(opinions)


def _nobody(named: object) -> str:
    """Why an annotation has no annotator."""
    if named is None:
        return "nobody is named in completed_by, where the id of a user is expected"
    return f"completed_by is {quoted(named)}, not the id of a user (a whole number, or an object with such an id)"


def _day_and_week(day: int) -> tuple[str, str]:
    """A day since 1970 and its week, as ISO 8601 writes them, in UTC."""
    found = date.fromordinal(date(1970, 1, 1).toordinal() + day)
    year, week, _ = found.isocalendar()
    return found.isoformat(), f"{year}-W{week:02d}"


class _Sorting:
    """What was gathered so far."""

    def __init__(self, config: LabelConfig, wanted: Wanted) -> None:
        self.config, self.wanted = config, wanted
        names = [control.name for control in wanted.controls]
        self.empties = [(control.name, empty_answer(control)) for control in wanted.controls]
        self.silence_speaks = any(empty_answer(control) is not None for control in config.controls)
        self.alike = {one.name for one in wanted.controls if not one.per_region and one.family not in APART}
        self.rows: dict[str, list[Row]] = {name: [] for name in names}
        self.repeats: dict[str, list[Row]] = {name: [] for name in names}
        self.truths: dict[str, dict[int, Answer]] = {name: {} for name in names}
        self.contradicted: dict[str, dict[int, None]] = {name: {} for name in names}
        self.times: tuple[dict[int, str], dict[int, str]] = ({}, {})
        by_time = dict(zip((DAY, WEEK), self.times, strict=True))
        # A field of that name is asked for: then it is not cut by time.
        self.cuts: dict[str, dict[int, str]] = {**by_time, **{name: {} for name in wanted.fields}}
        self.days: dict[int, tuple[str, str]] = {}
        self.known: dict[Answer, Answer] = {}
        self.people: set[int] = set()
        self.named: dict[str, None] = {}
        self.fields: dict[str, None] = {}
        self.excerpts: dict[int, str] = {}
        self.data: dict[int, Mapping[str, Any]] = {}
        self.sizes: dict[int, tuple[float, float]] = {}
        self.given: dict[str, list[tuple[int, float]]] = {name: [] for name in names}
        self.drawn = any(control.family == Family.REGIONS for control in wanted.controls)
        self.rejected: list[Rejection] = []
        self.cancelled = self.ground_truth = self.duplicates = self.single = self.tasks = self.annotations = 0

    def take(self, task: AnsweredTask) -> None:
        """Sort out one task."""
        people: dict[int, list[_Read]] = {}
        truths: list[_Read] = []
        for one in task.annotations:
            if one.cancelled:
                self.cancelled += 1
            elif (read := self._read(task, one)) is None:
                continue
            elif one.ground_truth and not self.wanted.ground_truth:
                self.ground_truth += 1
                truths.append(read)
            elif one.annotator is None:
                self._reject(task, one, _nobody(one.completed_by))
            else:
                people.setdefault(one.annotator, []).append(read)
        for truth in sorted(truths, key=lambda read: read.age):
            for name, answer in self._answers(truth):
                if self.truths[name].setdefault(task.id, answer) != answer:
                    self.contradicted[name][task.id] = None
                self.truths[name][task.id] = answer
        self._count(task, people)

    def _read(self, task: AnsweredTask, one: GivenAnnotation) -> _Read | None:
        try:
            answers = read_answers(self.config, one.result, task.data)
            if answers or self.silence_speaks:
                return _Read(one, answers)
            self._reject(task, one, NOTHING)
        except ResultError as error:
            self._reject(task, one, str(error))
        if len(self.named) < NAMES_KEPT:
            self.named |= dict.fromkeys(named_controls(one.result))
        return None

    def _reject(self, task: AnsweredTask, one: GivenAnnotation, reason: str) -> None:
        where = f"task {task.id}: " if one.id is None else ""
        self.rejected.append(Rejection(one.id, f"{where}{reason}"))

    def _answers(self, read: _Read) -> list[tuple[str, Answer]]:
        """What an annotation says about the wanted controls; equal answers are one object, where that saves much."""
        found = []
        for name, empty in self.empties:
            answer = read.answers.get(name, empty)
            if answer is not None:
                found.append((name, self.known.setdefault(answer, answer) if name in self.alike else answer))
        return found

    def _count(self, task: AnsweredTask, people: Mapping[int, list[_Read]]) -> None:
        """Keep each person's latest answers as theirs, and the earlier ones as repeats."""
        answered, last = 0, 0
        for person, given in people.items():
            if len(given) > 1:
                self._repeat(task.id, person, given)
            latest = given[-1]
            said = False
            for name, answer in self._answers(latest):
                self.rows[name].append((task.id, person, answer))
                said = True
                if self.wanted.people:
                    self.given[name].append(_when(latest.annotation))
            if said:
                answered += 1
                last = max(last, latest.annotation.changed_at or 0)
                self.people.add(person)
        if answered:
            self.tasks += 1
            self.annotations += answered
            self.single += answered == 1
            self._describe(task, last)

    def _repeat(self, task: int, person: int, given: list[_Read]) -> None:
        """Put what one person said in order, the latest last, and keep what came before it."""
        given.sort(key=lambda read: read.age)
        self.duplicates += len(given) - 1
        for earlier in given[:-1]:
            for name, answer in self._answers(earlier):
                self.repeats[name].append((task, person, answer))

    def _describe(self, task: AnsweredTask, last: int) -> None:
        """Keep what the report is cut by, and what tells people which task it is."""
        if last:
            day = last // A_DAY
            if day not in self.days:
                self.days[day] = _day_and_week(min(day, LAST_DAY))
            for times, value in zip(self.times, self.days[day], strict=True):
                times[task.id] = value
        for name in self.wanted.fields:
            if (said := task.data.get(name)) is not None:
                self.cuts[name][task.id] = said if isinstance(said, str) else str(said)
        if self.wanted.excerpts:
            self.excerpts[task.id] = excerpt(task.data).text
        if self.wanted.data:
            self.data[task.id] = task.data
        if (
            self.wanted.people
            and self.drawn
            and (size := image_size(one.result for one in task.annotations)) is not None
        ):
            self.sizes[task.id] = size
        if self.wanted.fields and len(self.fields) < NAMES_KEPT:
            self.fields |= dict.fromkeys(task.data)

    def gathered(self, opinions: Opinions) -> Gathered:
        """Everything, sorted out."""
        for name, fixed in self.wanted.fixed.items():
            truths = self.truths.get(name, {})
            self.contradicted.setdefault(name, {}).update(
                (task, None) for task, answer in fixed.items() if truths.get(task, answer) != answer
            )
        return Gathered(
            evidence={
                control.name: self._evidence(control, opinions.get(control.name, {}))
                for control in self.wanted.controls
            },
            left_out=LeftOut(self.cancelled, self.ground_truth, self.duplicates, self.single, tuple(self.rejected)),
            tasks=self.tasks,
            annotators=len(self.people),
            annotations=self.annotations,
            named=tuple(self.named),
            fields=tuple(self.fields),
            excerpts=self.excerpts,
            data=self.data,
            sizes=self.sizes,
            contradicted={name: sorted(tasks) for name, tasks in self.contradicted.items() if tasks},
        )

    def _evidence(self, control: Control, versions: Mapping[str, Mapping[int, Opinion]]) -> ControlEvidence:
        name, people = control.name, self.wanted.people
        given = self.given.pop(name)
        return ControlEvidence(
            control=control,
            coded=encode(control, self.rows.pop(name), self._fixed(name)),
            repeats=tuple(self.repeats[name]),
            truths=self.truths[name],
            predictions={
                version: {task: one.answer for task, one in said.items()} for version, said in versions.items()
            },
            cuts={cut: values for cut, values in self.cuts.items() if values},
            opinions=_most_said(versions),
            trust=self.wanted.trust,
            given_at=np.array([at for at, _ in given], dtype=np.int64) if people else None,
            lead_time=np.array([seconds for _, seconds in given], dtype=np.float64) if people else None,
        )

    def _fixed(self, name: str) -> Mapping[int, Answer] | None:
        return {**self.truths[name], **self.wanted.fixed.get(name, {})} if self.wanted.people else None


def _most_said(versions: Mapping[str, Mapping[int, Opinion]]) -> Mapping[int, Opinion]:
    """What the version thinks that speaks of the most tasks; of equal ones the last."""
    return max(reversed(list(versions.values())), key=len, default={})


def _when(one: GivenAnnotation) -> tuple[int, float]:
    return one.changed_at or 0, nan if one.lead_time is None else one.lead_time


def image_size(results: Iterable[object]) -> tuple[float, float] | None:
    """Width and height in pixels of the image that was drawn on, as the first region of the results tells it."""
    for result in results:
        for region in result if isinstance(result, list) else ():
            if isinstance(region, Mapping) and "original_width" in region:
                wide, high = region.get("original_width"), region.get("original_height")
                if isinstance(wide, int | float) and isinstance(high, int | float) and wide > 0 and high > 0:
                    return float(wide), float(high)
    return None
