"""Gaps of the guidelines that reviewers named, and rulings that a changed guideline touches."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Select, select, update

from label_config.results import from_canonical
from label_config.review import GAP
from label_config.words import in_words

from ..quality.priority.facts import labels_of
from .reviews import CHANGED
from .tables import reviews, rulings, tasks


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


def inbox(connection: Connection, project: int) -> list[Gap]:
    """The gaps of a source project (the store's key) that no change has touched since, the oldest first."""
    query = _valid(project).where(rulings.c.cause == GAP, rulings.c.comes_back.is_(None))
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


def changed(
    connection: Connection, project: int, why: str, *, control: str | None, label: str | None, only: Collection[int]
) -> list[int]:
    """Have the rulings reviewed again that a change touches; their tasks (Label Studio's ids).

    Those are the rulings on ``control`` (null: on any), whose answer has ``label`` (null: any answer), on the tasks
    ``only`` (Label Studio's ids; none: on any). What was not decided is touched unless a label is named.
    """
    finding = {"kind": CHANGED, "severity": 1.0, "reason": why, "numbers": {}}
    touched = []
    for row in connection.execute(_valid(project)):
        answers = {name: from_canonical(text) for name, text in row.answers.items() if control in (None, name)}
        fits = any(label in labels_of(one) for one in answers.values()) if label else answers or not row.answers
        if fits and (not only or row.label_studio_id in only):
            connection.execute(update(rulings).where(rulings.c.id == row.id).values(comes_back=finding))
            touched.append(row.label_studio_id)
    return touched


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
