"""What the store knows of models beside what the backend says: how right they are, what was decided before each."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, Text, and_, case, cast, func, select

from .reading import fetched
from .tables import consensus, corrections, reviews, rounds, rulings, scores, tasks


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """The model against the consensus on ``n`` answers that it has not learned from; shares in [0, 1]."""

    n: int
    accuracy: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Decided:
    """Rulings that no later one replaced, and corrections that were not undone, since the version before."""

    rulings: int
    corrections: int


def check(connection: Connection, project: int) -> ModelCheck | None:
    """The model's answers beside the consensus, on answered tasks that it has not learned from; null without any.

    A task counts once a control. ``accuracy`` is the share of equal answers, ``confidence`` the model's mean one:
    where the model is calibrated, they are about equal. It reads every answered task.
    """
    equal = cast(scores.c.answer, Text) == cast(consensus.c.answer, Text)
    query = (
        select(func.count(), func.avg(case((equal, 1.0), else_=0.0)), func.avg(scores.c.confidence))
        .select_from(tasks)
        .join(consensus, consensus.c.task == tasks.c.id)
        .join(scores, and_(scores.c.task == consensus.c.task, scores.c.control == consensus.c.control))
        .where(
            tasks.c.project == project,
            tasks.c.deleted_at.is_(None),
            consensus.c.annotations > 0,
            scores.c.out_of_sample.is_(True),
            scores.c.confidence.is_not(None),
        )
    )
    number, accuracy, confidence = connection.execute(query).one()
    return ModelCheck(number, float(accuracy), float(confidence)) if number else None


def decided(connection: Connection, project: int) -> dict[str, Decided]:
    """Model -> what was decided from when the model before it scored first until it did so itself; the oldest first."""
    first = select(rounds.c.model, func.min(rounds.c.made_at).label("since"))
    first = first.where(rounds.c.project == project, rounds.c.state == "done").group_by(rounds.c.model)
    known = connection.execute(first.order_by(func.min(rounds.c.made_at), rounds.c.model)).all()
    if not known:
        return {}
    ruled = (
        select(rulings.c.ruled_at)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == project, rulings.c.superseded.is_(False))
    )
    applied = select(corrections.c.applied_at).where(
        corrections.c.project == project, corrections.c.undone_at.is_(None)
    )
    ends = np.array([row.since for row in known])
    until = []
    for query in (ruled, applied):
        (times,) = fetched(connection, query)
        until.append(np.diff(np.searchsorted(np.sort(times), ends, side="left"), prepend=0))
    return {row.model: Decided(int(ruled), int(fixed)) for row, ruled, fixed in zip(known, *until, strict=True)}
