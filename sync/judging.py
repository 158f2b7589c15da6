"""From the evidence on the controls of one project to its judgement: agreement, consensus, people, findings, queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .quality.agreement import measure
from .quality.consensus import infer
from .quality.evidence import ControlEvidence, Method
from .quality.findings import Case, findings
from .quality.measured import Measured
from .quality.priority import Policy, rank
from .quality.records import ControlConsensus, Finding, Priority


@dataclass(frozen=True, slots=True)
class How:
    """How a project is judged: the consensus method's name, how agreement is computed by control, and the policy."""

    consensus: str = "auto"
    agreement: Mapping[str, Method] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)


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
    queue: Sequence[Priority]


def judge(evidence: Mapping[str, ControlEvidence], data: Mapping[int, Mapping[str, Any]], how: How) -> Verdict:
    """Judge every control on its evidence; ``data`` maps tasks to what they show."""
    controls = {name: _judge(one, data, how) for name, one in evidence.items()}
    found = [finding for one in controls.values() for finding in one.findings]
    return Verdict(controls, rank(found, how.policy))


def _judge(evidence: ControlEvidence, data: Mapping[int, Mapping[str, Any]], how: How) -> Judgement:
    method = how.agreement[evidence.control.name]
    measured = measure(evidence, method, np.random.default_rng(method.seed))
    consensus = infer(evidence, how.consensus)
    agreed = {task.task: task.agreement for task in measured.per_task if task.agreement is not None}
    case = Case(evidence, consensus, agreed, data=data)
    return Judgement(evidence, measured, consensus, findings(case))
