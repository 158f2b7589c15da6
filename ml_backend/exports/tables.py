"""What ``tiebreak-ml score`` and ``evaluate`` print for people and for spreadsheets."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from .evaluation import Evaluation
from .figures import Measured


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


def lines_of(found: Evaluation) -> list[str]:
    """The figures of one control in words, a line each; none without an answer.

    >>> from .numbers import number_figures
    >>> numbers = number_figures([(10.0, 12.5), (40.0, 40.0)], 3.0)
    >>> lines_of(Evaluation(2, 0, Measured(1.0, 0.342, 1.0), None, None, {}, numbers))[0]
    'accuracy 1.000 (0.342 to 1.000): no more than 3.00 off'
    """
    if found.accuracy is None:
        return []
    accuracy, numbers = f"accuracy {figure(found.accuracy)}", found.numbers
    last = [f"calibration error {figure(found.ece)}", f"Brier score {figure(found.brier)}"]
    if numbers is None:
        return [accuracy, *last]
    beside = f"{in_unit(numbers.error_of_the_mean)} if the mean is said of all"
    errors = [f"mean absolute error {in_unit(numbers.mean_error)}; {beside}"]
    if numbers.tolerance is None:
        return [accuracy, *errors, *last]
    off = f"no more than {_short(numbers.tolerance, numbers.tolerance)} off"
    return [f"{accuracy}: {off}", *errors, f"median absolute error {in_unit(numbers.median_error)}", *last]


def in_unit(found: Measured | None) -> str:
    """A figure that is no share, to three digits of itself, with its interval.

    >>> in_unit(Measured(12345.6, 12000.0, 13000.0)), in_unit(Measured(0.01234, 0.0, 0.025)), in_unit(None)
    ('12346 (12000 to 13000)', '0.0123 (0.0000 to 0.0250)', '-')
    """
    if found is None:
        return "-"
    value, low, high = (_short(one, found.value) for one in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})"


def _short(value: float, beside: float) -> str:
    """With as many decimal places as show three digits of what it stands ``beside``."""
    places = 2 - math.floor(math.log10(abs(beside))) if beside else 2
    return f"{value:.{max(0, places)}f}"


def _or_nothing(value: float | None) -> float | str:
    return "" if value is None else value


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
