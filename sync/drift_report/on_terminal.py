"""The tests for people on a terminal: what changed, and what was looked at in vain."""

from collections.abc import Iterator, Sequence

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
    table(
        "what was tested",
        ("name", "tests", "changes", "least p", "a change means that"),
        _tested(tested),
        ROWS,
        {1, 2, 3},
    )
    order = sorted(found, key=lambda one: (one.p_adjusted or 0.0, one.at))
    heads = ("what", "where", "since", "p", "effect", "in words")
    table("what changed, the surest first", heads, [_row(one) for one in order], ROWS, {3})
    untested: dict[str, None] = dict.fromkeys(
        f"{', '.join(text for text in (one.name, one.control, one.what) if text)}: {one.words}"
        for one in report.drifts
        if one.p is None
    )
    listed("not tested", list(untested), ROWS)
    title("all controls", left_out(report.gathered.left_out))
    for note in (*report.notes, *report.hints):
        sentence(note)


def _tested(tested: Sequence[Drift]) -> Iterator[tuple[str, ...]]:
    """What was looked for, found or not; answers that are compared with a model stand where the verdict puts them."""
    for name, meaning in NAMES.items():
        some = [one for one in tested if one.name == name]
        if some:
            least = min(some, key=lambda one: one.p_adjusted or 0.0)
            yield name, f"{len(some):,}", f"{len(significant(some)):,}", _p(least), meaning


def _p(one: Drift) -> str:
    if one.p_adjusted is None:
        return ""
    return "< 0.001" if one.p_adjusted < 0.001 else f"{one.p_adjusted:.3f}"


def _row(one: Drift) -> tuple[str, ...]:
    where = ", ".join(text for text in (one.control, one.what) if text)
    effect = "" if one.effect is None else f"{one.effect:.2g} ({one.effect_name})"
    who = f" Annotators: {', '.join(map(str, one.annotators))}." if one.annotators else ""
    return one.name, where, moment(one.at), _p(one), effect, f"{one.words or NAMES[one.name]}{who}"
