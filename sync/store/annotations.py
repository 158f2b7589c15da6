"""Reading annotations: the answers that count, what was left out and why, and the history of a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from label_config.answers import Answer
from label_config.results import from_canonical
from label_config.words import in_words

from . import corrections
from .tables import (
    annotation_versions,
    annotations,
    annotators,
    answers,
    codes,
    reviews,
    rulings,
    tasks,
)


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
class Excluded:
    """How many current annotations do not count: skips, ground truth, second answers of one person, malformed."""

    cancelled: int = 0
    ground_truth: int = 0
    duplicates: int = 0
    anonymous: int = 0
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """What a ground truth in Label Studio says about one control."""

    task: int
    control: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a task: when, what, who, and the answers where there are any."""

    at: int
    what: str
    who: str
    details: str


def _current(project: int) -> Select[Any]:
    return (
        select(
            annotation_versions, annotations.c.task, annotations.c.label_studio_id, tasks.c.label_studio_id.label("on")
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
    cancelled = truths = anonymous = 0
    rejected: list[Rejection] = []
    latest: dict[tuple[int, int], Any] = {}
    valid = 0
    for row in connection.execute(_current(project)):
        if row.was_cancelled:
            cancelled += 1
        elif row.ground_truth or row.label_studio_id in ours:
            truths += 1
        elif row.rejected is not None:
            rejected.append(Rejection(row.label_studio_id, row.on, row.rejected))
        elif row.annotator is None:
            anonymous += 1
        else:
            valid += 1
            known = latest.get((row.task, row.annotator))
            if known is None or (row.updated_at, row.id) > (known.updated_at, known.id):
                latest[(row.task, row.annotator)] = row
    said = _answers(connection, project)
    rows = [
        AnswerRow(task, annotator, control, answer, row.updated_at, row.lead_time)
        for (task, annotator), row in sorted(latest.items())
        for control, answer in said.get(row.id, ())
    ]
    rejected.sort(key=lambda one: one.annotation)
    return rows, Excluded(cancelled, truths, valid - len(latest), anonymous, tuple(rejected))


def _answers(connection: Connection, project: int) -> dict[int, list[tuple[str, Answer]]]:
    """Annotation version -> (control, answer)."""
    names = {
        row.id: (row.control, from_canonical(row.answer))
        for row in connection.execute(select(codes).where(codes.c.project == project))
    }
    query = select(answers.c.version, answers.c.code).join(codes, codes.c.id == answers.c.code)
    found: dict[int, list[tuple[str, Answer]]] = {}
    for row in connection.execute(query.where(codes.c.project == project).order_by(answers.c.version, codes.c.control)):
        found.setdefault(row.version, []).append(names[row.code])
    return found


def ground_truths_of(connection: Connection, project: int) -> list[Truth]:
    """What the current ground truths say, a row a control; of several on a task the newest comes last.

    One that holds a correction which was undone says nothing any more, though it is still to be deleted.
    """
    query = _current(project).where(
        annotation_versions.c.ground_truth.is_(True),
        annotation_versions.c.was_cancelled.is_(False),
        annotation_versions.c.rejected.is_(None),
    )
    said = _answers(connection, project)
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


def history(connection: Connection, project: int, task: int) -> list[Event]:
    """Everything that was seen of a task, the oldest first; ``task`` is Label Studio's id.

    A task that was deleted, and another that got its id later, both appear.
    """
    events: list[Event] = []
    rows = connection.execute(select(tasks).where(tasks.c.project == project, tasks.c.label_studio_id == task)).all()
    names = {row.id: row.name for row in connection.execute(select(annotators))}
    said = _answers(connection, project)
    for row in rows:
        events.append(Event(row.created_at, "task created", "", ""))
        if row.deleted_at is not None:
            events.append(Event(row.deleted_at, "task found deleted", "", ""))
        events += _annotation_events(connection, row.id, names, said)
        events += _review_events(connection, row.id, names)
    return sorted(events, key=lambda event: event.at)


def _annotation_events(connection: Connection, task: int, names: dict[int, str], said: Any) -> list[Event]:
    query = (
        select(annotation_versions, annotations.c.label_studio_id, annotations.c.created_at, annotations.c.deleted_at)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .where(annotations.c.task == task)
        .order_by(annotation_versions.c.id)
    )
    events = []
    seen: set[int] = set()
    for row in connection.execute(query):
        first = row.annotation not in seen
        seen.add(row.annotation)
        what = f"annotation {row.label_studio_id} {'submitted' if first else 'changed'}"
        if row.was_cancelled:
            what = f"annotation {row.label_studio_id} skipped"
        elif row.ground_truth:
            what += " as ground truth"
        details = "; ".join(f"{control} = {in_words(answer)}" for control, answer in said.get(row.id, ()))
        if row.rejected is not None:
            details = f"set aside: {row.rejected}"
        who = row.annotator if first else row.updated_by or row.annotator
        events.append(Event(row.updated_at, what, names.get(who, f"user {who}"), details))
        if row.deleted_at is not None and first:
            events.append(Event(row.deleted_at, f"annotation {row.label_studio_id} found deleted", "", ""))
    return events


def _review_events(connection: Connection, task: int, names: dict[int, str]) -> list[Event]:
    events = []
    for row in connection.execute(select(reviews).where(reviews.c.task == task)):
        why = " ".join(finding["reason"] for finding in row.findings)
        events.append(Event(row.intended_at, f"sent to review P{row.band} with priority {row.priority:.2f}", "", why))
        if row.state == "lost":
            events.append(
                Event(row.closed_at, "review task found deleted", "", "It stays so: that was somebody's act.")
            )
        for ruling in connection.execute(select(rulings).where(rulings.c.review == row.id)):
            details = "; ".join(
                f"{control} = {in_words(from_canonical(text))}" for control, text in ruling.answers.items()
            )
            notes = [note for note in (ruling.verdict, ruling.cause, ruling.rationale) if note]
            who = names.get(ruling.reviewer, f"user {ruling.reviewer}")
            events.append(Event(ruling.ruled_at, "ruled", who, " | ".join([details or "no answer", *notes])))
    return events
