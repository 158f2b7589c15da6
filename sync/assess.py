"""Answers in, judgement out: agreement, consensus and the queue of one project.

The same answers, rulings, model and policy give the same assessment, so nothing is written a second time. Of a large
project only what changed is judged anew, for some hours (see ``assess_partly``).
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from label_config.results import from_canonical

from .assess_begun import Assessment, Begun, begin
from .assess_partly import Limits, judge_part, part_of, sources, unconfirmed
from .collecting import old_ones_left
from .control_report import Bounds, control_report, estimate
from .evidence.of_project import Evidence, evidence_by_control, gather
from .judging import A_DAY, Verdict, judge
from .judging_settings import how, said_of_judging
from .quality.distance import default_distance, distance
from .quality.distance.comparison import every_pair
from .quality.priority import accepted_quality
from .quality.records import Priority
from .queue_found_by import found_by
from .settings import Settings
from .store import acts, assessments, changes, conclusions, judged, packed, queue_decisions, review_rounds, training
from .store.engine import Store
from .store.judged import Judged, grouped
from .store.reviews import AUDIT

__all__ = ["Assessment", "assess"]


def assess(
    store: Store, project: int, settings: Settings, clock: Callable[[], int], limits: Limits | None = None
) -> Assessment:
    """Judge the project as the store holds it; ``project`` is the store's key of a source project.

    ``limits`` say when only what changed is judged anew. Where another assessment ends meanwhile, this one begins
    again.
    """
    chosen = Limits() if limits is None else limits
    with old_ones_left():
        while (found := _assessed(store, project, settings, clock, chosen)) is None:
            pass
    return found


def _assessed(
    store: Store, project: int, settings: Settings, clock: Callable[[], int], limits: Limits
) -> Assessment | None:
    """Null where another assessment ended meanwhile."""
    now = clock()
    with store.read() as connection:
        start = begin(connection, project, settings, now / A_DAY)
        if start.newest is not None and start.holds and not (start.judged.anew and start.judged.is_old(settings, now)):
            return Assessment(start.newest.report, changed=False)
        part = part_of(connection, project, start, settings, limits, now)
        evidence = gather(connection, project, start.seen) if part is None else None
    if part is not None:
        return judge_part(store, project, settings, clock, start, part)
    assert evidence is not None
    return _whole(store, project, settings, clock, start, evidence)


def _whole(
    store: Store, project: int, settings: Settings, clock: Callable[[], int], start: Begun, evidence: Evidence
) -> Assessment | None:
    """Everything, unless that was done already."""
    fingerprint = queue_decisions.fingerprint(evidence.fingerprint(start.basis), start.decided)
    today = clock() / A_DAY
    if start.newest is not None and start.newest.hash == fingerprint:
        with store.begin() as connection:
            if not judged.is_next(connection, project, start.judged):
                return None
            packed.keep(connection, project, evidence.block, start.seen)
            changes.forget(connection, project, start.touched)
            assessments.still_holds(connection, project, fingerprint, start.watermark)
        return Assessment(start.newest.report, changed=False)
    said, bounds = evidence_by_control(evidence, settings)
    manner = how(settings, evidence.config, evidence.config.controls, today)
    verdict = judge(
        evidence.config, said, evidence.data, dataclasses.replace(manner, called=evidence.ids, decided=start.decided)
    )
    queue = tuple(verdict.queue)
    report = _report(evidence, verdict, queue, bounds)
    groups = grouped([group.tasks for group in verdict.neighbours])
    with store.begin() as connection:
        if not judged.is_next(connection, project, start.judged):
            return None
        # The training feed goes by this time: it never falls back, whatever the clock does.
        now = max(clock(), training.newest(connection, project) + 1)
        conclusions.withdraw_others(connection, project, list(verdict.controls), now)
        for name, one in verdict.controls.items():
            conclusions.write(connection, project, one.consensus, sources(evidence, name), now)
        assessments.write_queue(connection, project, queue, found_by(verdict, queue))
        accepted = {task for task, _ in unconfirmed(verdict)}
        review_rounds.mark_needless(connection, project, verdict.queue.found_tasks(), accepted, now)
        packed.keep(connection, project, evidence.block, start.seen)
        changes.forget(connection, project, start.touched)
        judged.keep(connection, project, Judged(basis=start.basis, whole_at=clock(), groups=groups))
        assessments.insert_assessment(connection, project, fingerprint, report, now, start.watermark)
        acts.assessed(connection, project, said_of_judging(settings), fingerprint, report, now)
    return Assessment(report, changed=True)


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
        "partial": None,
    }
