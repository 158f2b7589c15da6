"""The profiles for programs: one JSON document, its keys and nesting documented in docs/annotators.md."""

import sys
from dataclasses import asdict
from typing import Any

from ..agreement.as_json import dumped, excluded
from .report import Report


def as_json(report: Report) -> dict[str, Any]:
    """The whole report; null with a reason stands for what is undefined."""
    return {
        "controls": {name: [asdict(one) for one in people] for name, people in report.profiles.items()},
        "excluded": excluded(report.gathered.left_out),
    }


def print_json(report: Report) -> None:
    """The document and nothing else; long lists stand one entry a line."""
    sys.stdout.write(dumped(as_json(report)) + "\n")
