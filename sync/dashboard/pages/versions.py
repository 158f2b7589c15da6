"""Which labels did we have, what changed since, and who did what? Versions, their difference, the audit chain."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from label_config.model import LabelConfig
from label_config.parse import parse

from ...errors import TiebreakError
from ...exports.writing import FORMATS
from ...store import label_versions, projects, restored
from ...store.label_versions import StoredVersion
from ...store.tables import heartbeats
from ...versions.comparing import KINDS, compare, row
from ...versions.recorded import missed
from .. import queries
from ..audit_table import audit_table
from ..chain_state import ChainState, newest_of
from ..figures import Figure
from ..framing import address, label_studio
from ..page import PROJECT, Asked, Page
from ..tables.table import Column, Link, Row, Table
from ..version_actions import VERSION_ACTIONS, checked_beat
from ..version_forms import KEPT, LARGEST
from ..wording import counted

LAST = {"confidence": 1, "given": 2}
"""Changes that matter least stand last: there are many."""

VERSIONS = (
    Column("version", "Version", "number", define="label_version"),
    Column("tags", "Tags", search=True),
    Column("note", "Note", search=True, sort=False),
    Column("tasks", "Tasks", "number", define="version_tasks"),
    Column("labels", "Labels", "number", define="version_labels"),
    Column("made", "Made", "time"),
    Column("as_of", "Shows", "time"),
    Column("state", "Hashes"),
    Column("restored", "Restores", apart=True),
    Column("content", "Content hash", sort=False, apart=True),
)
COUNTS = (Column("kind", "What"), Column("changes", "Changes", "number", define="changes"))
CHANGES = (
    Column("task", "Task", "link"),
    Column("control", "Control", search=True),
    Column("change", "Change", choices=KINDS),
    Column("before", "Before", search=True),
    Column("after", "After", search=True),
    Column("confidence_before", "Certain before", "share", define="label_confidence"),
    Column("confidence_after", "Certain after", "share", define="label_confidence"),
    Column("source_before", "By before", apart=True),
    Column("source_after", "By after", apart=True),
)


def read(asked: Asked) -> Mapping[str, Any]:
    """The headline, the figures, and which two versions are compared."""
    known, chain = asked.once(_known), asked.once(_chain)
    newest = known[-1] if known else None
    pair, events = asked.once(_pair), "#table-audit" if asked.may("lead") else ""
    of_versions: dict[str, Any] = {"reason": "none was made yet", "tasks": "#table-labels"}
    return {
        "lead": _lead(newest, asked.once(_wrong), chain),
        "figures": (
            Figure("label_version", newest.number if newest else None, label="Versions", **of_versions),
            Figure(
                *("version_labels", newest.labels if newest else None),
                n=newest.tasks if newest else None,
                **of_versions,
            ),
            Figure("audit_events", chain.events, tasks=events),
            Figure("events_checked", chain.checked, n=chain.events, of="event", tasks=events),
        ),
        "known": known,
        "too_many": asked.may("lead") and queries.has_more_tasks(asked.connection, asked.project, KEPT),
        "kept": KEPT,
        "formats": asked.once(_formats),
        "controls": [one.name for one in asked.once(_interface).controls],
        "checked": asked.connection.execute(
            select(heartbeats).where(heartbeats.c.name == checked_beat(asked.project.label_studio_id))
        ).first(),
        "underway": restored.underway(asked.connection, asked.project.key),
        "wrong": asked.once(_wrong),
        "chain": chain,
        "pair": pair,
        "too_large": pair is not None and max(one.labels for one in pair) > LARGEST,
        "interface": asked.once(_compared)[2],
        "largest": LARGEST,
    }


def tables(asked: Asked) -> Sequence[Table]:
    """The versions, what changed between two of them, and for leads the audit chain."""
    found = [_versions_table(asked)]
    if asked.once(_pair) is not None:
        counts, changes, _ = asked.once(_compared)
        found.append(Table("counts", "How much changed", COUNTS, counts, empty="Nothing: both hold the same."))
        found.append(Table("changes", "What changed", CHANGES, changes, empty="No task or label changed.", size=15))
    return [*found, audit_table(asked)] if asked.may("lead") else found


def _lead(newest: StoredVersion | None, wrong: Mapping[int, str], chain: ChainState) -> str:
    """One sentence on what is kept, and whether it is whole."""
    if wrong:
        return f"{counted(len(wrong), 'version is', 'versions are')} not as made."
    audit = "the audit chain is not whole" if chain.wrong else "the newest part of the audit chain is whole"
    if newest is None:
        return f"No version of the labels was made yet; {audit}."
    return f"Version {newest.number} keeps {counted(newest.labels, 'label')}; {audit}."


def _known(asked: Asked) -> Sequence[StoredVersion]:
    return label_versions.versions(asked.connection, asked.project.key)


def _interface(asked: Asked) -> LabelConfig:
    return parse(projects.label_config(asked.connection, asked.project.key))


def _formats(asked: Asked) -> Sequence[tuple[str, str]]:
    """The formats that can hold any control of the project, each with what it holds."""
    config = asked.once(_interface)
    return [
        (name, one.holds)
        for name, one in FORMATS.items()
        if any(one.refuses(control, config) is None for control in config.controls)
    ]


def _chain(asked: Asked) -> ChainState:
    return newest_of(asked.connection)


def _wrong(asked: Asked) -> Mapping[int, str]:
    """Number -> what is wrong with what a version says of itself, or that it is gone; no content is read."""
    known = asked.once(_known)
    return {**missed(asked.connection, asked.project.key, known), **label_versions.edited(known)}


def _versions_table(asked: Asked) -> Table:
    wrong = asked.once(_wrong)
    rows = [
        {
            "version": one.number,
            "tags": ", ".join(one.tags),
            "note": one.note,
            "tasks": one.tasks,
            "labels": one.labels,
            "made": one.made_at,
            "as_of": one.as_of,
            "state": wrong.get(one.number, "fit"),
            "restored": f"version {one.restored_from}" if one.restored_from else None,
            "content": one.content_hash,
        }
        for one in reversed(asked.once(_known))
    ]
    empty = "No version was made yet. A lead keeps the labels as they are, below."
    note = "Hashes of what each version says of itself; a check reads all its labels too."
    return Table("labels", "Versions of the labels", VERSIONS, rows, empty=empty, note=note, size=20)


def _pair(asked: Asked) -> tuple[StoredVersion, StoredVersion] | None:
    """The two versions that the reader chose, the newest two without a choice; null with fewer than two."""
    numbers = {str(one.number): one for one in asked.once(_known)}
    known = asked.once(_known)
    if len(known) < 2:
        return None
    before, after = (numbers.get(asked.args.get(name, "")) for name in ("before", "after"))
    return (before or known[-2], after or known[-1])


def _compared(asked: Asked) -> tuple[Sequence[Row], Sequence[Row], Sequence[str]]:
    """Counts by kind, changes, and lines of the interface; kept, since versions never change."""
    pair = asked.once(_pair)
    if pair is None or max(one.labels for one in pair) > LARGEST:
        return [], [], []
    before, after = pair

    def make() -> tuple[Sequence[Row], Sequence[Row], Sequence[str]]:
        try:
            key = asked.project.key
            old, new = (label_versions.content(asked.connection, key, one) for one in pair)
        except TiebreakError as error:
            return [], [], [str(error)]
        found = compare(old, new)
        counts = [{"kind": kind, "changes": number} for kind, number in found.counts().items() if number]
        changes = sorted(map(row, found.changes), key=lambda one: LAST.get(str(one["change"]), 0))
        return counts, [_change(asked, one) for one in changes], found.interface

    return asked.keep("versions compared", make, stamp=(before.hash, after.hash))


def _change(asked: Asked, one: Mapping[str, object]) -> Row:
    task = one["task"]
    assert isinstance(task, int)
    where = address(label_studio(asked.settings), queries.Place(asked.project.label_studio_id, task))
    return {**one, "change": str(one["change"]).replace("_", " "), "task": Link(str(task), where)}


PAGE = Page(
    "versions",
    "Versions & audit",
    f"{PROJECT}/versions",
    read,
    tables,
    actions=VERSION_ACTIONS,
    keeps=("before", "after"),
)
