"""The consensus for people on a terminal: how sure it is, what is least sure, whom to trust."""

import functools
import math
from collections.abc import Collection, Mapping, Sequence

from label_config.answers import Choices, Moment, Number, Taxonomy
from label_config.model import Control
from label_config.words import in_words

from ..agreement.wording import left_out
from ..dashboard.wording import counted, moment, percent
from ..quality.consensus.bradley_terry import ItemScore
from ..quality.consensus.taxonomy import SEPARATOR
from ..quality.records import AnnotatorQuality, ControlConsensus, TaskConsensus
from ..terminal_report import sentence, table, title
from .report import Report

A_YEAR = 365.25 * 86_400
ROWS, LONGEST = 10, 60
"""Rows of a list; --json and --csv have them all."""


def show(report: Report) -> None:
    """Print the report."""
    for name, one in report.found.items():
        _control(report, name, one)
    title("all controls", left_out(report.gathered.left_out))
    for note in report.notes:
        sentence(note)


def _control(report: Report, name: str, one: ControlConsensus) -> None:
    control = report.gathered.evidence[name].control
    answered = [task for task in one.tasks if task.annotations]
    known = report.gathered.evidence[name].coded.fixed
    title(
        f"{name} ({control.tag})",
        f"{counted(len(one.tasks), 'task')}, {counted(len(one.annotators), 'annotator')}, "
        f"{counted(len(known), 'ruling or ground truth', 'rulings and ground truths')}",
    )
    sentence(f"Method: {one.method}, {one.reason}.")
    if not one.tasks:
        return
    ties = sum(task.tie for task in one.tasks)
    sure = sum(task.confidence >= 0.9 for task in one.tasks) / len(one.tasks)
    mean = sum(task.confidence for task in one.tasks) / len(one.tasks)
    sentence(
        f"Mean confidence {percent(mean)}; {percent(sure)} of the answers are at least 90 % certain; "
        f"{counted(ties, 'tie')}."
    )
    _least_certain(control, answered)
    _strongest(report.scores.get(name, ()))
    _least_reliable(one.annotators)


def _least_certain(control: Control, tasks: Sequence[TaskConsensus]) -> None:
    rows = [
        (
            str(task.task),
            _answer(task),
            percent(task.confidence),
            _beside(control, task),
            str(task.annotations),
        )
        for task in sorted(tasks, key=lambda task: (task.confidence, task.task))
        if task.confidence < 1
    ]
    table(
        "least certain answers",
        ("task", "answer", "confidence", "interval or what is in doubt", "answers"),
        rows,
        ROWS,
        {0, 2, 4},
    )


def _answer(task: TaskConsensus) -> str:
    if isinstance(task.answer, Number) and task.interval is not None:
        return _rounded(task.answer.value, task.interval)
    return in_words(task.answer)


def _rounded(value: float, interval: tuple[float, float]) -> str:
    """A number with the digits that its interval leaves a meaning, and one more.

    >>> _rounded(10.67695287, (6.60509, 14.7488)), _rounded(2.0, (1.9, 2.1)), _rounded(1234567.8, (1e6, 2e6))
    ('10.7', '2', '1,234,568')
    """
    width = interval[1] - interval[0]
    digits = max(0, 1 - math.floor(math.log10(width))) if width > 0 else 9
    return f"{round(value, digits):,.10g}"


def _beside(control: Control, task: TaskConsensus) -> str:
    """A number's interval, or the answer that is the next probable one; of several labels the least certain one."""
    if task.interval is not None:
        write = _moment if isinstance(task.answer, Moment) else functools.partial(_rounded, interval=task.interval)
        return " to ".join(dict.fromkeys(write(end) for end in task.interval))
    if task.tie:
        return "a tie"
    if control.multiple and isinstance(task.answer, Choices):
        return _least_certain_label(set(task.answer.labels), task.posterior or {})
    if isinstance(task.answer, Taxonomy):
        nodes = {SEPARATOR.join(path[:depth]) for path in task.answer.paths for depth in range(1, len(path) + 1)}
        return _least_certain_label(nodes, task.posterior or {})
    given = ", ".join(task.answer.labels) if isinstance(task.answer, Choices) else in_words(task.answer)
    others = {label: p for label, p in (task.posterior or {}).items() if label != given}
    best = max(others, key=lambda label: others[label], default=None)
    return "" if best is None else f"{best or 'nothing'} ({percent(others[best])})"


def _least_certain_label(chosen: Collection[str], posterior: Mapping[str, float]) -> str:
    sure = {label: p if label in chosen else 1 - p for label, p in posterior.items()}
    least = min(sure, key=lambda label: sure[label], default="")
    return f"{least} ({percent(posterior[least])})" if least else ""


def _moment(seconds: float) -> str:
    """A moment since 1970; one that no calendar has a date for in years from then."""
    try:
        return moment(round(1e6 * seconds))
    except OverflowError:
        return f"{seconds / A_YEAR:+,.0f} years from 1970"


def _strongest(items: Sequence[ItemScore]) -> None:
    """Items that a Pairwise control compares, by their score of Bradley and Terry."""
    rows = [
        (
            one.item if len(one.item) <= LONGEST else one.item[: LONGEST - 1] + "…",
            f"{one.score:.2f}",
            "" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}",
            f"{one.comparisons:g}",
        )
        for one in items
    ]
    table("items by how often they are preferred", ("item", "score", "interval", "comparisons"), rows, ROWS, {1, 3})


def _least_reliable(people: Sequence[AnnotatorQuality]) -> None:
    rows = [
        (
            str(person.annotator),
            f"{person.annotations:,}",
            percent(person.quality),
            f"{percent(person.low)} to {percent(person.high)}",
        )
        for person in sorted(people, key=lambda person: (person.quality, person.annotator))
    ]
    table("least reliable annotators", ("annotator", "answers", "quality", "interval"), rows, ROWS, {0, 1, 2})
