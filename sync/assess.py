"""Answers in, judgement out: agreement, consensus and the queue of one project.

The same answers, rulings, model and policy give the same assessment, so nothing is written a second time.
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from label_config.answers import Answer
from label_config.model import Control, LabelConfig
from label_config.parse import parse
from label_config.results import canonical, from_canonical

from .agreement.asked import Asked, methods_of, refuse_unknown_labels
from .control_report import WINDOW, Bounds, control_report, estimate, windows
from .errors import SettingsError
from .evidence.stored import Fixed, fixed_of, late_answers, opinions_of
from .judging import A_DAY, How, Verdict, judge
from .quality import rules
from .quality.coded_answers import encode_columns
from .quality.distance import default_distance, distance
from .quality.distance.comparison import every_pair
from .quality.evidence import ControlEvidence
from .quality.priority import accepted_quality, policy_of
from .quality.records import Opinion, Priority
from .quality.rules import Rule
from .settings import Settings
from .store import acts, assessments, changes, packed, projects, review_rounds, training
from .store.annotations import ByOther, by_others
from .store.columns import AnswerRow, Columns, Excluded
from .store.engine import Store
from .store.reviews import AUDIT, audited


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an assessment is computed from.

    ``fixed`` maps control -> task -> (answer, source): rulings and ground truths. ``opinions`` maps control -> task ->
    what the model thinks out of sample. ``data`` maps tasks to what they show. Tasks are the store's keys. ``audited``
    are (control, the answer that was accepted, the ruling) of random audits, ``ids`` are Label Studio's of the tasks.
    """

    config: LabelConfig
    given: Columns
    excluded: Excluded
    fixed: Fixed
    opinions: Mapping[str, Mapping[int, Opinion]]
    data: Mapping[int, Mapping[str, Any]]
    progress: Mapping[str, int]
    audited: Sequence[tuple[str, str, str]] = ()
    ids: Mapping[int, int] = dataclasses.field(default_factory=dict)
    by_others: Sequence[ByOther] = ()
    late: Sequence[AnswerRow] = ()

    @property
    def answers(self) -> Columns:
        """The answers that count: those of annotations, and those that came in too late for a ruling."""
        return self.given.with_rows(self.late)

    def fingerprint(self, settings: Settings, today: float) -> str:
        """Equal for equal evidence and policy; where age counts, another one every day."""
        digest = hashlib.sha256(self.config.xml.encode())
        for part in (
            _policy(settings),
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
            _day(settings, today),
        ):
            digest.update(json.dumps(part, sort_keys=True).encode())
        for content in self.answers.content():
            digest.update(content)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The report of the newest assessment (see docs/report.md) and whether this run made it."""

    report: Mapping[str, Any]
    changed: bool


def assess(store: Store, project: int, settings: Settings, clock: Callable[[], int]) -> Assessment:
    """Judge the project as the store holds it; ``project`` is the store's key of a source project."""
    today = clock() / A_DAY
    with store.read() as connection:
        seen = changes.seen(connection)
        watermark = _watermark(seen, projects.label_config(connection, project), settings, today)
        known = assessments.latest(connection, project)
        if known is not None and known.watermark == watermark:
            return Assessment(known.report, changed=False)
        evidence = gather(connection, project, seen)
    fingerprint = evidence.fingerprint(settings, today)
    if known is not None and known.hash == fingerprint:
        with store.begin() as connection:
            packed.keep(connection, project, evidence.given, evidence.excluded, seen)
            assessments.still_holds(connection, project, fingerprint, watermark)
        return Assessment(known.report, changed=False)
    said, bounds = evidence_by_control(evidence, settings)
    manner = how(settings, evidence.config, evidence.config.controls, today)
    verdict = judge(evidence.config, said, evidence.data, dataclasses.replace(manner, called=evidence.ids))
    queue = tuple(verdict.queue)
    report = _report(evidence, verdict, queue, bounds)
    with store.begin() as connection:
        # The training feed goes by this time: it never falls back, whatever the clock does.
        now = max(clock(), training.newest(connection, project) + 1)
        assessments.withdraw_others(connection, project, list(verdict.controls), now)
        for name, one in verdict.controls.items():
            assessments.write_consensus(connection, project, one.consensus, _sources(evidence, name), now)
        assessments.write_queue(connection, project, queue)
        review_rounds.mark_needless(connection, project, verdict.queue.found_tasks(), _unconfirmed(verdict), now)
        packed.keep(connection, project, evidence.given, evidence.excluded, seen)
        assessments.insert_assessment(connection, project, fingerprint, report, now, watermark)
        acts.assessed(connection, project, _policy(settings), fingerprint, report, now)
    return Assessment(report, changed=True)


