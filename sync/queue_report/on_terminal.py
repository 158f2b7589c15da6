"""The queue for people on a terminal: the head of it with its reasons, or how one task got its place."""

from collections import Counter
from collections.abc import Mapping, Sequence

from .. import terminal
from ..agreement.wording import left_out
from ..dashboard.wording import counted
from ..errors import TiebreakError
from ..quality.corrections import CorrectionGroup
from ..quality.findings import KINDS
from ..quality.priority import ACTIONS, explain
from ..quality.records import Priority
from ..terminal_report import sentence, table, title
from .rankings import rankings
from .report import Report

ROWS, RANKED = 20, 10
"""Entries and tasks of a ranking that are shown; --json has them all."""
REASONS, LONGEST = 2, 160
"""Reasons of an entry that are shown, and their characters; --explain has them all."""


def show(report: Report) -> None:
    """Print the head of the queue, and what it holds in all."""
    entries = report.verdict.queue[:]
    _head(entries)
    actions = Counter(entry.action for entry in entries)
    _counted("what is to be done", "action", actions, ACTIONS)
    kinds = Counter(kind for entry in entries for kind in {one.kind for one in entry.findings})
    _counted("what was found", "finding", kinds, KINDS)
    _corrections(report.verdict.corrections)
    title("all controls", left_out(report.gathered.left_out))
    for note in (*report.notes, *report.hints):
        sentence(note)
    if entries:
        sentence(f"--explain {entries[0].task} shows how the first one got its place.")


def _head(entries: Sequence[Priority]) -> None:
    bands = Counter(entry.band for entry in entries)
    counts = [counted(len(entries), "entry", "entries"), *(f"P{band} {bands[band]:,}" for band in sorted(bands))]
    title("queue", ", ".join(counts))
    rows = [
        (
            str(place),
            str(entry.task),
            entry.control,
            f"{entry.priority:.2f}",
            f"P{entry.band}",
            entry.action,
            why(entry),
        )
        for place, entry in enumerate(entries[:ROWS], 1)
    ]
    table("", ("", "task", "control", "priority", "band", "action", "why"), rows, ROWS, {0, 1, 3})


def _counted(name: str, what: str, found: Counter[str], meanings: Mapping[str, str]) -> None:
    """How many entries have each of something, and what it means; a task has an entry for each control."""
    rows = [(one, f"{count:,}", meanings[one]) for one, count in found.most_common()]
    table(name, (what, "entries", "what it means"), rows, len(meanings), {1})


def _corrections(groups: Sequence[CorrectionGroup]) -> None:
    """What is proposed, by group; `tiebreak corrections` applies it to a project of the store."""
    rows = [
        (
            one.id,
            one.control,
            f"{one.before or 'as it is'} -> {one.after or 'as proposed'}",
            one.level,
            f"{len({finding.task for finding in one.findings}):,}",
            str(one.findings[0].task),
            one.kind,
        )
        for one in groups
    ]
    heads = ("group", "control", "change", "level", "tasks", "such as", "found by")
    table("corrections that are proposed", heads, rows, RANKED, {4, 5})


def why(entry: Priority) -> str:
    """The weightiest reasons in words, the others counted."""
    reasons = list(dict.fromkeys(one.reason for one in entry.findings))
    shown = [text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…" for text in reasons[:REASONS]]
    if len(reasons) > REASONS:
        shown.append(f"And {len(reasons) - REASONS} more.")
    return " ".join(shown) or "A random look."


def show_rankings(report: Report) -> None:
    """Print what to label next, what to check, and what ActiveLab would ask about, for each control."""
    for control, one in rankings(report).items():
        title(control, "two rankings that are not the same, and the one that decides between them")
        for name, values in (
            ("informativeness: what to label next", one.informativeness),
            ("doubt: what to check", one.doubt),
            ("activelab: where another answer gains most, answered or not", one.activelab or {}),
        ):
            rows = [(str(task), f"{value:.3f}") for task, value in values.items()]
            table(name, ("task", "value"), rows, RANKED, {0, 1})


def derivation(report: Report, task: int) -> None:
    """Print how one task got its place, or why it has none; raises TiebreakError for a task that is not there."""
    if not any(task in one.coded.tasks for one in report.gathered.evidence.values()):
        raise TiebreakError(f"task {task} is not among those that were answered: is the id right?")
    for line in explain(report.verdict.queue, task):
        terminal.say(line)
