"""What was ruled on one person's own answers, for themselves, with the reasons."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from label_config.answers import Answer
from label_config.model import Control
from label_config.parse import parse
from label_config.results import from_canonical
from label_config.words import in_words

from ..quality.annotators.streaks import least_alike
from ..quality.distance import default_distance, distance
from ..quality.distance.comparison import every_pair
from ..store import projects
from ..store.standing import Standing, standing_of_version
from ..store.tables import annotation_versions, annotations, answers, codes, reviews, rulings, tasks


@dataclass(frozen=True, slots=True)
class OwnRuling:
    """A ruling on a task that the person had answered, about one control. ``task`` is Label Studio's id.

    ``mine`` and ``ruled`` are the answers in words; ``same`` is whether they are near enough to be the same.
    ``rationale`` is why, null where the reviewer wrote nothing. Nothing says who the reviewer was.
    """

    task: int
    control: str
    mine: str
    ruled: str
    same: bool
    cause: str | None
    rationale: str | None
    ruled_at: int


@dataclass(frozen=True, slots=True)
class OwnRulings:
    """``rulings`` are the newest ones; ``ruled`` counts all, ``same`` those that say what the person had said.

    Tasks that are gone and answers that do not count (skipped, unreadable) are left out.
    """

    ruled: int
    same: int
    rulings: tuple[OwnRuling, ...]


def own_rulings(connection: Connection, project: int, person: int, limit: int = 50) -> OwnRulings:
    """What was ruled on ``person``'s answers (Label Studio's id) in a project (the store's key)."""
    controls = {one.name: one for one in parse(projects.label_config(connection, project)).controls}
    rows = connection.execute(ruled_on(project, person)).all()
    latest = {(row.task, row.control): row for row in reversed(rows)}
    # A ruling may say nothing about the control, and the interface may have it no more.
    found = [
        row
        for row in rows
        if latest[row.task, row.control] is row and row.control in controls and row.control in row.answers
    ]
    same = {said: _is_same(controls[said[0]], *said[1:]) for said in {_said(row) for row in found}}
    shown = tuple(_ruling(row, same[_said(row)]) for row in found[:limit])
    return OwnRulings(len(found), sum(same[_said(row)] for row in found), shown)


def ruled_on(project: int, person: int) -> Select[Any]:
    """A row a ruling that counts and a control that the person answered on its task, the newest first.

    It goes from the person's answers to what was ruled on their tasks: there may be more rulings than anybody answered.
    """
    here = reviews.c.project + 0 == project  # so that no database begins with all reviews of the project
    return (
        select(
            *(annotations.c.task, tasks.c.label_studio_id, codes.c.control, codes.c.answer, rulings.c.answers),
            *(rulings.c.cause, rulings.c.rationale, rulings.c.ruled_at),
        )
        .select_from(annotation_versions)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .join(reviews, reviews.c.task == annotations.c.task)
        .join(rulings, rulings.c.review == reviews.c.id)
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(answers, answers.c.version == annotation_versions.c.id)
        .join(codes, codes.c.id == answers.c.code)
        .where(
            here,
            annotations.c.current == annotation_versions.c.id,
            tasks.c.deleted_at.is_(None),
            annotations.c.deleted_at.is_(None),
            annotation_versions.c.annotator == person,
            standing_of_version() == int(Standing.VALID),
            rulings.c.superseded.is_(False),
            rulings.c.counts_as.is_(None),
        )
        .order_by(
            rulings.c.ruled_at.desc(), rulings.c.id.desc(), codes.c.control, annotation_versions.c.updated_at.desc()
        )
    )


def _said(row: Any) -> tuple[str, str, str]:
    """The control, what the person answered, and what was ruled; canonical."""
    return row.control, row.answer, row.answers[row.control]


def _is_same(control: Control, mine: str, ruled: str) -> bool:
    return mine == ruled or are_alike(control, from_canonical(mine), from_canonical(ruled))


def _ruling(row: Any, same: bool) -> OwnRuling:
    return OwnRuling(
        row.label_studio_id,
        row.control,
        in_words(from_canonical(row.answer)),
        in_words(from_canonical(row.answers[row.control])),
        same,
        row.cause,
        row.rationale,
        row.ruled_at,
    )


def are_alike(control: Control, left: Answer, right: Answer) -> bool:
    """Whether two answers are near enough to be the same, by the control's default distance."""
    apart = float(distance(control, default_distance(control))(every_pair(control, (left, right)))[1])
    return 1 - apart >= least_alike(control.family) - 1e-9
