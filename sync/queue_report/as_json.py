"""The queue for programs: one JSON document, its keys and nesting documented in docs/queue.md."""

import sys
from typing import Any

from ..agreement.as_json import dumped, excluded
from ..evidence.plain_answers import write_plain
from ..quality.corrections import CorrectionGroup
from ..quality.records import Finding, Priority
from .report import Report

Json = dict[str, Any]


def as_json(report: Report) -> Json:
    """The whole report."""
    return {
        "queue": [_entry(report, place, entry) for place, entry in enumerate(report.verdict.queue, 1)],
        "corrections": [_group(one) for one in report.verdict.corrections],
        "excluded": excluded(report.gathered.left_out),
    }


def _group(one: CorrectionGroup) -> Json:
    """Corrections that can be judged as one."""
    return {
        "group": one.id,
        "control": one.control,
        "kind": one.kind,
        "before": one.before,
        "after": one.after,
        "level": one.level,
        "tasks": [finding.task for finding in one.findings],
    }


def _entry(report: Report, place: int, entry: Priority) -> Json:
    return {
        "place": place,
        "task": entry.task,
        "control": entry.control,
        "priority": entry.priority,
        "band": entry.band,
        "action": entry.action,
        "parts": dict(entry.parts),
        "findings": [_finding(report, one) for one in entry.findings],
    }


def _finding(report: Report, one: Finding) -> Json:
    control = report.gathered.evidence[one.control].control
    size = report.gathered.sizes.get(one.task)
    proposed = one.correction
    return {
        "kind": one.kind,
        "severity": one.severity,
        "reason": one.reason,
        "numbers": dict(one.numbers),
        "annotator": one.annotator,
        "related": list(one.related),
        "region": one.region,
        "correction": None
        if proposed is None
        else write_plain(control, proposed, size=size, region_id=f"correction-{one.task}"),
    }


def print_json(report: Report) -> None:
    """The document and nothing else; long lists stand one entry a line."""
    sys.stdout.write(dumped(as_json(report)) + "\n")
