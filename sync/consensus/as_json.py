"""The consensus for programs: one JSON document, its keys and nesting documented in docs/consensus.md."""

import sys
from typing import Any

from ..agreement.as_json import dumped, excluded
from ..evidence.plain_answers import write_plain
from ..quality.records import AnnotatorQuality, ControlConsensus, TaskConsensus
from .report import Report

Json = dict[str, Any]


def as_json(report: Report) -> Json:
    """The whole report."""
    return {
        "controls": {name: _control(report, one) for name, one in report.found.items()},
        "excluded": excluded(report.gathered.left_out),
    }


def _control(report: Report, one: ControlConsensus) -> Json:
    return {
        "method": one.method,
        "reason": one.reason,
        "tasks": [_task(report, one.control, task) for task in one.tasks],
        "annotators": [_annotator(person) for person in one.annotators],
    }


def _task(report: Report, control: str, one: TaskConsensus) -> Json:
    return {
        "task": one.task,
        "answer": plain(report, control, one),
        "confidence": one.confidence,
        "posterior": None if one.posterior is None else dict(one.posterior),
        "annotations": one.annotations,
        "tie": one.tie,
    }


def plain(report: Report, control: str, one: TaskConsensus) -> object:
    """The answer as programs read it; a region's ``score`` is the probability that it is there."""
    asked = report.gathered.evidence[control].control
    size = report.gathered.sizes.get(one.task)
    answer = write_plain(asked, one.answer, size=size, region_id=f"consensus-{one.task}")
    if one.support and isinstance(answer, list) and len(answer) == len(one.support):
        return [{**region, "score": support} for region, support in zip(answer, one.support, strict=True)]
    return answer


def _annotator(one: AnnotatorQuality) -> Json:
    return {
        "annotator": one.annotator,
        "quality": one.quality,
        "low": one.low,
        "high": one.high,
        "annotations": one.annotations,
    }


def print_json(report: Report) -> None:
    """The document and nothing else; long lists stand one entry a line."""
    sys.stdout.write(dumped(as_json(report)) + "\n")
