"""What the store knows beside the annotations: rulings, ground truths, and what the model thinks."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from label_config.answers import Answer, Choices
from label_config.misfit import misfit
from label_config.model import LabelConfig

from ..quality.priority import Decided, Key
from ..quality.records import Opinion
from ..store import assessments, corrections, label_history, queue_decisions, votes
from ..store.annotations import ground_truths_of
from ..store.columns import AnswerRow, Columns
from ..store.rulings import rulings_of
from .predictions import Opinions

if TYPE_CHECKING:
    from sqlalchemy import Connection

Fixed = Mapping[str, Mapping[int, tuple[Answer, str]]]
"""Control -> task (the store's key) -> the answer that is known for certain, and its source."""


def fixed_of(connection: "Connection", project: int, config: LabelConfig, only: Collection[int] | None = None) -> Fixed:
    """What rulings and ground truths say, of ``only`` some tasks; ``source`` is "ruling" or "ground_truth".

    A correction that a lead applied is a ruling, and so are labels of a version that were put back. A ruling of ours
    stands also as a ground truth in Label Studio, and its source is the ruling. One for a label that the interface has
    no more does not count: what is right there now, nobody has said.
    """
    found: dict[str, dict[int, tuple[Answer, str]]] = {control.name: {} for control in config.controls}
    offered = {one.name: None if one.dynamic else frozenset(one.labels) for one in config.controls}
    for source, rows in (
        ("ground_truth", ground_truths_of(connection, project, only)),
        ("ruling", corrections.applied(connection, project)),
        ("ruling", rulings_of(connection, project)),
        ("ruling", label_history.restored(connection, project)),
    ):
        for row in rows:
            if only is not None and row.task not in only:
                continue
            if row.control in found and _is_offered(row.answer, offered[row.control]):
                found[row.control][row.task] = (row.answer, source)
    return found


def _is_offered(answer: Answer, labels: frozenset[str] | None) -> bool:
    return not isinstance(answer, Choices) or labels is None or labels.issuperset(answer.labels)


def late_answers(
    connection: "Connection", project: int, config: LabelConfig, answers: Columns, only: Collection[int] | None = None
) -> list[AnswerRow]:
    """Answers to reviews that were withdrawn before, on ``only`` some tasks; those that the interface cannot say any
    more are left out. ``answers`` are those to these tasks that annotators gave.
    """
    offered = {one.name: one for one in config.controls}
    return [
        row
        for row in votes.late(connection, project, answers, only)
        if row.control in offered and misfit(offered[row.control], row.answer) is None
    ]


def opinions_of(
    connection: "Connection", project: int, config: LabelConfig, only: Collection[int] | None = None
) -> Mapping[str, Mapping[int, Opinion]]:
    """Control -> task (the store's key), of ``only`` some -> what the live model thinks that was not trained on it."""
    found: dict[str, dict[int, Opinion]] = {control.name: {} for control in config.controls if control.teachable}
    decidable = {control.name for control in config.decidable}
    for score in assessments.opinions(connection, project, only):
        if score.control in found:
            # Only of labels, probabilities are what a consensus can take them for.
            shares = score.probabilities if score.control in decidable else {}
            found[score.control][score.task] = Opinion(score.answer, shares, score.confidence, score.version)
    return found


def known_of(
    connection: "Connection", project: int, config: LabelConfig, only: Collection[int] | None = None
) -> tuple[Mapping[str, Mapping[int, Answer]], Opinions]:
    """What is known for certain, and what the model thinks, of ``only`` some tasks, by Label Studio's ids of them."""
    ids = assessments.label_studio_ids(connection, project, only)
    fixed = {
        control: {ids[task]: answer for task, (answer, _) in tasks.items() if task in ids}
        for control, tasks in fixed_of(connection, project, config, only).items()
    }
    opinions: dict[str, dict[str, dict[int, Opinion]]] = {}
    for control, tasks in opinions_of(connection, project, config, only).items():
        for task, opinion in tasks.items():
            if task in ids:
                opinions.setdefault(control, {}).setdefault(opinion.version, {})[ids[task]] = opinion
    return fixed, opinions


def decided_of(connection: "Connection", project: int) -> Mapping[Key, Decided]:
    """What leads decided about entries of the queue, by Label Studio's ids of the tasks."""
    ids = assessments.label_studio_ids(connection, project)
    known = queue_decisions.decided(connection, project)
    return {(ids[task], control): one for (task, control), one in known.items() if task in ids}
