"""The consensus as one tidy table: a row a task and control, then one an annotator; documented in docs/consensus.md."""

import csv
import json
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from ..quality.records import ControlConsensus
from .as_json import plain
from .report import Report

COLUMNS = (
    "control",
    "section",
    "name",
    "answer",
    "value",
    "low",
    "high",
    "annotations",
    "tie",
    "method",
)
"""``name`` is a task's or an annotator's id, or an item's text; ``value`` the confidence, the quality or the score."""

Row = dict[str, Any]


def print_csv(report: Report) -> None:
    """The table and nothing else."""
    write_csv(report, sys.stdout)


def write_csv(report: Report, file: TextIO) -> None:
    """Write the table, its head first."""
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for name, one in report.found.items():
        writer.writerows(_rows(report, name, one))


def _rows(report: Report, name: str, one: ControlConsensus) -> Iterator[Row]:
    for task in one.tasks:
        low, high = task.interval or ("", "")
        yield {
            "control": name,
            "section": "task",
            "name": task.task,
            "answer": cell(plain(report, name, task)),
            "value": task.confidence,
            "low": low,
            "high": high,
            "annotations": task.annotations,
            "tie": str(task.tie).lower(),
            "method": one.method,
        }
    for item in report.scores.get(name, ()):
        low, high = ("", "") if item.low is None or item.high is None else (item.low, item.high)
        yield {
            "control": name,
            "section": "item",
            "name": item.item,
            "value": item.score,
            "low": low,
            "high": high,
            "method": "bradley-terry",
        }
    for person in one.annotators:
        yield {
            "control": name,
            "section": "annotator",
            "name": person.annotator,
            "value": person.quality,
            "low": person.low,
            "high": person.high,
            "annotations": person.annotations,
            "method": one.method,
        }


def cell(answer: object) -> object:
    """A text or a number as it is; everything else as JSON.

    >>> cell("yes"), cell(3), cell(["a", "b"])
    ('yes', 3, '["a", "b"]')
    """
    return answer if isinstance(answer, str | int | float) else json.dumps(answer, ensure_ascii=False)
