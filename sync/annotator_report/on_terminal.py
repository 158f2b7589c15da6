"""The profiles for people on a terminal: everybody in a line, then what a lead should talk about."""

from collections.abc import Callable, Iterator, Sequence

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

    columns: dict[str, Callable[[AnnotatorProfile], str]] = {
        "annotator": lambda one: str(one.annotator),
        "answers": lambda one: f"{one.annotations:,}",
        "reliability": lambda one: percent(one.reliability.value),
        "interval": lambda one: interval(one.reliability, as_percent=True),
        "with others": lambda one: percent(one.agreement.value),
        "on truths": _on_truths,
        "with self": lambda one: percent(one.self_agreement.value),
        "time": lambda one: _seconds(one.speed.median),
        "of the others'": lambda one: "–" if one.speed.ratio.value is None else f"x {one.speed.ratio.value:.2f}",
    }
    ordered = sorted(people, key=order)
    cells = {name: [write(one) for one in ordered] for name, write in columns.items()}
    known = [name for name, written in cells.items() if not set(written) <= {"–", ""}]
    rows = zip(*(cells[name] for name in known), strict=True)
    numbers = {place for place, name in enumerate(known) if name != "interval"}
    table("the least reliable first", known, rows, ROWS, numbers)
    if "reliability" not in known and ordered:
        sentence(f"How reliable they are cannot be said: {ordered[0].reliability.reason}.")


def _on_truths(one: AnnotatorProfile) -> str:
    return "–" if one.gold.value is None else f"{percent(one.gold.value)} of {one.gold.n:,}"


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
    """A line a bias; of two labels that make up everything one is enough."""
    found = [bias for bias in one.bias if bias.p < BIASED and bias.difference.value is not None]
    shares = [bias for bias in found if bias.measure == "share"]
    if len(shares) == 2 and abs(sum(bias.given for bias in shares) - 1) < 1e-9:
        found.remove(min(shares, key=lambda bias: bias.given - bias.expected))
    for bias in found:
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
        what, _, measure = SIGNALS[signal.kind].partition(": value is ")
        yield (
            f"annotator {one.annotator}: {signal.kind}{other}: {what}; {measure} is {signal.value:.3g}, usual is "
            f"{signal.expected:.3g} ({counted(signal.n, 'answer')}, {_chance(signal.p)})"
        )


def _chance(p: float) -> str:
    return "by chance less than once in 10,000" if p < 0.0001 else f"by chance {100 * p:.2g} % of the time"
