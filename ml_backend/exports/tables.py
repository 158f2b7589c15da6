"""What ``tiebreak-ml score`` and ``evaluate`` print for people and for spreadsheets."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from .evaluation import Measured


def as_rows(lines: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Scores as a table with a head: place, task, control, answer, confidence, and each signal.

    >>> line = {"place": 0, "task": 7, "control": "c", "answer": ["a"], "confidence": 0.9, "signals": {"margin": 0.2}}
    >>> as_rows([line])
    [['place', 'task', 'control', 'answer', 'confidence', 'margin'], [0, 7, 'c', 'a', 0.9, 0.2]]
    """
    signals = list(dict.fromkeys(name for line in lines for name in line["signals"]))
    head = ["place", "task", "control", "answer", "confidence", *signals]
    return [
        head,
        *(
            [
                line["place"],
                line["task"],
                line["control"],
                answer_in_words(line["answer"]),
                _or_nothing(line["confidence"]),
                *(_or_nothing(line["signals"].get(name)) for name in signals),
            ]
            for line in lines
        ),
    ]


def csv_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """The same as CSV; what a spreadsheet would take for a formula is quoted with an apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_harmless(cell) for cell in row] for row in as_rows(lines))
    return text.getvalue()


def answer_in_words(answer: Any) -> str:
    """One label as it is, anything else as JSON, nothing where the model abstains.

    >>> answer_in_words(["good"]), answer_in_words(["a", "b"]), answer_in_words(None)
    ('good', '["a", "b"]', '')
    """
    if answer is None:
        return ""
    if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], str):
        return answer[0]
    return json.dumps(answer, ensure_ascii=False)


def figure(found: Measured | None) -> str:
    """A figure with its interval.

    >>> figure(Measured(0.5, 0.25, 0.75)), figure(None)
    ('0.500 (0.250 to 0.750)', '-')
    """
    return "-" if found is None else f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _or_nothing(value: float | None) -> float | str:
    return "" if value is None else value


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
