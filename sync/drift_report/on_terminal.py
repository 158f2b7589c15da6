"""The tests for people on a terminal: what changed, and what was looked at in vain."""

from ..agreement.wording import left_out
from ..dashboard.wording import counted, moment
from ..quality.drift import NAMES, Drift, significant
from ..terminal_report import listed, sentence, table, title
from .report import Report

ROWS = 30
"""Rows of a list; --json has them all."""


def show(report: Report) -> None:
    """Print the report."""
    found = significant(report.drifts)
    tested = [one for one in report.drifts if one.p is not None]
    title("drift", f"{counted(len(found), 'change')} in {counted(len(tested), 'test')}, corrected for all of them")
    order = sorted(found, key=lambda one: (one.p_adjusted or 0.0, one.at))
    table("", ("what", "where", "since", "p", "effect", "in words"), [_row(one) for one in order], ROWS, {3})
    untested: dict[str, None] = dict.fromkeys(
        f"{', '.join(text for text in (one.name, one.control, one.what) if text)}: {one.words}"
        for one in report.drifts
        if one.p is None
    )
    listed("not tested", list(untested), ROWS)
    title("all controls", left_out(report.gathered.left_out))
    for note in (*report.notes, *report.hints):
        sentence(note)


def _row(one: Drift) -> tuple[str, ...]:
    where = ", ".join(text for text in (one.control, one.what) if text)
    effect = "" if one.effect is None else f"{one.effect:.2f} ({one.effect_name})"
    who = f" Annotators: {', '.join(map(str, one.annotators))}." if one.annotators else ""
    p = "" if one.p_adjusted is None else "< 0.001" if one.p_adjusted < 0.001 else f"{one.p_adjusted:.3f}"
    return one.name, where, moment(one.at), p, effect, f"{one.words or NAMES[one.name]}{who}"
