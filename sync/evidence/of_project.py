"""What a project is judged on, as the store holds it: all of it, or of some tasks alone."""

import dataclasses
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection

from label_config.answers import Answer
from label_config.model import Control, LabelConfig
from label_config.parse import parse
from label_config.results import canonical

from ..control_report import WINDOW, Bounds, windows
from ..quality.coded_answers import encode_columns
from ..quality.evidence import ControlEvidence
from ..quality.records import IntArray, Opinion
from ..settings import Settings
from ..store import assessments, changes, packed, projects
from ..store.annotations import ByOther, by_others
from ..store.columns import AnswerRow, Columns, Excluded
from ..store.packed import Block
from ..store.rulings import audited
from .stored import Fixed, fixed_of, late_answers, opinions_of

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an assessment is computed from.

    ``fixed`` maps control -> task -> (answer, source): rulings and ground truths. ``opinions`` maps control -> task ->
    what the model thinks out of sample. ``data`` maps tasks to what they show. Tasks are the store's keys. ``audited``
    are (control, the answer that was accepted, the ruling) of random audits, ``ids`` are Label Studio's of the tasks.
    ``block`` is what ``given`` was read from.
    """

    config: LabelConfig
    given: Columns
    excluded: Excluded
    fixed: Fixed
    opinions: Mapping[str, Mapping[int, Opinion]]
    data: Mapping[int, Mapping[str, Any]]
    progress: Mapping[str, int]
    audited: Sequence[tuple[str, str, str]]
    ids: Mapping[int, int]
    by_others: Sequence[ByOther]
    late: Sequence[AnswerRow]
    block: Block

    @property
    def answers(self) -> Columns:
        """The answers that count: those of annotations, and those that came in too late for a ruling."""
        return self.given.with_rows(self.late)

    def of(self, tasks: Collection[int]) -> "Evidence":
        """What of it is about some tasks."""
        return dataclasses.replace(
            self,
            given=self.given.only(np.isin(self.given.task, np.array(sorted(tasks), dtype=np.int64))),
            fixed={control: _of(tasks, known) for control, known in self.fixed.items()},
            opinions={control: _of(tasks, known) for control, known in self.opinions.items()},
            data=_of(tasks, self.data),
            late=[row for row in self.late if row.task in tasks],
        )

    def fingerprint(self, basis: str) -> str:
        """Equal for equal evidence on an equal ``basis``."""
        digest = hashlib.sha256(basis.encode())
        for part in (
            dataclasses.asdict(self.excluded),
            [dataclasses.asdict(one) for one in self.by_others],
            {
                control: sorted((task, canonical(answer), source) for task, (answer, source) in tasks.items())
                for control, tasks in self.fixed.items()
            },
            {
                control: sorted(
                    (task, canonical(opinion.answer), dict(opinion.probabilities), opinion.confidence)
                    for task, opinion in tasks.items()
                )
                for control, tasks in self.opinions.items()
            },
            sorted(self.data.items()),
            self.progress,
            [list(one) for one in self.audited],
        ):
            digest.update(json.dumps(part, sort_keys=True).encode())
        for content in self.answers.content():
            digest.update(content)
        return digest.hexdigest()


def _of(tasks: Collection[int], known: Mapping[int, Value]) -> dict[int, Value]:
    return {task: value for task, value in known.items() if task in tasks}


def gather(connection: Connection, project: int, seen: Mapping[str, int] | None = None) -> Evidence:
    """Read the evidence on one project: store key -> everything that judges it. ``seen`` are the changes until now."""
    known = changes.seen(connection) if seen is None else seen
    return _gathered(connection, project, packed.block(connection, project, known), None)


def gather_of(connection: Connection, project: int, block: Block, tasks: IntArray) -> Evidence:
    """Read the evidence on some tasks of a project (the store's keys), of whose answers ``block`` holds the newest.

    What was left out and how far the project is are told of the whole project, audits and who wrote for others not.
    """
    return _gathered(connection, project, block, tasks)


def _gathered(connection: Connection, project: int, block: Block, tasks: IntArray | None) -> Evidence:
    config = parse(projects.label_config(connection, project))
    only = None if tasks is None else frozenset(tasks.tolist())
    answers = block.columns(None if tasks is None else np.isin(block.rows["task"], tasks))
    late = late_answers(connection, project, config, answers)
    return Evidence(
        config,
        answers,
        block.excluded,
        fixed_of(connection, project, config, only),
        opinions_of(connection, project, config, only),
        assessments.task_data(connection, project, only),
        block.progress,
        audited(connection, project) if only is None else (),
        assessments.label_studio_ids(connection, project, only),
        by_others(connection, project) if only is None else (),
        late if only is None else [row for row in late if row.task in only],
        block,
    )


def evidence_by_control(evidence: Evidence, settings: Settings) -> tuple[dict[str, ControlEvidence], dict[str, Bounds]]:
    """The evidence on each control, cut into windows of time, and the bounds of these."""
    found, bounds = {}, {}
    for control in evidence.config.controls:
        said = evidence.answers.of(control.name)
        window, bounds[control.name] = windows(said.task, said.updated_at)
        found[control.name] = _evidence(control, said, window, evidence, settings)
    return found, bounds


def _evidence(
    control: Control, said: Columns, window: Mapping[int, str], evidence: Evidence, settings: Settings
) -> ControlEvidence:
    fixed: dict[int, Answer] = {task: answer for task, (answer, _) in evidence.fixed[control.name].items()}
    return ControlEvidence(
        control,
        encode_columns(control, said.task, said.annotator, said.said, [answer for _, answer in said.answers], fixed),
        truths=fixed,
        cuts={WINDOW: window},
        opinions=evidence.opinions.get(control.name, {}),
        trust=settings.trust(),
        given_at=said.updated_at,
        lead_time=said.lead_time,
    )
