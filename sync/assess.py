"""Answers in, judgement out: agreement, consensus and the queue of one project.

The same answers, rulings, model and policy give the same assessment, so nothing is written a second time.
"""

import dataclasses
import hashlib
import itertools
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

from .quality.agreement import control_agreement, control_trend
from .quality.coded_answers import encode
from .quality.consensus import infer
from .quality.priority import Opinion, Policy, findings, rank
from .quality.records import CodedAnswers, ControlAgreement, ControlConsensus, Estimate, IntArray, Priority
from .settings import Settings
from .store import assessments, projects, training
from .store.annotations import AnswerRow, Excluded, answers_of, ground_truths_of
from .store.engine import Store
from .store.reviews import rulings_of

DAY = 86_400_000_000
WINDOWS = 12


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
            include={"consensus_method", "bootstrap", "confidence", "seed", "p1_from", "p2_from", "review_from"},
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
                control: sorted((task, list(dataclasses.astuple(opinion))) for task, opinion in tasks.items())
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
    agreement: ControlAgreement
    consensus: ControlConsensus
    coded: CodedAnswers
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
    judgements = {control.name: _judge(control, evidence, settings) for control in evidence.config.decidable}
    report = _report(evidence, judgements)
    with store.begin() as connection:
        # The training feed goes by this time: it never falls back, whatever the clock does.
        now = max(clock(), training.newest(connection, project) + 1)
        assessments.withdraw_others(connection, project, list(judgements), now)
        for name, judgement in judgements.items():
            assessments.write_consensus(
                connection, project, judgement.consensus, _sources(evidence.fixed.get(name, {})), now
            )
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
            opinions[score.control][score.task] = Opinion(score.labels, score.probabilities, score.confidence)
    return Evidence(config, answers, excluded, fixed, opinions, assessments.progress(connection, project))


def _judge(control: Control, evidence: Evidence, settings: Settings) -> _Judgement:
    rows = [row for row in evidence.answers if row.control == control.name]
    fixed = {task: answer for task, (answer, _) in evidence.fixed.get(control.name, {}).items()}
    coded = encode(control, [(row.task, row.annotator, row.answer) for row in rows], fixed)
    rng = np.random.default_rng(settings.seed)
    agreement = control_agreement(
        control.name, coded, rng=rng, bootstrap=settings.bootstrap, confidence=settings.confidence
    )
    consensus = infer(control.name, coded, settings.consensus_method)
    policy = policy_of(settings)
    found = findings(consensus, agreement, coded, evidence.opinions.get(control.name, {}), policy)
    queue = [entry for entry in rank(found, policy) if entry.priority >= settings.review_from]
    trend = _trend(rows, coded, settings, rng)
    return _Judgement(agreement, consensus, coded, queue, _control_report(control, agreement, consensus, trend))


def policy_of(settings: Settings) -> Policy:
    """The part of the settings that ranks findings."""
    return Policy(p1_from=settings.p1_from, p2_from=settings.p2_from)


def _one_queue(judgements: Mapping[str, _Judgement]) -> list[Priority]:
    entries = [entry for judgement in judgements.values() for entry in judgement.queue]
    return sorted(entries, key=lambda entry: (-entry.priority, entry.task, entry.control))


def _sources(fixed: Mapping[int, tuple[Choices, str]]) -> dict[int, str]:
    return {task: source for task, (_, source) in fixed.items()}


def _windows(rows: Sequence[AnswerRow], coded: CodedAnswers) -> tuple[np.ndarray[Any, Any], list[tuple[int, int]]]:
    """The window of each task, by the time of its last answer: days, or equal shares of a shorter time."""
    last = np.zeros(len(coded.tasks), dtype=np.int64)
    position = {task: place for place, task in enumerate(coded.tasks)}
    for row in rows:
        place = position[row.task]
        last[place] = max(last[place], row.updated_at)
    answered = last[last > 0]
    if not len(answered):
        return np.full(len(last), -1), []
    first, end = int(answered.min()), int(answered.max())
    if end - first >= 3 * DAY:
        days = max(1, -(-(end - first) // DAY // 60))
        edges: IntArray = np.arange(first // DAY * DAY, end + days * DAY, days * DAY)
    else:
        count = max(1, min(WINDOWS, len(answered) // 10))
        edges = np.unique(np.quantile(answered, np.linspace(0, 1, count + 1)).astype(np.int64))
        edges[-1] = end + 1
    window = np.where(last > 0, np.searchsorted(edges, last, side="right") - 1, -1)
    bounds = [(int(low), int(high)) for low, high in itertools.pairwise(edges)]
    return np.minimum(window, len(bounds) - 1), bounds or [(first, end + 1)]


def _trend(
    rows: Sequence[AnswerRow], coded: CodedAnswers, settings: Settings, rng: np.random.Generator
) -> list[dict[str, Any]]:
    window, bounds = _windows(rows, coded)
    found = control_trend(
        coded, window, rng=rng, bootstrap=min(settings.bootstrap, 300), confidence=settings.confidence
    )
    return [
        {
            "from": bounds[place][0],
            "to": bounds[place][1],
            "tasks": percent.n,
            "percent_agreement": estimate(percent),
            "krippendorff_alpha": estimate(alpha),
        }
        for place, percent, alpha in found
    ]


def estimate(value: Estimate) -> dict[str, Any]:
    """An estimate as it stands in reports."""
    return dataclasses.asdict(value)


def _control_report(
    control: Control, agreement: ControlAgreement, consensus: ControlConsensus, trend: list[dict[str, Any]]
) -> dict[str, Any]:
    answered = [task for task in consensus.tasks if task.annotations]
    return {
        "type": control.tag,
        "tasks": agreement.tasks,
        "annotators": agreement.annotators,
        "annotations": agreement.annotations,
        "single": agreement.single,
        "percent_agreement": estimate(agreement.percent_agreement),
        "krippendorff_alpha": estimate(agreement.krippendorff_alpha),
        "pairs": [
            {
                "annotators": list(pair.annotators),
                "tasks": pair.tasks,
                "percent_agreement": estimate(pair.percent_agreement),
                "cohen_kappa": estimate(pair.cohen_kappa),
            }
            for pair in agreement.pairs
        ],
        "trend": trend,
        "consensus": {
            "method": consensus.method,
            "reason": consensus.reason,
            "tasks": len(answered),
            "ties": sum(task.tie for task in answered),
            "mean_confidence": float(np.mean([task.confidence for task in answered])) if answered else None,
        },
        "reliability": [
            {
                "annotator": one.annotator,
                "quality": one.quality,
                "annotations": one.annotations,
                "agreement": _with_others(one.annotator, agreement),
            }
            for one in consensus.annotators
        ],
    }


def _with_others(annotator: int, agreement: ControlAgreement) -> float | None:
    """Mean agreement with the others over common tasks; null without any."""
    pairs = [pair for pair in agreement.pairs if annotator in pair.annotators]
    known = [(pair.percent_agreement.value, pair.tasks) for pair in pairs if pair.percent_agreement.value is not None]
    total = sum(tasks for _, tasks in known)
    return sum(value * tasks for value, tasks in known) / total if total else None


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
