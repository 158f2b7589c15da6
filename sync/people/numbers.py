"""Everything about the people of a project for a page. It costs about what an assessment does: keep what it gives."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, select

from label_config.answers import Answer
from label_config.results import from_canonical

from ..evidence.of_project import evidence_by_control, gather
from ..quality.annotators import (
    leaderboard,
    most_improved,
    profiles,
    recognitions,
    reference,
    speed_against_accuracy,
    too_fast,
)
from ..quality.consensus import infer, methods
from ..quality.evidence import ControlEvidence
from ..quality.records import ControlConsensus
from ..settings import BY_QUALITY, Settings
from ..store import summaries
from ..store.reading import among
from ..store.review_rounds import WAITING
from ..store.standing import Standing, standing_of_version
from ..store.tables import annotation_versions, annotations, answers, codes, reviews, tasks
from .concluded import concluded_on

Repeats = Mapping[str, tuple[tuple[int, int, Answer], ...]]
"""Control -> (task, annotator, answer) of what people answered before they answered the same task again."""


def numbers(connection: Connection, project: int, settings: Settings) -> dict[str, Any]:
    """Control -> ``people`` and ``recognition`` (an entry a person), ``most_improved``, ``speed``, ``leaderboard``.

    Plain values, as docs/annotators.md defines them; ``project`` is the store's key. The consensus is that of the last
    assessment; of a control that it does not tell of, it is inferred. The leaderboard is null unless the settings ask
    for it.
    """
    found = gather(connection, project)
    by_control, _ = evidence_by_control(found, settings)
    tallies, reviewed = found.block.tallies, _reviewed(connection, project)
    again = repeats(connection, project, tallies["task"][tallies["duplicates"] > 0].tolist())
    report = summaries.report(connection, project)
    told = {} if report is None else report.get("controls", {})
    numbers_of = {}
    for name, one in by_control.items():
        evidence = replace(one, repeats=again.get(name, ()))
        known = concluded_on(connection, project, name, report or {}) if name in told else _inferred(one, settings)
        numbers_of[name] = _of_control(evidence, known, reviewed, found.data, settings)
    return numbers_of


def _inferred(evidence: ControlEvidence, settings: Settings) -> ControlConsensus:
    method = settings.consensus_method if settings.consensus_method in methods(evidence.control) else "auto"
    return infer(evidence, method)


def _of_control(
    evidence: ControlEvidence,
    consensus: ControlConsensus,
    reviewed: frozenset[int],
    data: Mapping[int, Mapping[str, Any]],
    settings: Settings,
) -> dict[str, Any]:
    found, hasty = reference(evidence, consensus), too_fast(evidence.coded, evidence.lead_time, data)
    people = profiles(evidence, consensus, data, found, hasty)
    thanks = recognitions(evidence, consensus, reviewed, data, found, hasty)
    return {
        "people": [asdict(one) for one in people],
        "recognition": [asdict(one) for one in thanks],
        "most_improved": most_improved([one.annotator for one in thanks], [one.improvement for one in thanks]),
        "speed": asdict(speed_against_accuracy(people)),
        "leaderboard": [asdict(one) for one in leaderboard(people)] if settings.leaderboard == BY_QUALITY else None,
    }


def repeats(connection: Connection, project: int, only: Collection[int] | None = None) -> Repeats:
    """What people answered before they answered the same task again: of a task all but the annotation changed last.

    ``only`` some tasks (the store's keys) are looked at.
    """
    version = annotation_versions.c
    query = (
        select(annotations.c.task, version.annotator, version.id, codes.c.control, codes.c.answer)
        .join(annotations, annotations.c.current == version.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .join(answers, answers.c.version == version.id)
        .join(codes, codes.c.id == answers.c.code)
        .where(
            tasks.c.project == project,
            among(tasks.c.id, only),
            tasks.c.deleted_at.is_(None),
            annotations.c.deleted_at.is_(None),
            standing_of_version() == int(Standing.VALID),
            _more_than_once(),
        )
        .order_by(annotations.c.task, version.annotator, version.updated_at, version.id)
    )
    rows = connection.execute(query).all()
    latest = {(row.task, row.annotator): row.id for row in rows}
    found: dict[str, list[tuple[int, int, Answer]]] = {}
    for row in rows:
        if row.id != latest[row.task, row.annotator]:
            found.setdefault(row.control, []).append((row.task, row.annotator, from_canonical(row.answer)))
    return {control: tuple(given) for control, given in found.items()}


def _more_than_once() -> Any:
    """That the same person has another annotation on the same task."""
    other, of_other = annotations.alias("other"), annotation_versions.alias("of_other")
    return (
        select(other.c.id)
        .join(of_other, other.c.current == of_other.c.id)
        .where(
            other.c.task == annotations.c.task,
            other.c.id != annotations.c.id,
            other.c.deleted_at.is_(None),
            of_other.c.annotator == annotation_versions.c.annotator,
        )
        .exists()
    )


def _reviewed(connection: Connection, project: int) -> frozenset[int]:
    """The tasks (the store's keys) that are in review or were ruled."""
    query = select(reviews.c.task).where(reviews.c.project == project, reviews.c.state.in_((*WAITING, "ruled")))
    return frozenset(connection.execute(query).scalars())
