"""The profiles for people on a terminal: everybody in a line, then what a lead should talk about."""

from collections.abc import Iterator, Sequence

from ..agreement.wording import left_out
from ..dashboard.wording import counted, interval, moment, percent
from ..quality.annotators import SIGNALS, AnnotatorProfile, ChangePoint
from ..quality.records import Estimate
from ..terminal_report import listed, sentence, table, title
from .report import Report

ROWS = 30
"""Rows of a list; --json has them all."""
BIASED = 0.05
"""A bias is shown whose probability without any is below this."""


def show(report: Report) -> None:
    """Print the report."""
    for name, people in report.profiles.items():
        control = report.gathered.evidence[name].control
        title(f"{name} ({control.tag})", counted(len(people), "annotator"))
        _everybody(people)
        _talk_about("changes", [line for one in people for line in _changes(one)])
        _talk_about("biases", [line for one in people for line in _biases(one)])
        _talk_about("signals to look into; they prove nothing", [line for one in people for line in _signals(one)])
    title("all controls", left_out(report.gathered.left_out))
    for note in report.notes:
        sentence(note)


def _everybody(people: Sequence[AnnotatorProfile]) -> None:
    def order(one: AnnotatorProfile) -> tuple[bool, float, int]:
        value = one.reliability.value
        return value is None, value or 0.0, one.annotator

    rows = [
        (
            str(one.annotator),
            f"{one.annotations:,}",
            percent(one.reliability.value),
            interval(one.reliability, as_percent=True),
            percent(one.agreement.value),
            percent(one.gold.value),
            f"{one.gold.n:,}",
            percent(one.self_agreement.value),
            _seconds(one.speed.median),
            "–" if one.speed.ratio.value is None else f"x {one.speed.ratio.value:.2f}",
        )
        for one in sorted(people, key=order)
    ]
    heads = ("annotator", "answers", "reliability", "interval", "with others", "on truths", "n", "with self", "time")
    table("the least reliable first", (*heads, "of the others'"), rows, ROWS, {0, 1, 2, 4, 5, 6, 7, 8, 9})


def _seconds(one: Estimate) -> str:
    return "–" if one.value is None else f"{one.value:.1f} s"


def _talk_about(name: str, lines: Sequence[str]) -> None:
    if lines:
        listed(name, lines, ROWS)


def _changes(one: AnnotatorProfile) -> Iterator[str]:
    for change in one.changes:
        yield (
            f"annotator {one.annotator}: {_series(change)} went from {_level(change, change.before)} to "
            f"{_level(change, change.after)} on {moment(change.at)} ({change.n_before:,} answers before, "
            f"{change.n_after:,} after; {_chance(change.p)})"
        )


def _series(change: ChangePoint) -> str:
    if change.series == "agreement":
        return "agreement with the others"
    if change.series == "lead_time":
        return "the time an answer takes"
    of = f" of {change.label!r}" if change.label else ""
    return {"given": f"the share{of} where the others say another", "left": f"the share left out{of}"}.get(
        change.measure, f"{change.measure}{of}, beside the others,"
    )


def _level(change: ChangePoint, value: float) -> str:
    if change.series == "lead_time":
        return f"{value:.1f} s"
    return percent(value) if change.series == "agreement" or change.measure in ("given", "left") else f"{value:+.2f}"


def _biases(one: AnnotatorProfile) -> Iterator[str]:
    for bias in one.bias:
        if bias.p < BIASED and bias.difference.value is not None:
            what = f"{bias.measure} of {bias.label!r}" if bias.label else bias.measure
            as_share = bias.measure == "share"
            given, expected = (percent(v) if as_share else f"{v:.2f}" for v in (bias.given, bias.expected))
            yield (
                f"annotator {one.annotator}: {what} is {given} where {expected} is to be expected "
                f"({counted(bias.difference.n, 'task')}, {_chance(bias.p)})"
            )


def _signals(one: AnnotatorProfile) -> Iterator[str]:
    for signal in one.spam:
        other = "" if signal.other is None else f" with annotator {signal.other}"
        yield (
            f"annotator {one.annotator}: {signal.kind}{other}: {SIGNALS[signal.kind]}; {signal.value:.2f} where "
            f"{signal.expected:.2f} is usual ({counted(signal.n, 'answer')}, {_chance(signal.p)})"
        )


def _chance(p: float) -> str:
    return "by chance less than once in 10,000" if p < 0.0001 else f"by chance {p:.2%} of the time"
