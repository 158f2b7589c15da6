"""What to label next and what to check: two orders of the same tasks, and the one that decides between them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..quality.informativeness import doubt, informativeness, next_answer
from .report import Report

Values = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Rankings:
    """Task -> a number in [0, 1], higher = first; ``activelab`` is null where answers are not one of several labels."""

    informativeness: Values
    doubt: Values
    activelab: Values | None


def rankings(report: Report) -> dict[str, Rankings]:
    """Control -> its rankings, each with the first task first; equal ones in the order of tasks."""
    found = {}
    for name, one in report.verdict.controls.items():
        try:
            joint = _ordered(next_answer(one.evidence))
        except ValueError:
            joint = None
        teaches, wrong = informativeness(one.evidence), doubt(one.evidence, one.consensus)
        found[name] = Rankings(_ordered(teaches), _ordered(wrong), joint)
    return found


def _ordered(values: Values) -> dict[int, float]:
    return dict(sorted(values.items(), key=lambda item: (-item[1], item[0])))
