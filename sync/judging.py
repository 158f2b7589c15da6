"""From the evidence on the controls of one project to its judgement: agreement, consensus, people, findings, queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from label_config.model import LabelConfig

from .quality.agreement import measure
from .quality.annotators import AnnotatorProfile, profiles
from .quality.conflicts import NearIdentical, near_identical
from .quality.consensus import infer, methods
from .quality.corrections import CorrectionGroup, correction_groups, verified
from .quality.evidence import ControlEvidence, Method
from .quality.findings import Case, findings
from .quality.measured import Measured
from .quality.priority import Decided, Fact, Key, Policy, Queue, facts_of, rank
from .quality.records import ControlConsensus, Finding
from .quality.rules import Rule
from .quality.submissions import Submission, concluded, submissions

A_DAY = 86_400e6
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class How:
    """How a project is judged: the consensus method's name, how agreement is computed by control, and the policy.

    ``rules`` are the user's. ``today`` is in days since 1970: what ages are counted to; null: to the last answer.
    ``called`` maps tasks to the numbers that people know them by, where those are others. ``chosen`` are the methods of
    controls for which one was chosen before, on more answers. ``decided`` is what leads decided about entries.
    """

    consensus: str = "auto"
    agreement: Mapping[str, Method] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    rules: tuple[Rule, ...] = ()
    today: float | None = None
    called: Mapping[int, int] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    decided: Mapping[Key, Decided] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What was found on one control."""

    evidence: ControlEvidence
    measured: Measured
    consensus: ControlConsensus
    profiles: tuple[AnnotatorProfile, ...]
    findings: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What was found on a project: its controls, one queue over all of them, and the corrections that are proposed."""

    controls: Mapping[str, Judgement]
    queue: Queue
    neighbours: Sequence[NearIdentical]
    corrections: Sequence[CorrectionGroup]


def judge(
    config: LabelConfig, evidence: Mapping[str, ControlEvidence], data: Mapping[int, Mapping[str, Any]], how: How
) -> Verdict:
    """Judge every control on its evidence; ``data`` maps tasks to what they show."""
    fields = shown_fields(config)
    neighbours = near_identical(data, fields)
    shown = {task: {name: one[name] for name in fields if name in one} for task, one in data.items()}
    said = {name: concluded_on(one, shown, how) for name, one in evidence.items()}
    written = _written(evidence, said) if how.rules else ()
    controls = {}
    for name, one in said.items():
        agreed = {task.task: task.agreement for task in one.measured.per_task if task.agreement is not None}
        case = Case(
            one.evidence,
            one.consensus,
            agreed,
            how.policy.thresholds,
            data,
            neighbours=neighbours,
            rules=how.rules,
            submissions=written,
            profiles=one.profiles,
            called=how.called,
        )
        controls[name] = replace(one, findings=verified(findings(case), case))
    return _ranked(controls, neighbours, how)


def _written(evidence: Mapping[str, ControlEvidence], said: Mapping[str, Judgement]) -> tuple[Submission, ...]:
    """What rules are about: everybody's answers, and what was concluded."""
    return (*submissions(evidence.values()), *concluded(one.consensus for one in said.values()))


def concluded_on(evidence: ControlEvidence, shown: Mapping[int, Mapping[str, Any]], how: How) -> Judgement:
    """Agreement, consensus and people on one control, without findings; ``shown`` maps tasks to what people read."""
    control = evidence.control
    method = how.agreement[control.name]
    measured = measure(evidence, method, np.random.default_rng(method.seed))
    name = how.chosen.get(control.name, how.consensus)
    consensus = infer(evidence, name if name in methods(control) else "auto")
    return Judgement(evidence, measured, consensus, profiles(evidence, consensus, shown))


def _ranked(controls: Mapping[str, Judgement], neighbours: tuple[NearIdentical, ...], how: How) -> Verdict:
    ages = _ages([one.evidence for one in controls.values()], how.today)
    facts: dict[Key, Fact] = {}
    for one in controls.values():
        facts |= facts_of(one.evidence, one.consensus, ages, [group.tasks for group in neighbours])
    found = [finding for one in controls.values() for finding in one.findings]
    present = {(task.task, name): task.answer for name, one in controls.items() for task in one.consensus.tasks}
    return Verdict(controls, rank(found, how.policy, facts, how.decided), neighbours, correction_groups(found, present))


def shown_fields(config: LabelConfig) -> list[str]:
    """The fields of the tasks' data that the interface shows."""
    return list(dict.fromkeys(one.field for one in config.objects if one.field))


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
