"""Which rule is unclear, and what did we decide? Causes, gaps, the glossary with its versions, the decision log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from label_config.guidelines import Entry
from label_config.parse import parse

from ...store import guideline_versions, guidelines, projects
from ...store.tables import helpful_rationales
from .. import queries
from ..actors import names_of
from ..causes import cause_rows, causes_chart
from ..charts import Chart
from ..decision_log import log_table, said
from ..figures import Figure
from ..framing import address, label_studio
from ..guideline_writing import filled, keep_entry, mark_helpful, remove_entry
from ..page import PROJECT, Action, Asked, Errand, Page
from ..publishing import publish
from ..tables.table import Column, Link, Row, Table
from ..unpublished import newest, overall, published, unpublished
from ..wording import counted

MINE = 2_000
"""Marks of one lead that are read."""

GLOSSARY = (
    Column("id", "Entry", search=True),
    Column("term", "Term", search=True),
    Column("meaning", "Meaning", search=True, sort=False),
    Column("examples", "Examples", search=True, sort=False),
    Column("edge_cases", "Edge cases", search=True, sort=False),
    Column("about", "About", search=True, sort=False),
)
GAPS = (
    Column("task", "Task", "link"),
    Column("answer", "Ruling"),
    Column("rationale", "What is missing", search=True, sort=False),
    Column("reviewer", "Reviewer"),
    Column("ruled", "Ruled", "time"),
)
TOUCHED = (
    Column("task", "Task", "link"),
    Column("entries", "By", search=True),
    Column("state", "State"),
)
VERSIONS = (
    Column("version", "Version", "number", define="guideline_version"),
    Column("why", "What changed", search=True, sort=False),
    Column("entries", "Entries", "number", define="guideline_entries"),
    Column("author", "By"),
    Column("made", "Written", "time"),
    Column("published", "Published", "time"),
)


def read(asked: Asked) -> Mapping[str, Any]:
    """The headline, the figures, and the form that is open."""
    written, change, every = asked.once(newest), asked.once(unpublished), asked.once(overall)
    wanted = asked.args.get("entry", "")
    entry = next((one for one in written.entries if one.id == wanted), None) if written else None
    total = sum(many for _, _, many in every.causes)
    below = "#table-touched" if change and change.changes else ""
    return {
        "lead": _lead(asked, every.gaps),
        "figures": (
            Figure("gaps", every.gaps, of="ruling", n=total, tasks="#table-gaps"),
            Figure("guideline_entries", len(written.entries) if written else 0, tasks="#table-glossary"),
            Figure("touched", change.touched if change else 0, of="ruling", n=total, tasks=below),
            Figure("rulings_count", total, tasks="#table-log"),
        ),
        "newest": written,
        "published": asked.once(published),
        "change": change,
        "entry": entry,
        "form_values": filled(entry, wanted),
        "form_open": bool(wanted),
        "controls": asked.once(_controls),
        "mine": _mine(asked),
    }


def tables(asked: Asked) -> Sequence[Table]:
    """The decision log, the gaps, the glossary, what its changes touch, and its versions."""
    return [log_table(asked), _gaps_table(asked), _glossary(asked), _touched(asked), _versions_table(asked)]


def charts(asked: Asked) -> Sequence[Chart]:
    """Causes by week."""
    found = causes_chart(cause_rows(asked.once(overall).causes))
    return [] if found is None else [found]


def _lead(asked: Asked, gaps: int) -> str:
    """One sentence on the rules."""
    written, read_by_all = asked.once(newest), asked.once(published)
    waits = f"Reviewers named {counted(gaps, 'gap')} that no rule answers yet." if gaps else "No gap waits for a rule."
    if written is None:
        return f"No guidelines are written yet. {waits}"
    if read_by_all is None:
        return f"{waits} Version {written.number} of the guidelines is written and not published yet."
    if read_by_all.number != written.number:
        return f"{waits} Version {written.number} is written; annotators still read version {read_by_all.number}."
    return f"{waits} Annotators read version {read_by_all.number} of the guidelines."


def _gaps_table(asked: Asked) -> Table:
    every = asked.once(overall)
    gaps = guidelines.inbox(asked.connection, asked.project.key, every.oldest)
    names = queries.names(asked.connection, [one.reviewer for one in gaps if one.reviewer is not None])
    rows = [
        {
            "task": _task(asked, one.task),
            "answer": said(dict(one.answers)),
            "rationale": one.rationale,
            "reviewer": None if one.reviewer is None else names[one.reviewer],
            "ruled": one.ruled_at,
        }
        for one in gaps
    ]
    empty = "No gap was named that is still open. Reviewers name one with the cause “guideline gap”."
    note = _some(len(every.oldest), every.gaps, "inbox")
    return Table("gaps", "Gaps that reviewers named", GAPS, rows, empty=empty, note=note, size=10)


def _some(listed: int, total: int, command: str) -> str:
    """What is said below a table that does not list all."""
    return f"The first {listed:,} of {total:,}; “tiebreak guidelines {command}” has all." if listed < total else ""


def _glossary(asked: Asked) -> Table:
    written = asked.once(newest)
    rows: list[Row] = [
        {
            "id": one.id,
            "term": one.term,
            "meaning": one.meaning,
            "examples": "\n".join(one.examples),
            "edge_cases": "\n".join(one.edge_cases),
            "about": _about(one),
        }
        for one in (written.entries if written else ())
    ]
    empty = "No entry yet. Take a gap that reviewers named, and write down how it is decided."
    return Table("glossary", "Glossary", GLOSSARY, rows, empty=empty, size=40)


def _about(entry: Entry) -> str:
    tasks = f"tasks {', '.join(map(str, entry.tasks))}" if entry.tasks else ""
    return "; ".join(filter(None, (", ".join(filter(None, (entry.control, *entry.labels))), tasks)))


def _touched(asked: Asked) -> Table:
    found = asked.once(unpublished)
    rows = [
        {
            "task": _task(asked, one.task),
            "entries": ", ".join(f"#{name}" for name in one.entries),
            "state": "comes back already" if one.waits else "comes back when it is published",
        }
        for one in (found.listed if found else ())
    ]
    empty = "No ruling is touched by what is not published yet."
    note = _some(len(rows), found.touched if found else 0, "diff")
    return Table("touched", "Rulings that the change touches", TOUCHED, rows, empty=empty, note=note, size=25)


def _versions_table(asked: Asked) -> Table:
    known = guideline_versions.versions(asked.connection, asked.project.key)
    names = names_of(asked.connection, [one.made_by for one in known])
    rows = [
        {
            "version": one.number,
            "why": one.why,
            "entries": len(one.entries),
            "author": names[one.made_by],
            "made": one.made_at,
            "published": one.published_at,
        }
        for one in known
    ]
    return Table("guidelines", "Versions of the guidelines", VERSIONS, rows, empty="None yet.", size=10)


def _task(asked: Asked, task: int) -> Link:
    where = queries.Place(asked.project.label_studio_id, task)
    return Link(str(task), address(label_studio(asked.settings), where))


def _controls(asked: Asked) -> Sequence[str]:
    """The names of what is asked, as an entry may be about one of them."""
    config = projects.label_config(asked.connection, asked.project.key)
    return [one.name for one in parse(config).controls]


def _mine(asked: Asked) -> set[int]:
    """The rulings whose reason who asks has marked."""
    query = select(helpful_rationales.c.ruling).where(helpful_rationales.c.marked_by == asked.person.actor)
    return set(asked.connection.execute(query.limit(MINE)).scalars())


PAGE = Page(
    "rulings",
    "Rulings & guidelines",
    f"{PROJECT}/rulings",
    read,
    tables,
    charts,
    actions={
        "write": Action(keep_entry, "guidelines written", "The entry is written, as a new version."),
        "remove": Action(remove_entry, "guidelines written", "The entry is out of the newest version."),
        "publish": Errand(
            publish,
            "Published: annotators read this version now. Rulings that it touches come back with the next push.",
        ),
        "helpful": Action(mark_helpful, "rationale helpful", "Your mark is kept."),
    },
    personal=True,
)
