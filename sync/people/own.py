"""What was ruled on one person's own answers, for themselves, with the reasons."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from label_config.answers import Answer
from label_config.model import Control, LabelConfig
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
    config = parse(projects.label_config(connection, project))
    rows = connection.execute(_ruled(project, person)).all()
    latest = {(row.task, row.control): row for row in reversed(rows)}
    found = [one for row in rows if latest[row.task, row.control] is row and (one := _ruling(config, row)) is not None]
    return OwnRulings(len(found), sum(one.same for one in found), tuple(found[:limit]))


def _ruled(project: int, person: int) -> Select[Any]:
    """A row a ruling that counts and a control that the person answered on its task, the newest first.

    It goes from the rulings, of which there are few, to the answers.
    """
    return (
        select(
            *(annotations.c.task, tasks.c.label_studio_id, codes.c.control, codes.c.answer, rulings.c.answers),
            *(rulings.c.cause, rulings.c.rationale, rulings.c.ruled_at),
        )
        .select_from(reviews)
        .join(rulings, rulings.c.review == reviews.c.id)
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(annotations, annotations.c.task == tasks.c.id)
        .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
        .join(answers, answers.c.version == annotation_versions.c.id)
        .join(codes, codes.c.id == answers.c.code)
        .where(
            reviews.c.project == project,
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


def _ruling(config: LabelConfig, row: Any) -> OwnRuling | None:
    """Null where the ruling says nothing about the control, or the interface has it no more."""
    control = next((one for one in config.controls if one.name == row.control), None)
    if control is None or row.control not in row.answers:
        return None
    mine, ruled = from_canonical(row.answer), from_canonical(row.answers[row.control])
    return OwnRuling(
        row.label_studio_id,
        row.control,
        in_words(mine),
        in_words(ruled),
        mine == ruled or are_alike(control, mine, ruled),
        row.cause,
        row.rationale,
        row.ruled_at,
    )


def are_alike(control: Control, left: Answer, right: Answer) -> bool:
    """Whether two answers are near enough to be the same, by the control's default distance."""
    apart = float(distance(control, default_distance(control))(every_pair(control, (left, right)))[1])
    return 1 - apart >= least_alike(control.family) - 1e-9