def _watermark(seen: Mapping[str, int], xml: str, settings: Settings, today: float) -> str:
    """Equal only where nothing was written that an assessment is made from, and all else that counts is the same."""
    parts = [sorted(seen.items()), xml, _policy(settings), _day(settings, today)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _day(settings: Settings, today: float) -> int:
    """The day, where the policy lets age count."""
    return int(today) if policy_of(settings.policy).age_boost else 0


def _policy(settings: Settings) -> dict[str, Any]:
    """What the settings say of judging."""
    judging = {"consensus_method", "pools", "bootstrap", "confidence", "seed", "distances", "policy", "rules"}
    return settings.model_dump(mode="json", include=judging)


def gather(connection: Connection, project: int, seen: Mapping[str, int] | None = None) -> Evidence:
    """Read the evidence on one project: store key -> everything that judges it. ``seen`` are the changes until now."""
    config = parse(projects.label_config(connection, project))
    known = changes.seen(connection) if seen is None else seen
    answers, excluded = packed.answer_columns(connection, project, known)
    return Evidence(
        config,
        answers,
        excluded,
        fixed_of(connection, project, config),
        opinions_of(connection, project, config),
        assessments.task_data(connection, project),
        assessments.progress(connection, project),
        audited(connection, project),
        assessments.label_studio_ids(connection, project),
        by_others(connection, project),
        late_answers(connection, project, config, answers),
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


def how(settings: Settings, config: LabelConfig, controls: Sequence[Control], today: float | None) -> How:
    """How the settings want these controls of a project judged; raises SettingsError for rules that do not fit it."""
    asked = Asked(
        distances={control.name: name for control in controls if (name := settings.distances.get(control.name))},
        coefficients=("percent_agreement", "krippendorff_alpha"),
        bootstrap=settings.bootstrap,
        seed=settings.seed,
        confidence=settings.confidence,
    )
    policy = policy_of(settings.policy)
    refuse_unknown_labels(policy.importance, config.controls, "policy: importance: ")
    return How(
        settings.consensus_method,
        methods_of(asked, controls),
        policy,
        _rules(settings, config),
        today,
    )


def _accepted(evidence: Evidence, verdict: Verdict, queue: Sequence[Priority]) -> dict[str, Any]:
    """The share of right ones among the answers that nobody was sent to look at, from the random audits.

    An answer is right where the ruling is the same, or as near as two answers that do not conflict.
    """
    looked_at = {(entry.task, entry.control) for entry in queue if entry.action != AUDIT}
    unaudited = sum(fact.accepted and key not in looked_at for key, fact in verdict.queue.facts.items())
    right = 0
    for control, accepted, ruled in evidence.audited:
        asked = evidence.config.control(control)
        both = every_pair(asked, (from_canonical(accepted), from_canonical(ruled)))
        right += float(distance(asked, default_distance(asked))(both)[1]) <= verdict.queue.policy.thresholds.apart
    return estimate(accepted_quality(right, len(evidence.audited), unaudited))


def _rules(settings: Settings, config: LabelConfig) -> tuple[Rule, ...]:
    try:
        return rules.parse(settings.rules, config)
    except rules.RuleError as error:
        raise SettingsError(f"rules: {error}") from error


def _unconfirmed(verdict: Verdict) -> set[int]:
    """The tasks with an answer that neither a ruling nor a ground truth confirms."""
    return {task for (task, _), fact in verdict.queue.facts.items() if fact.accepted}


def _sources(evidence: Evidence, control: str) -> dict[int, str]:
    return {task: source for task, (_, source) in evidence.fixed[control].items()}


def _report(
    evidence: Evidence, verdict: Verdict, queue: Sequence[Priority], bounds: Mapping[str, Bounds]
) -> dict[str, Any]:
    bands = Counter(entry.band for entry in queue)
    reasons = Counter(finding.kind for entry in queue for finding in entry.findings)
    return {
        "controls": {
            name: control_report(one.measured, one.consensus, bounds[name]) for name, one in verdict.controls.items()
        },
        "excluded": dataclasses.asdict(evidence.excluded),
        "by_others": [dataclasses.asdict(one) for one in evidence.by_others],
        "progress": dict(evidence.progress),
        "accepted": _accepted(evidence, verdict, queue),
        "queue": {
            "total": len(queue),
            "bands": {str(band): bands[band] for band in (1, 2, 3)},
            "reasons": dict(sorted(reasons.items())),
        },
    }
