"""What is left, until when, how long things take, what a label costs: figures, and how they are said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ..progress_report.in_words import duration
from ..quality.records import Estimate
from .figures import Figure, estimated
from .getting_on import Numbers
from .wording import counted, marked_day

LEFT_OUT = {
    "cancelled": "skipped",
    "ground_truth": "ground truth",
    "duplicates": "repeated",
    "anonymous": "without an author",
    "rejected": "unreadable",
    "empty": "empty",
}


@dataclass(frozen=True, slots=True)
class Worded:
    """A figure, how its value is said (empty: as a number), its interval, and a line below."""

    figure: Figure
    said: str = ""
    bounds: str = ""
    below: str = ""


def worded(numbers: Numbers) -> Sequence[Worded]:
    """The tiles of a summary."""
    left_out = _left_out(numbers["left_out"])
    return [
        _pace(numbers["pace"], left_out),
        _left(numbers["progress"], left_out),
        _forecast(numbers["forecast"]),
        _time("task_time", numbers["lead_times"]["tasks"], "task"),
        _time("review_time", numbers["lead_times"]["reviews"], "review"),
        _cost(numbers["cost"]),
    ]


def _left_out(counts: Numbers) -> str:
    """What is no answer, and why; empty where everything is one.

    >>> _left_out({"cancelled": 3, "ground_truth": 0, "duplicates": 1, "anonymous": 0, "rejected": 0, "empty": 0})
    '3 skipped, 1 repeated'
    """
    return ", ".join(f"{counts[key]:,} {word}" for key, word in LEFT_OUT.items() if counts[key])


def _pace(spans: Numbers, left_out: str) -> Worded:
    week, month = spans["7"], spans["28"]
    figure = Figure(
        "pace", week["answers"], n=len(week["people"]), of="annotator", left_out=left_out, tasks="#table-throughput"
    )
    tasks = counted(week["completed"], "task")
    return Worded(figure, below=f"{tasks} completed; in 28 days {counted(month['answers'], 'answer')}")


def _left(counts: Numbers, left_out: str) -> Worded:
    wanted, left = counts["answers_wanted"], counts["answers_left"]
    figure = Figure("answers_left", left, n=wanted, of="wanted answer", left_out=left_out, tasks="#table-burn-down")
    return Worded(figure, below=f"{counted(counts['tasks_left'], 'task')} of {counts['tasks']:,} not complete")


def _forecast(one: Numbers) -> Worded:
    days = one["days"]
    if not one["remaining"]:
        return Worded(Figure("forecast", None, "day", reason="nothing is left to be answered"))
    if one["day"] is None:
        return Worded(Figure("forecast", None, "day", n=days, of="working day", reason=one["reason"]))
    latest = "a day years away" if one["high"] is None else marked_day(one["high"])
    below = Markup("{} to {} in 4 of 5 cases, from {}").format(
        marked_day(one["low"]), latest, counted(days, "working day")
    )
    return Worded(Figure("forecast", one["day"], "day", n=days, of="working day"), below=below)


def _time(define: str, one: Numbers, noun: str) -> Worded:
    median = one["median"]
    waiting = f"{counted(one['waiting'], noun)} that {'waits' if one['waiting'] == 1 else 'wait'}"
    figure = estimated(define, Estimate(**median), "number", left_out=waiting if one["waiting"] else "")
    if median["value"] is None:
        return Worded(figure)
    bounds = "" if median["low"] is None else f"[{duration(median['low'])}, {duration(median['high'])}]"
    below = f"nine of ten within {duration(one['ninetieth'])}; {counted(median['n'], noun)}"
    return Worded(figure, duration(median["value"]), bounds, below)


def _cost(one: Numbers) -> Worded:
    if one["per_label"] is None:
        return Worded(Figure("label_cost", None, reason=one["reason"]))
    unknown: dict[str, Any] = {}
    if one["unknown"]:
        unknown = {"left_out": f"times of {counted(one['unknown'], 'answer')} that are not known, taken as the mean"}
    figure = Figure("label_cost", one["per_label"], n=one["labels"], of="label", **unknown)
    money = "" if one["money"] is None else f"{one['money']:,.2f} in money; "
    work = f"{counted(one['answers'], 'answer')} and {counted(one['reviews'], 'ruling')}"
    return Worded(figure, f"{one['per_label']:.2f} min", below=f"{money}{counted(one['labels'], 'label')} from {work}")
