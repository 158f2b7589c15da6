"""The guidelines for people on a terminal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from label_config.guidelines import Change, Entry

from .. import terminal
from ..store.guideline_versions import GuidelineVersion
from .writing import Difference


def of_versions(found: Sequence[GuidelineVersion]) -> Iterator[str]:
    """A line a version, the newest first.

    >>> list(of_versions([GuidelineVersion(1, 2, (), "Irony.", "login:3", 0, None)]))
    ['version 2, 1970-01-01, by login:3, no entries: Irony.']
    """
    for one in found:
        many = "1 entry" if len(one.entries) == 1 else f"{len(one.entries) or 'no'} entries"
        stands = "" if one.published_at is None else f", published {_day(one.published_at)}"
        yield f"version {one.number}, {_day(one.made_at)}, by {one.made_by}, {many}{stands}: {one.why}"


def of_entries(entries: Sequence[Entry]) -> Iterator[str]:
    """The entries in full."""
    for one in entries:
        about = ", ".join(filter(None, (one.control, *one.labels)))
        yield f"{one.term} (#{one.id}{': ' if about else ''}{about})"
        yield from (f"  {line}" for line in one.meaning.splitlines())
        for title, texts in (("example", one.examples), ("edge case", one.edge_cases)):
            yield from (f"  {title}: {text}" for text in texts)


def of_difference(found: Difference) -> Iterator[str]:
    """What changed, and what it touches."""
    if not found.changes:
        yield f"nothing changed from version {found.before} to {found.after}"
        return
    yield f"version {found.before} -> {found.after}"
    for one in found.changes:
        yield from _changed(one)
    many = terminal.counted(len(found.touched), "ruling") or "no ruling"
    yield f"touches {many}" + "".join(f"\n  task {one.task}: {', '.join(one.entries)}" for one in found.touched)


def _changed(change: Change) -> Iterator[str]:
    yield f"{change.kind}: {change.id}"
    for name, before, after in change.parts() if change.before and change.after else ():
        yield f"  {name}:"
        yield f"    - {_value(before)}"
        yield f"    + {_value(after)}"


def _value(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text.replace("\n", "\n      ")


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d}"
