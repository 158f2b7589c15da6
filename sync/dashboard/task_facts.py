"""Everything that the store knows of one task, as its page reads it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from label_config.answers import Answer
from label_config.results import from_canonical

from ..evidence.gathering import image_size
from ..store import corrections
from ..store.projects import LARGEST_ID
from ..store.standing import Standing, standing
from ..store.tables import (
    annotation_versions,
    annotations,
    answers,
    codes,
    consensus,
    projects,
    queue,
    reviews,
    scores,
    tasks,
)
from .queries import Place, Project, place_of

WORDS: Mapping[Standing, str] = {
    Standing.CANCELLED: "skipped",
    Standing.GROUND_TRUTH: "ground truth",
    Standing.REJECTED: "set aside",
    Standing.ANONYMOUS: "has no author",
    Standing.VALID: "counts",
}
LATER = "a later one counts"
LONGEST = 20
"""Digits of a number, at most."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody (Label Studio's id) answered on one control; ``standing`` says whether it counts, in words.

    ``answer`` is null where nothing was answered.
    """

    who: int | None
    control: str
    answer: Answer | None
    at: int
    seconds: float | None
    standing: str

    @property
    def counts(self) -> bool:
        """Whether it is one of the answers that count."""
        return self.standing == WORDS[Standing.VALID]


@dataclass(frozen=True, slots=True)
class Probable:
    """The probable answer on one control, from what (consensus, ruling, ground truth), and how sure it is."""

    answer: Answer
    confidence: float
    annotations: int
    source: str


@dataclass(frozen=True, slots=True)
class Model:
    """What the model thinks; ``confidence`` is null where it abstains."""

    answer: Answer
    confidence: float | None
    version: str


@dataclass(frozen=True, slots=True)
class ReviewOf:
    """A review of the task, and where Label Studio has it."""

    round: int
    band: int
    state: str
    at: int
    place: Place | None


@dataclass(frozen=True, slots=True)
class Task:
    """One task: ``key`` is the store's, ``number`` Label Studio's. ``entries`` are its rows of the queue."""

    key: int
    number: int
    data: Mapping[str, Any]
    deleted: bool
    entries: Sequence[Row[Any]]
    given: Sequence[Given]
    probable: Mapping[str, Probable]
    model: Mapping[str, Model]
    reviews: Sequence[ReviewOf]
    size: tuple[float, float] | None


def read_task(connection: Connection, project: Project, called: str) -> Task | None:
    """The task of that number in Label Studio, the newest where the number was used again; null for none."""
    number = int(called) if called.isascii() and called.isdigit() and len(called) <= LONGEST else LARGEST_ID
    if number >= LARGEST_ID:
        return None
    query = select(tasks).where(tasks.c.project == project.key, tasks.c.label_studio_id == number)
    row = connection.execute(query.order_by(tasks.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    entries = select(queue).where(queue.c.task == row.id).order_by(queue.c.priority.desc(), queue.c.control)
    given, size = _given(connection, project, row.id)
    return Task(
        row.id,
        row.label_studio_id,
        row.data,
        row.deleted_at is not None,
        connection.execute(entries).all(),
        given,
        _probable(connection, row.id),
        _model(connection, row.id),
        _reviews(connection, row.id),
        size,
    )


def _given(connection: Connection, project: Project, task: int) -> tuple[list[Given], tuple[float, float] | None]:
    query = (
        select(annotation_versions, annotations.c.label_studio_id)
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .where(annotations.c.task == task, annotations.c.deleted_at.is_(None))
        .order_by(annotation_versions.c.updated_at, annotation_versions.c.id)
    )
    rows = connection.execute(query).all()
    ours = corrections.written(connection, project.key)
    said: dict[int, list[tuple[str, Answer]]] = {}
    answered = select(answers.c.version, codes.c.control, codes.c.answer).join(codes, codes.c.id == answers.c.code)
    for one in connection.execute(answered.where(answers.c.version.in_([row.id for row in rows]))):
        said.setdefault(one.version, []).append((one.control, from_canonical(one.answer)))
    last = {row.annotator: row.id for row in rows if standing(row, ours) == Standing.VALID}
    found = []
    for row in rows:
        stands = standing(row, ours)
        word = WORDS[stands] if stands != Standing.VALID or last[row.annotator] == row.id else LATER
        here: list[tuple[str, Answer | None]] = [*sorted(said.get(row.id, ()), key=lambda pair: pair[0])]
        for control, answer in here or [("", None)]:
            found.append(Given(row.annotator, control, answer, row.updated_at, row.lead_time, word))
    return found, image_size(row.result for row in rows)


def _probable(connection: Connection, task: int) -> dict[str, Probable]:
    query = select(consensus).where(consensus.c.task == task, consensus.c.source != "withdrawn")
    return {
        row.control: Probable(
            from_canonical(json.dumps(row.answer)), row.confidence, row.annotations, row.source.replace("_", " ")
        )
        for row in connection.execute(query)
        if row.answer is not None
    }


def _model(connection: Connection, task: int) -> dict[str, Model]:
    query = select(scores).where(scores.c.task == task)
    return {
        row.control: Model(from_canonical(json.dumps(row.answer)), row.confidence, row.version)
        for row in connection.execute(query)
        if row.answer is not None
    }


def _reviews(connection: Connection, task: int) -> list[ReviewOf]:
    home = projects.alias("home")
    query = (
        select(reviews, home.c.label_studio_id.label("home"))
        .join(home, home.c.id == reviews.c.review_project, isouter=True)
        .where(reviews.c.task == task)
        .order_by(reviews.c.round.desc())
    )
    return [
        ReviewOf(row.round, row.band, row.state, row.intended_at, place_of(row.home, row.review_task))
        for row in connection.execute(query)
    ]
