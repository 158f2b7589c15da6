"""Units on continua: spans of texts and segments of recordings as arrays, for the coefficients about unitizing.

A continuum is what is there to be marked: the text or the recording of a task, each of its paragraphs or channels.
A line is what one annotator marked on one continuum; it may be empty.
"""

from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer, Regions, Segment, Span

from ..records import CodedAnswers, FloatArray, IntArray
from .resampling import Groups

NOT_UNITS = "it is defined for spans and segments only, and there are answers of other kinds"

TEXT_GRAIN = 1.0
"""The least part of a text, one character. Time has none: 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Continua:
    """What several annotators marked on several continua.

    ``task`` (continua,) is the task of each continuum; ``low`` and ``high`` (continua,) are its ends.
    ``continuum`` (lines,) says what each line is about. ``line``, ``start``, ``end``, ``label`` (units,) are the units,
    in any unit of length; labels are codes from 0. ``grain`` is the length of the least part of a continuum.
    """

    task: IntArray
    low: FloatArray
    high: FloatArray
    continuum: IntArray
    line: IntArray
    start: FloatArray
    end: FloatArray
    label: IntArray
    grain: float = TEXT_GRAIN

    @property
    def annotators(self) -> IntArray:
        """How many lines each continuum has: (continua,)."""
        return np.bincount(self.continuum, minlength=len(self.task))


def from_arrays(
    answered: tuple[IntArray, IntArray],
    units: tuple[IntArray, FloatArray, FloatArray, IntArray],
    *,
    lengths: FloatArray | None = None,
    grain: float = TEXT_GRAIN,
) -> Continua:
    """Continua from parallel arrays, one a task.

    ``answered`` holds the task and the annotator of each answer, also of those that marked nothing: codes from 0,
    (answers,) each. ``units`` holds the place of each unit's answer, its start, its end and the code of its label:
    (units,) each. ``lengths`` (tasks,) are the lengths of the continua, which then begin at 0; else see ``ends``.
    Raises ValueError for ends that are not finite or come before the start, and for two answers of one annotator.

    >>> two = np.array([0, 0]), np.array([4, 7])
    >>> found = from_arrays(two, (np.array([0, 1]), np.array([2.0, 3.0]), np.array([5.0, 9.0]), np.array([0, 0])))
    >>> found.annotators.tolist(), found.low.tolist(), found.high.tolist()
    ([2], [0.0], [9.0])
    """
    (task, annotator), (line, start, end, label) = answered, units
    if not np.all(np.isfinite(start) & np.isfinite(end) & (start <= end)):
        raise ValueError("a unit must have two finite ends, the second not before the first")
    if len(np.unique(np.column_stack([task, annotator]), axis=0)) != len(task):
        raise ValueError("some annotator has two answers to one task")
    tasks = int(task.max(initial=-1)) + 1
    low, high = ends(task[line], start, end, tasks, grain)
    if lengths is not None:
        low, high = np.zeros(tasks), np.asarray(lengths, dtype=np.float64)
    return Continua(np.arange(tasks), low, high, task, line, start, end, label, grain)


def each_task(tasks: int) -> Groups:
    """Every task a group of its own, to be resampled one by one."""
    places = np.arange(tasks)
    return Groups(places, places, np.ones(tasks), tasks, tasks)


def ends(
    continuum: IntArray, start: FloatArray, end: FloatArray, continua: int, grain: float
) -> tuple[FloatArray, FloatArray]:
    """Where each continuum begins and ends, as far as the answers tell: (continua,) each.

    It ends with the last unit that anybody marked. A text begins at 0; time, whose clock may start anywhere, with the
    first unit. What nobody marked has no length.
    """
    low, high = np.full(continua, np.inf), np.full(continua, -np.inf)
    np.minimum.at(low, continuum, start)
    np.maximum.at(high, continuum, end)
    marked = np.isfinite(low)
    return np.where(marked & (grain == 0), low, 0.0), np.where(marked, high, 0.0)


def from_answers(coded: CodedAnswers, *, apart: bool) -> Continua | str:
    """The continua of the tasks that two or more answered, or the reason why there are none.

    Where the regions of a task lie on several surfaces (paragraphs, channels), each is a continuum of its own. With
    ``apart`` a region of several labels is several units, one a label; else one, whose code stands for all of them.
    """
    rows = np.flatnonzero(np.bincount(coded.task, minlength=len(coded.tasks))[coded.task] >= 2)
    rows = rows[np.argsort(coded.task[rows], kind="stable")]
    units: list[_Unit] = []
    for row, place in enumerate(coded.answer[rows].tolist()):
        found = _units(row, coded.answers[place], apart)
        if found is None:
            return NOT_UNITS
        units += found
    _, task = np.unique(coded.task[rows], return_inverse=True)
    return _assembled(task, units)


_Unit = tuple[int, str, float, float, tuple[str, ...], bool]
"""Row, surface, start, end, labels, whether it is a span of a text."""


def _units(row: int, answer: Answer, apart: bool) -> list[_Unit] | None:
    """The units of one answer; null where something else is among its regions."""
    if not isinstance(answer, Regions):
        return None
    units: list[_Unit] = []
    for region in answer.regions:
        shape = region.shape
        if not isinstance(shape, Span | Segment):
            return None
        text = isinstance(shape, Span)
        labels = [(label,) for label in region.labels] if apart and region.labels else [region.labels]
        units.extend((row, region.where, float(shape.start), float(shape.end), each, text) for each in labels)
    return units


def _assembled(task: IntArray, units: list[_Unit]) -> Continua:
    """``task`` (rows,) is ascending. Each surface of a task gets a line for every row of the task."""
    surfaces: dict[tuple[int, str], int] = {}
    labels: dict[tuple[str, ...], int] = {}
    owner = task.tolist()
    about = np.array(
        [surfaces.setdefault((owner[row], where), len(surfaces)) for row, where, *_ in units], dtype=np.int64
    )
    row = np.array([row for row, *_ in units], dtype=np.int64)
    label = np.array([labels.setdefault(unit[4], len(labels)) for unit in units], dtype=np.int64)
    start, end = (np.array([unit[at] for unit in units], dtype=np.float64) for at in (2, 3))
    grain = TEXT_GRAIN if any(unit[5] for unit in units) else 0.0
    task_of = np.array([one for one, _ in surfaces], dtype=np.int64)
    tasks = int(task.max(initial=-1)) + 1
    people = np.bincount(task, minlength=tasks)
    first_row, first_line = np.cumsum(people) - people, np.cumsum(people[task_of]) - people[task_of]
    low, high = ends(about, start, end, len(task_of), grain)
    return Continua(
        task=task_of,
        low=low,
        high=high,
        continuum=np.repeat(np.arange(len(task_of)), people[task_of]),
        line=first_line[about] + row - first_row[task_of[about]],
        start=start,
        end=end,
        label=label,
        grain=grain,
    )
