"""The first sentence about a project: whether people agree, since when, on what they do not, and what waits."""

from collections.abc import Iterator, Sequence

from ..progress_report.in_words import date, duration
from ..quality.records import Estimate
from .getting_on import Numbers, trend_of
from .report import ControlReport, Report
from .wording import counted, headline

HOUR = 3.6e9
"""Microseconds."""


def judgement(report: Report, numbers: Numbers | None, confidence: float, now: int) -> str:
    """One sentence. Without a summary it says what the report knows.

    >>> alpha = {"value": 0.71, "low": 0.66, "high": 0.75, "n": 90, "reason": None}
    >>> gone = {"direction": "falling", "since": 20_000 * 86_400_000_000}
    >>> pair = {"labels": ["Neutral", "Negative"], "tasks": 14, "of": 90}
    >>> control = {"krippendorff_alpha": alpha, "trend": {"krippendorff_alpha": gone}, "most_confused": pair}
    >>> waiting = [{"band": 1, "number": 14, "oldest": 0}, {"band": 2, "number": 0, "oldest": None}]
    >>> numbers = {"controls": {"mood": control}, "waiting": {"reviews": waiting}}
    >>> list(_clauses("mood", numbers, 3 * 86_400_000_000))
    ['“Neutral” is confused with “Negative” on 14 of 90 tasks', '14 urgent reviews wait, the oldest 3 days']
    >>> _changed("mood", numbers)
    ', falling since 4 Oct 2024'
    """
    said = headline(report, confidence).removesuffix(".")
    weakest = report.weakest
    if numbers is None or weakest is None:
        return f"{said}."
    changed = _changed(weakest.name, numbers) if _is_known(weakest) else ""
    return f"{'; '.join([said + changed, *_clauses(weakest.name, numbers, now)])}."


def _is_known(control: ControlReport) -> bool:
    known: Sequence[Estimate] = (control.alpha, control.percent)
    return any(one.value is not None for one in known)


def _changed(control: str, numbers: Numbers) -> str:
    """Since when the agreement is another one; empty where no change could be shown."""
    known = numbers["controls"].get(control)
    trend = None if known is None else trend_of(known)
    if trend is None or trend["direction"] in (None, "steady"):
        return ""
    return f", {trend['direction']} since {date(trend['since'])}"


def _clauses(control: str, numbers: Numbers, now: int) -> Iterator[str]:
    known = numbers["controls"].get(control)
    pair = known["most_confused"] if known else None
    if pair:
        first, second = pair["labels"]
        yield f"“{first}” is confused with “{second}” on {pair['tasks']:,} of {counted(pair['of'], 'task')}"
    bands = [one for one in numbers["waiting"]["reviews"] if one["number"]]
    urgent = [one for one in bands if one["band"] == 1]
    for word, some in (("urgent review", urgent), ("review", bands)):
        if some:
            number, oldest = sum(one["number"] for one in some), min(one["oldest"] for one in some)
            waits = "waits" if number == 1 else "wait"
            yield f"{counted(number, word)} {waits}, the oldest {duration((now - oldest) / HOUR)}"
            return
