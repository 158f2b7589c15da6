"""The audit chain as people and programs read it."""

import csv
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.markup import escape
from rich.table import Table

from .. import terminal
from ..store.audit_check import Verdict
from ..store.audit_entries import Entry

EPOCH = datetime.fromtimestamp(0, UTC)
COLUMNS = ("number", "at", "actor", "action", "project", "subject", "why", "words", "erased", "hash")


def print_json(found: Iterable[Entry]) -> None:
    """One document, an event a line, written as they are read: there may be millions."""
    sys.stdout.write("[")
    for place, entry in enumerate(found):
        sys.stdout.write(f"{',' if place else ''}\n{json.dumps(_plain(entry), ensure_ascii=False, default=str)}")
    sys.stdout.write("\n]\n")


def print_csv(found: Iterable[Entry]) -> None:
    """One table; subject, why and words are JSON."""
    rows = csv.writer(sys.stdout)
    rows.writerow(COLUMNS)
    for entry in found:
        rows.writerow([_cell(value) for value in _plain(entry).values()])


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _plain(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "at": _moment(entry.at, "milliseconds")}


def _moment(at: int, precision: str) -> str:
    """A time in words; as it is where somebody edited it until it is none."""
    try:
        return (EPOCH + timedelta(microseconds=at)).isoformat(timespec=precision)
    except (TypeError, OverflowError):
        return str(at)


def show(found: Iterable[Entry]) -> None:
    """A table of them, and what a person may look for in it."""
    table = Table("event", "when (UTC)", "who", "what", "project", "details", box=None, pad_edge=False)
    for entry in found:
        when = _moment(entry.at, "seconds")[:19].replace("T", " ")
        project = "" if entry.project is None else str(entry.project)
        cells = (entry.number, when, entry.actor, entry.action, project, details_text(entry))
        table.add_row(*(escape(str(cell)) for cell in cells))
    if table.row_count:
        terminal.out.print(table)
    else:
        terminal.say("nothing is recorded that fits")


LONGEST = 200


def details_text(entry: Entry) -> str:
    """What it was done to, why, and what was said, as far as a line holds it.

    >>> details_text(Entry(1, 0, "tiebreak", "pull", 1, {"tasks": 2, "findings": []}, {"n": 0.1234}, None, False, ""))
    'tasks 2, n 0.123'
    >>> details_text(Entry(1, 0, "user:1", "ruling", 1, {"task": 2}, {}, None, True, ""))
    'task 2; words erased'
    """
    parts = ", ".join(
        f"{name} {_moment(value, 'seconds') if name == 'as_of' else _short(value)}"
        for name, value in [*entry.subject.items(), *entry.why.items()]
        if value not in _NOTHING
    )
    if entry.erased:
        return f"{parts}; words erased"
    said = "; ".join(f"{name}: {text}" for name, text in (entry.words or {}).items())
    return "; ".join(part for part in (parts, said) if part)


_NOTHING: tuple[Any, ...] = (None, [], {}, "")


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) == 64 and not set(text) - set("0123456789abcdef"):
        return text[:8]
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def print_verdict(found: Verdict) -> None:
    """One document."""
    terminal.print_json({"whole": found.whole, **asdict(found)})


def show_verdict(found: Verdict) -> None:
    """Whether the chain is whole, where it is broken, and the head to note outside."""
    for fault in found.faults:
        terminal.complain(f"event {fault.event}: {fault.what}")
    if found.wrong > len(found.faults):
        terminal.complain(f"and {found.wrong - len(found.faults):,} more")
    if found.noted_at is not None:
        terminal.say(f"the noted head is event {found.noted_at:,}")
    erased = f"; words of {found.erased:,} were erased on request" if found.erased else ""
    state = "the audit chain is whole" if found.wrong == found.beside else "the audit chain is BROKEN"
    if found.beside:
        state += ", and what it tells of was EDITED"
    terminal.say(f"{state}: {terminal.counted(found.events, 'event') or 'no event'}{erased}")
    if found.whole:
        terminal.say(f"head: {found.head}")
