"""The queue for programs: one JSON document, its keys and nesting documented in docs/queue.md."""

import sys
from typing import Any

from label_config.answers import Answer

from ..agreement.as_json import dumped, excluded
from ..evidence.plain_answers import write_plain
from ..quality.corrections import CorrectionGroup
from ..quality.records import Finding, Priority
from .rankings import rankings
from .report import Report

Json = dict[str, Any]


def as_json(report: Report, *, with_rankings: bool = False) -> Json:
    """The whole report; the rankings only where they are asked for: they name every task."""
    more = {"rankings": _rankings(report)} if with_rankings else {}
    return {
        "queue": [_entry(report, place, entry) for place, entry in enumerate(report.verdict.queue, 1)],
        "corrections": [group_as_json(one) for one in report.verdict.corrections],
        **more,
        "excluded": excluded(report.gathered.left_out),
    }


def _rankings(report: Report) -> Json:
    return {
        control: {
            name: None if values is None else [{"task": task, "value": value} for task, value in values.items()]
            for name, values in (
                ("informativeness", one.informativeness),
                ("doubt", one.doubt),
                ("activelab", one.activelab),
            )
        }
        for control, one in rankings(report).items()
    }


def group_as_json(one: CorrectionGroup) -> Json:
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
    return {
        "kind": one.kind,
        "severity": one.severity,
        "reason": one.reason,
        "numbers": dict(one.numbers),
        "annotator": one.annotator,
        "related": list(one.related),
        "region": one.region,
        "correction": None if one.correction is None else _answer(report, one, one.correction),
        "refused": one.refused and {"answer": _answer(report, one, one.refused.answer), "reason": one.refused.reason},
    }


def _answer(report: Report, one: Finding, answer: Answer) -> object:
    control = report.gathered.evidence[one.control].control
    size = report.gathered.sizes.get(one.task)
    return write_plain(control, answer, size=size, region_id=f"correction-{one.task}")


def print_json(report: Report, *, with_rankings: bool) -> None:
    """The document and nothing else; long lists stand one entry a line."""
    sys.stdout.write(dumped(as_json(report, with_rankings=with_rankings)) + "\n")
