"""Gaps of the guidelines that reviewers named, and rulings that a changed guideline touches."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Text, cast, func, select, update

from label_config.answers import Answer
from label_config.guidelines import ADDED, Change, Entry
from label_config.results import from_canonical
from label_config.review import GAP
from label_config.words import in_words

from ..quality.priority.facts import labels_of
from .reviews import CHANGED, CHUNK
from .tables import reviews, rulings, tasks

LISTED = 500
"""Gaps that a page lists, at most: `tiebreak guidelines inbox` has all."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A ruling whose cause is a gap in the guidelines. ``task`` is Label Studio's id of the source task.

    ``answers`` maps controls to what was ruled, in words; ``rationale`` is what the reviewer wrote, null for nothing.
    """

    task: int
    answers: Mapping[str, str]
    verdict: str | None
    rationale: str | None
    reviewer: int | None
    ruled_at: int


def inbox(connection: Connection, project: int, keys: Sequence[int] | None = None) -> list[Gap]:
    """The gaps of a source project (the store's key) that no change has touched since, the oldest first.

    Only those that the rulings of ``keys`` named, where such are given.
    """
    query = _open(project) if keys is None else _open(project).where(rulings.c.id.in_(keys))
    return [
        Gap(
            row.label_studio_id,
            {control: in_words(from_canonical(text)) for control, text in sorted(row.answers.items())},
            row.verdict,
            row.rationale,
            row.reviewer,
            row.ruled_at,
        )
        for row in connection.execute(query)
    ]


def gaps_among(connection: Connection, project: int) -> tuple[int, list[int]]:
    """How many gaps the inbox has, and the keys of the rulings that named the oldest LISTED of them."""
    number = connection.execute(select(func.count()).select_from(_open(project).order_by(None).subquery())).scalar_one()
    oldest = _open(project).with_only_columns(rulings.c.id).limit(LISTED)
    return number, list(connection.execute(oldest).scalars())


def _open(project: int) -> Select[Any]:
    return _valid(project).where(rulings.c.cause == GAP, rulings.c.comes_back.is_(None))


def changed(
    connection: Connection, project: int, why: str, *, control: str | None, label: str | None, only: Collection[int]
) -> list[int]:
    """Have the rulings reviewed again that a change touches; their tasks (Label Studio's ids).

    Those are the rulings on ``control`` (null: on any), whose answer has ``label`` (null: any answer), on the tasks
    ``only`` (Label Studio's ids; none: on any). What was not decided is touched unless a label is named.
    """
    touched, keys = [], []
    for row in connection.execute(_valid(project)):
        answers = {name: from_canonical(text) for name, text in row.answers.items() if control in (None, name)}
        fits = any(label in labels_of(one) for one in answers.values()) if label else answers or not row.answers
        if fits and (not only or row.label_studio_id in only):
            keys.append(row.id)
            touched.append(row.label_studio_id)
    bring_back(connection, keys, why)
    return touched


def unknown_tasks(connection: Connection, project: int, named: Iterable[int]) -> list[int]:
    """Which of these tasks (Label Studio's ids) a source project (the store's key) never had, in their order."""
    asked = list(dict.fromkeys(named))
    known: set[int] = set()
    for start in range(0, len(asked), CHUNK):
        query = select(tasks.c.label_studio_id).where(tasks.c.project == project)
        known.update(
            connection.execute(query.where(tasks.c.label_studio_id.in_(asked[start : start + CHUNK]))).scalars()
        )
    return [one for one in asked if one not in known]


def bring_back(connection: Connection, keys: Sequence[int], why: str) -> None:
    """Have these rulings reviewed again, with what changed as the reason."""
    finding = {"kind": CHANGED, "severity": 1.0, "reason": why, "numbers": {}}
    for start in range(0, len(keys), CHUNK):
        some = rulings.c.id.in_(keys[start : start + CHUNK])
        connection.execute(update(rulings).where(some).values(comes_back=finding))


@dataclass(frozen=True, slots=True)
class Touched:
    """A ruling (the store's key) that changed entries of the guidelines are about; their ids.

    ``task`` is Label Studio's id. ``waits`` is whether it is to be reviewed again already.
    """

    ruling: int
    task: int
    entries: tuple[str, ...]
    waits: bool


def touched_by(connection: Connection, project: int, changes: Sequence[Change]) -> list[Touched]:
    """The valid rulings of a source project (the store's key) that changes of entries touch, the oldest first."""
    if not changes:
        return []
    concerned = cache(
        lambda said: tuple(_concerns(one, _answers(said)) for one in changes)
    )  # few answers, many rulings
    columns = (rulings.c.id, tasks.c.label_studio_id, cast(rulings.c.answers, Text), rulings.c.rationale)
    found = []
    for key, task, said, rationale, waits in connection.execute(
        _valid(project).with_only_columns(*columns, rulings.c.comes_back.is_not(None))
    ):
        about = zip(changes, concerned(said), strict=True)
        entries = tuple(one.id for one, fits in about if fits or _refers(one, task, rationale or ""))
        if entries:
            found.append(Touched(key, task, entries, bool(waits)))
    return found


def _answers(said: str) -> Mapping[str, Answer]:
    return {name: from_canonical(text) for name, text in json.loads(said).items()}


def touches(change: Change, task: int, answers: Mapping[str, Answer], rationale: str) -> bool:
    """Whether a change of an entry touches a ruling: on a task (Label Studio's id), with these answers and reasons.

    It does where the ruling is on one of the entry's tasks, or its rationale names the entry as ``#id``. An entry that
    was changed or removed touches those with one of its labels too (without labels: those on its control); a new one
    does not: what was ruled without it was right without it.

    >>> from label_config.answers import Choices
    >>> entry = Entry("irony", "Irony", "...", control="mood", labels=("bad",))
    >>> [touches(Change(kind, entry, entry), 7, {"mood": Choices(("bad",))}, "") for kind in (ADDED, "changed")]
    [False, True]
    """
    return _refers(change, task, rationale) or _concerns(change, answers)


def _refers(change: Change, task: int, rationale: str) -> bool:
    """By the task, or by name."""
    if any(task in one.tasks for one in (change.before, change.after) if one is not None):
        return True
    named = f"#{change.id}"
    return named in rationale and re.search(rf"{re.escape(named)}(?![a-z0-9-])", rationale) is not None


def _concerns(change: Change, answers: Mapping[str, Answer]) -> bool:
    """By what was answered."""
    both = [one for one in (change.before, change.after) if one is not None]
    return change.kind != ADDED and any(_is_about(one, answers) for one in both)


def _is_about(entry: Entry, answers: Mapping[str, Answer]) -> bool:
    mine = [answer for name, answer in answers.items() if entry.control in ("", name)]
    if not entry.labels:
        return bool(entry.control and mine)
    return any(not set(entry.labels).isdisjoint(labels_of(answer)) for answer in mine)


def _valid(project: int) -> Select[tuple[object, ...]]:
    return (
        select(rulings, tasks.c.label_studio_id)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .where(
            reviews.c.project == project,
            reviews.c.state == "ruled",
            rulings.c.superseded.is_(False),
            rulings.c.counts_as.is_(None),
            tasks.c.deleted_at.is_(None),
        )
        .order_by(rulings.c.ruled_at, rulings.c.id)
    )
