"""From the evidence on the controls of one project to its judgement: agreement, consensus, people, findings, queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from label_config.model import LabelConfig

from .quality.agreement import measure
from .quality.conflicts import NearIdentical, near_identical
from .quality.consensus import infer, methods
from .quality.evidence import ControlEvidence, Method
from .quality.findings import Case, findings
from .quality.measured import Measured
from .quality.priority import Fact, Policy, Queue, facts_of, rank
from .quality.priority.facts import Key
from .quality.records import ControlConsensus, Finding

A_DAY = 86_400e6
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class How:
    """How a project is judged: the consensus method's name, how agreement is computed by control, and the policy.

    ``today`` is in days since 1970: what ages are counted to; null: to the last answer.
    """

    consensus: str = "auto"
    agreement: Mapping[str, Method] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    today: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What was found on one control."""

    evidence: ControlEvidence
    measured: Measured
    consensus: ControlConsensus
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What was found on a project: its controls, and one queue over all of them."""

    controls: Mapping[str, Judgement]
    queue: Queue
    neighbours: tuple[NearIdentical, ...]


def judge(
    config: LabelConfig,
    evidence: Mapping[str, ControlEvidence],
    data: Mapping[int, Mapping[str, Any]],
    how: How,
) -> Verdict:
    """Judge every control on its evidence; ``data`` maps tasks to what they show."""
    neighbours = near_identical(data, shown_fields(config))
    controls = {name: _judge(one, data, neighbours, how) for name, one in evidence.items()}
    ages = _ages(list(evidence.values()), how.today)
    facts: dict[Key, Fact] = {}
    for one in controls.values():
        facts |= facts_of(one.evidence, one.consensus, ages, [group.tasks for group in neighbours])
    found = [finding for one in controls.values() for finding in one.findings]
    return Verdict(controls, rank(found, how.policy, facts), neighbours)


def shown_fields(config: LabelConfig) -> list[str]:
    """The fields of the tasks' data that the interface shows."""
    return list(dict.fromkeys(one.field for one in config.objects if one.field))


def _judge(
    evidence: ControlEvidence,
    data: Mapping[int, Mapping[str, Any]],
    neighbours: tuple[NearIdentical, ...],
    how: How,
) -> Judgement:
    control = evidence.control
    method = how.agreement[control.name]
    measured = measure(evidence, method, np.random.default_rng(method.seed))
    consensus = infer(evidence, how.consensus if how.consensus in methods(control) else "auto")
    agreed = {task.task: task.agreement for task in measured.per_task if task.agreement is not None}
    case = Case(evidence, consensus, agreed, how.policy.thresholds, data, neighbours=neighbours)
    return Judgement(evidence, measured, consensus, findings(case))


def _ages(evidence: Sequence[ControlEvidence], today: float | None) -> dict[int, float]:
    """Days since the last answer, by task; a task whose times are unknown has none."""
    last: dict[int, int] = {}
    for one in evidence:
        if one.given_at is not None:
            newest = np.zeros(len(one.coded.tasks), dtype=np.int64)
            np.maximum.at(newest, one.coded.task, one.given_at)
            for task, at in zip(one.coded.tasks, newest.tolist(), strict=True):
                last[task] = max(last.get(task, 0), at)
    now = max(last.values(), default=0) / A_DAY if today is None else today
    return {task: max(0.0, now - at / A_DAY) for task, at in last.items() if at}
