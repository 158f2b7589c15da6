"""Answers in, judgement out: agreement, consensus and the queue of one project.

The same answers, rulings, model and policy give the same assessment, so nothing is written a second time.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from label_config.answers import Choices
from label_config.model import Control, LabelConfig
from label_config.parse import parse
from label_config.results import canonical

from .agreement.asked import Asked, methods_of
from .control_report import WINDOW, control_report, windows
from .quality.agreement import measure
from .quality.coded_answers import encode
from .quality.consensus import infer
from .quality.evidence import ControlEvidence, Method
from .quality.findings import Case, findings
from .quality.priority import Policy, rank
from .quality.records import ControlConsensus, Opinion, Priority
from .settings import Settings
from .store import assessments, projects, training
from .store.annotations import AnswerRow, Excluded, answers_of, ground_truths_of
from .store.engine import Store
from .store.reviews import rulings_of


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an assessment is computed from.

    ``fixed`` maps decidable control -> task -> (answer, source): rulings and ground truths. ``opinions`` maps
    control -> task -> what the model thinks out of sample.
    """

    config: LabelConfig
    answers: Sequence[AnswerRow]
    excluded: Excluded
    fixed: Mapping[str, Mapping[int, tuple[Choices, str]]]
    opinions: Mapping[str, Mapping[int, Opinion]]
    progress: Mapping[str, int]

    def fingerprint(self, settings: Settings) -> str:
        """Equal for equal evidence and policy."""
        digest = hashlib.sha256(self.config.xml.encode())
        policy = settings.model_dump(
            mode="json",
            include={
                "consensus_method",
                "bootstrap",
                "confidence",
                "seed",
                "distances",
                "p1_from",
                "p2_from",
                "review_from",
            },
        )
        for part in (
            policy,
            sorted(
                [row.task, row.annotator, row.control, canonical(row.answer), row.updated_at] for row in self.answers
            ),
            dataclasses.asdict(self.excluded),
            {
                control: sorted((task, answer.labels, source) for task, (answer, source) in tasks.items())
                for control, tasks in self.fixed.items()
            },
            {
                control: sorted(
                    (task, canonical(opinion.answer), dict(opinion.probabilities), opinion.confidence)
                    for task, opinion in tasks.items()
                )
                for control, tasks in self.opinions.items()
            },
            self.progress,
        ):
            digest.update(json.dumps(part, sort_keys=True).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The report of the newest assessment (see docs/report.md) and whether this run made it."""

    report: Mapping[str, Any]
    changed: bool


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What was found on one control; without a consensus nothing of it goes to review."""

    consensus: ControlConsensus | None
    queue: Sequence[Priority]
    report: Mapping[str, Any]


def assess(store: Store, project: int, settings: Settings, clock: Callable[[], int]) -> Assessment:
    """Judge the project as the store holds it; ``project`` is the store's key of a source project."""
    with store.begin() as connection:
        evidence = gather(connection, project)
        fingerprint = evidence.fingerprint(settings)
        known = assessments.latest(connection, project)
    if known is not None and known.hash == fingerprint:
        return Assessment(known.report, changed=False)
    judgements = {control.name: _judge(control, evidence, settings) for control in evidence.config.controls}
    report = _report(evidence, judgements)
    with store.begin() as connection:
        # The training feed goes by this time: it never falls back, whatever the clock does.
        now = max(clock(), training.newest(connection, project) + 1)
        decided = {name: one.consensus for name, one in judgements.items() if one.consensus is not None}
        assessments.withdraw_others(connection, project, list(decided), now)
        for name, consensus in decided.items():
            assessments.write_consensus(connection, project, consensus, _sources(evidence.fixed.get(name, {})), now)
        assessments.write_queue(connection, project, _one_queue(judgements))
        assessments.insert_assessment(connection, project, fingerprint, report, now)
    return Assessment(report, changed=True)


def gather(connection: Connection, project: int) -> Evidence:
    """Read the evidence on one project: store key -> everything that judges it."""
    config = parse(projects.label_config(connection, project))
    answers, excluded = answers_of(connection, project)
    fixed: dict[str, dict[int, tuple[Choices, str]]] = {control.name: {} for control in config.decidable}
    labels = {control.name: frozenset(control.labels) for control in config.decidable}
    # A ruling of ours comes last: it stands also as a ground truth in Label Studio, and its source is the ruling.
    # One for a label that the interface has no more does not count: what is right there now, nobody has said.
    for source, rows in (
        ("ground_truth", ground_truths_of(connection, project)),
        ("ruling", rulings_of(connection, project)),
    ):
        for row in rows:
            if row.control not in fixed or not isinstance(row.answer, Choices):
                continue
            if labels[row.control].issuperset(row.answer.labels):
                fixed[row.control][row.task] = (row.answer, source)
    opinions: dict[str, dict[int, Opinion]] = {control.name: {} for control in config.decidable}
    for score in assessments.opinions(connection, project):
        if score.control in opinions:
            opinions[score.control][score.task] = Opinion(Choices(score.labels), score.probabilities, score.confidence)
    return Evidence(config, answers, excluded, fixed, opinions, assessments.progress(connection, project))


def _judge(control: Control, evidence: Evidence, settings: Settings) -> _Judgement:
    rows = [row for row in evidence.answers if row.control == control.name]
    fixed = {task: answer for task, (answer, _) in evidence.fixed.get(control.name, {}).items()}
    coded = encode(control, [(row.task, row.annotator, row.answer) for row in rows], fixed)
    window, bounds = windows(rows)
    said = ControlEvidence(control, coded, cuts={WINDOW: window}, opinions=evidence.opinions.get(control.name, {}))
    measured = measure(said, _method(control, settings), np.random.default_rng(settings.seed))
    if not control.decidable:
        return _Judgement(None, (), control_report(measured, None, bounds))
    consensus = infer(said, settings.consensus_method)
    policy = policy_of(settings)
    agreed = {task.task: task.agreement for task in measured.per_task if task.agreement is not None}
    found = findings(Case(said, consensus, agreed))
    queue = [entry for entry in rank(found, policy) if entry.priority >= settings.review_from]
    return _Judgement(consensus, queue, control_report(measured, consensus, bounds))


def _method(control: Control, settings: Settings) -> Method:
    asked = Asked(
        distances={name: distance for name, distance in settings.distances.items() if name == control.name},
        coefficients=("percent_agreement", "krippendorff_alpha"),
        bootstrap=settings.bootstrap,
        seed=settings.seed,
        confidence=settings.confidence,
    )
    return methods_of(asked, [control])[control.name]


def policy_of(settings: Settings) -> Policy:
    """The part of the settings that ranks findings."""
    return Policy(p1_from=settings.p1_from, p2_from=settings.p2_from)


def _one_queue(judgements: Mapping[str, _Judgement]) -> list[Priority]:
    entries = [entry for judgement in judgements.values() for entry in judgement.queue]
    return sorted(entries, key=lambda entry: (-entry.priority, entry.task, entry.control))


def _sources(fixed: Mapping[int, tuple[Choices, str]]) -> dict[int, str]:
    return {task: source for task, (_, source) in fixed.items()}


def _report(evidence: Evidence, judgements: Mapping[str, _Judgement]) -> dict[str, Any]:
    queue = _one_queue(judgements)
    bands = {str(band): sum(entry.band == band for entry in queue) for band in (1, 2, 3)}
    reasons: dict[str, int] = {}
    for entry in queue:
        for finding in entry.findings:
            reasons[finding.kind] = reasons.get(finding.kind, 0) + 1
    return {
        "controls": {name: judgement.report for name, judgement in judgements.items()},
        "excluded": dataclasses.asdict(evidence.excluded),
        "progress": dict(evidence.progress),
        "queue": {"total": len(queue), "bands": bands, "reasons": dict(sorted(reasons.items()))},
    }
