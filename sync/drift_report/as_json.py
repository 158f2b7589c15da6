"""The tests for programs: one JSON document, its keys and nesting documented in docs/drift.md."""

import sys
from dataclasses import asdict
from typing import Any

from ..agreement.as_json import dumped, excluded
from .report import Report


def as_json(report: Report) -> dict[str, Any]:
    """The whole report."""
    return {"drifts": [asdict(one) for one in report.drifts], "excluded": excluded(report.gathered.left_out)}


def print_json(report: Report) -> None:
    """The document and nothing else; long lists stand one entry a line."""
    sys.stdout.write(dumped(as_json(report)) + "\n")
