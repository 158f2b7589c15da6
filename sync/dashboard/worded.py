"""What is left, until when, how long things take, what a label costs: figures, and how they are said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from ..progress_report.in_words import took
from ..quality.records import Estimate
from .behind import behind
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


def worded(numbers: Numbers, task_page: str) -> Sequence[Worded]:
    """The tiles of a summary; the page of tasks lists those behind them."""
    left_out = _left_out(numbers["left_out"])
    return [
        _pace(numbers["pace"], left_out),
        _left(numbers["progress"], left_out, task_page),
        _forecast(numbers["forecast"]),
        _time("task_time", numbers["lead_times"]["tasks"], "task", task_page),
        _time("review_time", numbers["lead_times"]["reviews"], "review", task_page),
        _cost(numbers["cost"], left_out, task_page),
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


def _left(counts: Numbers, left_out: str, task_page: str) -> Worded:
    wanted, left = counts["answers_wanted"], counts["answers_left"]
    tasks = behind(task_page, "answers_left")
    figure = Figure("answers_left", left, n=wanted, of="wanted answer", left_out=left_out, tasks=tasks)
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
    figure = Figure("forecast", one["day"], "day", n=days, of="working day", tasks="#table-burn-down")
    return Worded(figure, below=below)


def _time(define: str, one: Numbers, noun: str, task_page: str) -> Worded:
    median = one["median"]
    waiting = f"{counted(one['waiting'], noun)} that {'waits' if one['waiting'] == 1 else 'wait'}"
    left_out = waiting if one["waiting"] else ""
    tasks = behind(task_page, define)
    figure = replace(estimated(define, Estimate(**median), "number", left_out=left_out, tasks=tasks), of=noun)
    if median["value"] is None:
        return Worded(figure)
    bounds = "" if median["low"] is None else f"[{took(median['low'])}, {took(median['high'])}]"
    below = f"nine of ten within {took(one['ninetieth'])}; {counted(median['n'], noun)}"
    return Worded(figure, took(median["value"]), bounds, below)


def _cost(one: Numbers, left_out: str, task_page: str) -> Worded:
    if one["per_label"] is None:
        return Worded(Figure("label_cost", None, reason=one["reason"]))
    if one["unknown"]:
        unknown = f"times of {counted(one['unknown'], 'answer')} that are not known, taken as the mean"
        left_out = f"{left_out}, {unknown}" if left_out else unknown
    tasks = behind(task_page, "label_cost")
    figure = Figure("label_cost", one["per_label"], n=one["labels"], of="label", left_out=left_out, tasks=tasks)
    money = "" if one["money"] is None else f"{one['money']:,.2f} in money; "
    work = f"{counted(one['answers'], 'answer')} and {counted(one['reviews'], 'ruling')}"
    return Worded(figure, f"{one['per_label']:.2f} min", below=f"{money}{counted(one['labels'], 'label')} from {work}")
