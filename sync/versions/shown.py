"""Versions on a terminal and as plain values."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .. import terminal
from ..exports.exported import moment
from ..store.label_versions import StoredVersion
from ..terminal_report import listed, sentence, table, title
from .comparing import Change, Difference, row

SHOWN = 20
"""Changes and lines that are shown of each kind; --json and --csv have all."""
WIDEST = 8
"""Labels that a label x label table has at most; more are listed as pairs."""
COLUMNS = tuple(row(Change("answer", 0)))


def as_json(version: StoredVersion) -> dict[str, Any]:
    """A version as plain values, times as text."""
    found = asdict(version)
    del found["id"]
    times = {name: None if found[name] is None else _moment(found[name]) for name in ("made_at", "as_of")}
    return {**found, **times, "tags": list(version.tags)}


def _moment(time: int) -> str:
    """A time in words; as it is where somebody edited it until it is none."""
    try:
        return moment(time)
    except (TypeError, OverflowError):
        return str(time)


def _short(time: int | None) -> str:
    return "" if time is None else _moment(time)[:19].replace("T", " ")


def _many(count: object) -> str:
    """A number with its thousands; as it is where somebody edited it until it is none."""
    return f"{count:,}" if isinstance(count, int) else str(count)


def show_list(versions: Sequence[StoredVersion], edited: Mapping[int, str]) -> None:
    """One line a version, the newest last; of which ones somebody ``edited`` what they say of themselves."""
    if not versions:
        terminal.say("no version yet: `tiebreak version create` makes one")
        return
    heads = ("version", "made (UTC)", "tasks", "labels", "content", "tags and note")
    rows = [
        (
            str(one.number),
            _short(one.made_at)[:16],
            _many(one.tasks),
            _many(one.labels),
            str(one.content_hash)[:12],
            "; ".join((*(["EDITED"] if one.number in edited else []), *_words(one))),
        )
        for one in versions
    ]
    table("", heads, rows, len(rows), numbers=(0, 2, 3))


def _words(version: StoredVersion) -> Iterator[str]:
    """What is said of a version: few columns, so that a line of 80 characters breaks no date."""
    if version.tags:
        yield " ".join(version.tags)
    if version.as_of is not None:
        yield f"as of {_short(version.as_of)}"
    if version.restored_from:
        yield f"restores version {version.restored_from}"
    if version.note:
        yield version.note


def show(version: StoredVersion, faults: Sequence[str], counts: dict[str, Counter[str]]) -> None:
    """What a version says of itself, how many of each label it has, and whether it is as it was made."""
    title(f"version {version.number}", version.note or "no note")
    about = f"made {_short(version.made_at)} UTC by Tiebreak {version.code_version}"
    if version.as_of is not None:
        about += f", as of {_short(version.as_of)} UTC"
    if version.restored_from:
        about += f", restores version {version.restored_from}"
    sentence(about)
    if version.tags:
        sentence(f"tags: {', '.join(version.tags)}")
    sentence(f"{_many(version.tasks)} tasks, {_many(version.labels)} labels; content {version.content_hash}")
    sentence("methods: " + (", ".join(f"{one} by {how}" for one, how in sorted(version.methods.items())) or "none"))
    for control, labels in sorted(counts.items()):
        lines = [f"{count:,} {label}" for label, count in sorted(labels.items(), key=lambda one: (-one[1], one[0]))]
        listed(control, lines, SHOWN)
    if faults:
        listed("EDITED: it is not as it was made", faults, SHOWN)
    else:
        sentence("it is as it was made: every hash fits")


def show_difference(found: Difference, names: tuple[str, str]) -> None:
    """Counts, a label x label table for each control, and the first changes."""
    title(f"{names[0]} -> {names[1]}", "what changed")
    counts = {kind: count for kind, count in found.counts().items() if count}
    if not counts and not found.interface:
        sentence("nothing")
        return
    sentence(", ".join(f"{kind}: {count:,}" for kind, count in counts.items()) or "the interface alone")
    listed("interface", found.interface, SHOWN)
    for control, moves in found.moves().items():
        _matrix(control, moves)
    every = [one for one in found.changes if one.kind not in ("given", "confidence")]
    table("changes", ("task", "control", "change", "before", "after", "confidence"), map(_line, every), SHOWN)
    if len(every) > SHOWN:
        sentence("--csv and --json have all of them")


def _matrix(control: str, moves: Counter[tuple[str, str]]) -> None:
    labels = sorted({label for pair in moves for label in pair})
    if len(labels) > WIDEST:
        rows = [(before, after, f"{count:,}") for (before, after), count in moves.most_common()]
        table(f"{control}: answers that changed", ("from", "to", "answers"), rows, SHOWN, numbers=(2,))
        return
    cells = [
        [label, *(f"{moves[(label, to)]:,}" if (label, to) in moves else "·" for to in labels)] for label in labels
    ]
    heads = ("from \\ to", *labels)
    table(f"{control}: answers that changed", heads, cells, len(cells), numbers=range(1, len(heads)))


def _line(one: Change) -> tuple[str, ...]:
    sure = [f"{value:.3f}" for value in (one.confidence_before, one.confidence_after) if value is not None]
    found = row(one)
    return (
        str(one.task),
        one.control,
        one.kind,
        *(str(found[side] or "") for side in ("before", "after")),
        " -> ".join(sure),
    )


def print_csv(found: Difference) -> None:
    """One table of all changes and nothing else."""
    from ..exports.comma_separated import cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in row(one).values()] for one in found.changes)
