"""Reading annotations: the answers that count, and what was left out and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from label_config.answers import Answer, Choices
from label_config.misfit import misfit
from label_config.model import Control
from label_config.parse import parse
from label_config.results import from_canonical, in_order

from . import corrections, interfaces, projects
from .tables import annotation_versions, annotations, answers, codes, tasks


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


class Standing(Enum):
    """Whether a current annotation is an answer; only VALID ones are, of one person the latest."""

    CANCELLED = auto()
    GROUND_TRUTH = auto()
    REJECTED = auto()
    ANONYMOUS = auto()
    VALID = auto()


def standing(row: Any, ours: set[int]) -> Standing:
    """What a version of an annotation is; ``ours`` are the annotations (Label Studio's ids) that rulings stand as."""
    if row.was_cancelled:
        return Standing.CANCELLED
    if row.ground_truth or row.label_studio_id in ours:
        return Standing.GROUND_TRUTH
    if row.rejected is not None:
        return Standing.REJECTED
    return Standing.ANONYMOUS if row.annotator is None else Standing.VALID


@dataclass(frozen=True, slots=True)
class ByOther:
    """An answer (Label Studio's ids) that counts as ``annotator``'s and was last written by somebody else."""

    annotation: int
    task: int
    annotator: int
    written_by: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What a ground truth in Label Studio says about one control."""

    task: int
    control: str
    answer: Answer


def _current(project: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """The current annotations of the tasks that there are: these columns of their versions, all if none is named."""
    return (
        select(
            *(columns or annotation_versions.c),
            annotations.c.task,
            annotations.c.label_studio_id,
            tasks.c.label_studio_id.label("on"),
        )
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(tasks.c.project == project, tasks.c.deleted_at.is_(None), annotations.c.deleted_at.is_(None))
    )


def answers_of(connection: Connection, project: int) -> tuple[list[AnswerRow], Excluded]:
    """The answers that count, at most one a task, annotator and control, and what was left out.

    Of two annotations of one person on a task the one changed last counts. A ruling of ours that stands as an
    annotation on the source task is no answer, also when somebody took its ground-truth mark away.
    """
    ours = corrections.written(connection, project)
    counted: Counter[Standing] = Counter()
    rejected: list[Rejection] = []
    latest: dict[tuple[int, int], Any] = {}
    for row in connection.execute(_current(project)):
        stands = standing(row, ours)
        counted[stands] += 1
        if stands == Standing.REJECTED:
            rejected.append(Rejection(row.label_studio_id, row.on, row.rejected))
        elif stands == Standing.VALID:
            known = latest.get((row.task, row.annotator))
            if known is None or (row.updated_at, row.id) > (known.updated_at, known.id):
                latest[(row.task, row.annotator)] = row
    said, outdated = _answers(connection, project)
    rows = [
        AnswerRow(task, annotator, control, answer, row.updated_at, row.lead_time)
        for (task, annotator), row in sorted(latest.items())
        for control, answer in said.get(row.id, ())
    ]
    rejected.sort(key=lambda one: one.annotation)
    excluded = Excluded(
        counted[Standing.CANCELLED],
        counted[Standing.GROUND_TRUTH],
        counted[Standing.VALID] - len(latest),
        counted[Standing.ANONYMOUS],
        tuple(rejected),
        _counted(one for row in latest.values() for one in outdated.get(row.id, ())),
    )
    return rows, excluded


def _counted(problems: Iterable[tuple[str, str]]) -> tuple[Outdated, ...]:
    return tuple(Outdated(*key, count) for key, count in sorted(Counter(problems).items()))


def _answers(
    connection: Connection, project: int
) -> tuple[dict[int, list[tuple[str, Answer]]], dict[int, list[tuple[str, str]]]]:
    """Annotation version -> (control, answer) of what can be said today; -> (control, reason) of what cannot."""
    today = as_of_today(connection, project)
    names = {
        row.id: (row.control, today.answer(row.control, from_canonical(row.answer)))
        for row in connection.execute(select(codes).where(codes.c.project == project))
    }
    query = select(answers.c.version, answers.c.code).join(codes, codes.c.id == answers.c.code)
    found: dict[int, list[tuple[str, Answer]]] = {}
    outdated: dict[int, list[tuple[str, str]]] = {}
    for row in connection.execute(query.where(codes.c.project == project).order_by(answers.c.version, codes.c.control)):
        problem = today.problem(row.code)
        if problem is None:
            found.setdefault(row.version, []).append(names[row.code])
        else:
            outdated.setdefault(row.version, []).append((names[row.code][0], problem))
    return found, outdated


@dataclass(frozen=True, slots=True)
class AsOfToday:
    """Which stored answers the interface can say as it is now; ``problems`` maps the others' codes to why it cannot.

    ``controls`` are empty where the project never had another interface: then all of them fit.
    """

    controls: Mapping[str, Control] = field(default_factory=dict)
    problems: Mapping[int, str] = field(default_factory=dict)

    def problem(self, code: int) -> str | None:
        """Why an answer (the key of its code) cannot be given any more; null where it can."""
        return self.problems.get(code)

    def answer(self, control: str, answer: Answer) -> Answer:
        """Labels in the order that the interface has now, so that equal answers are equal."""
        asked = self.controls.get(control)
        if isinstance(answer, Choices) and asked is not None and set(answer.labels) <= set(asked.labels):
            return in_order(asked, answer.labels)
        return answer


def as_of_today(connection: Connection, project: int) -> AsOfToday:
    """What of the answers of earlier interfaces of the project (the store's key) can be said today."""
    if len(interfaces.periods(connection, project)) < 2:
        return AsOfToday()
    controls = {one.name: one for one in parse(projects.label_config(connection, project)).controls}
    problems = {}
    for row in connection.execute(select(codes).where(codes.c.project == project)):
        asked = controls.get(row.control)
        if asked is None:
            problems[row.id] = f"control {row.control!r:.80}: the labeling interface has none of that name any more"
        elif (problem := misfit(asked, from_canonical(row.answer))) is not None:
            problems[row.id] = problem
    return AsOfToday(controls, problems)


def by_others(connection: Connection, project: int) -> tuple[ByOther, ...]:
    """The current answers that were last written by somebody else than their author, by annotation.

    Label Studio lets everybody change what others answered, and answer in their name.
    """
    other = annotation_versions.c.updated_by != annotation_versions.c.annotator
    ours = corrections.written(connection, project)
    found = [
        ByOther(row.label_studio_id, row.on, row.annotator, row.updated_by)
        for row in connection.execute(_current(project).where(other))
        if standing(row, ours) == Standing.VALID
    ]
    return tuple(sorted(found, key=lambda one: one.annotation))


def ground_truths_of(connection: Connection, project: int) -> list[Truth]:
    """What the current ground truths say, a row a control; of several on a task the newest comes last.

    One that holds a correction which was undone says nothing any more, though it is still to be deleted.
    """
    query = _current(project).where(
        annotation_versions.c.ground_truth.is_(True),
        annotation_versions.c.was_cancelled.is_(False),
        annotation_versions.c.rejected.is_(None),
    )
    said, _ = _answers(connection, project)
    undone = corrections.undone(connection, project)
    return [
        Truth(row.task, control, answer)
        for row in connection.execute(query.order_by(annotation_versions.c.updated_at, annotation_versions.c.id))
        if row.label_studio_id not in undone
        for control, answer in said.get(row.id, ())
    ]


def current_results(connection: Connection, project: int) -> Sequence[Any]:
    """The current, finished annotations of a project: rows id, on (the task's id), data, annotator, result."""
    query = _current(project).add_columns(tasks.c.data).where(annotation_versions.c.was_cancelled.is_(False))
    return connection.execute(query.order_by(annotation_versions.c.id)).all()
