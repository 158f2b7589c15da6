"""Who answered a task before reviewing it, and reviewers' answers that came too late for a ruling."""

from collections.abc import Collection
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, select

from label_config.results import from_canonical
from label_config.review import own_regions

from ..labelstudio.export_file import GivenAnnotation
from .columns import AnswerRow, Columns
from .reading import among
from .reviews import CONFLICT
from .tables import annotation_versions, annotations, reviews, rulings, tasks

VOTE, NOTHING = "vote", "nothing"
"""What a submitted review counts as that is no ruling: one more answer, or nothing."""


def late(
    connection: Connection, project: int, answers: Columns, only: Collection[int] | None = None
) -> list[AnswerRow]:
    """The answers that came in when their review was withdrawn already: one more each, of the newest a person gave.

    Whoever is among ``answers`` with the same task has had a say. Tasks that are gone are left out; ``only`` some are
    looked at.
    """
    rows = connection.execute(_late(project).where(among(reviews.c.task, only))).all()
    if not rows:
        return []
    about = np.isin(answers.task, np.array([row.task for row in rows], dtype=np.int64))
    heard = set(zip(answers.task[about].tolist(), answers.annotator[about].tolist(), strict=True))
    found = {
        (row.task, row.reviewer, control): AnswerRow(
            row.task, row.reviewer, control, from_canonical(text), row.ruled_at
        )
        for row in rows
        if (row.task, row.reviewer) not in heard
        for control, text in sorted(row.answers.items())
    }
    return [found[key] for key in sorted(found)]


def late_annotations(connection: Connection, project: int) -> dict[int, list[GivenAnnotation]]:
    """Task (the store's key) -> what ``late`` reads, as the annotations of the source task that they amount to.

    Whether the person had a say on the task is not looked at.
    """
    found: dict[int, list[GivenAnnotation]] = {}
    for row in connection.execute(_late(project)):
        if row.answers:
            result = own_regions(row.result)
            one = GivenAnnotation(row.label_studio_id, row.reviewer, row.ruled_at, False, False, result)
            found.setdefault(row.task, []).append(one)
    return found


def _late(project: int) -> Select[Any]:
    """Of late answers, the older first."""
    return (
        select(
            *(rulings.c.answers, rulings.c.reviewer, rulings.c.ruled_at, reviews.c.task),
            *(annotation_versions.c.result, annotations.c.label_studio_id),
        )
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(annotation_versions, annotation_versions.c.id == rulings.c.annotation_version)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .where(
            reviews.c.project == project,
            rulings.c.counts_as == VOTE,
            rulings.c.superseded.is_(False),
            rulings.c.reviewer.is_not(None),
            tasks.c.deleted_at.is_(None),
        )
        .order_by(rulings.c.ruled_at, rulings.c.id)
    )


def disputants(connection: Connection, task: int) -> set[int]:
    """Who answered a task (the store's key); of one that came back since two rulings differ, also who gave those."""
    people = (
        select(annotation_versions.c.annotator)
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .where(
            annotations.c.task == task,
            annotations.c.deleted_at.is_(None),
            annotation_versions.c.was_cancelled.is_(False),
            annotation_versions.c.ground_truth.is_(False),
            annotation_versions.c.annotator.is_not(None),
        )
    )
    found = set(connection.execute(people).scalars())
    query = select(reviews.c.id, reviews.c.findings).where(reviews.c.task == task).order_by(reviews.c.round)
    rounds = connection.execute(query).all()
    for before, after in pairwise(rounds):
        if any(one["kind"] == CONFLICT for one in after.findings):
            of_before = select(rulings.c.reviewer).where(rulings.c.review == before.id, rulings.c.reviewer.is_not(None))
            found |= set(connection.execute(of_before).scalars())
    return found
