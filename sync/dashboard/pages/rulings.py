"""Which rule is unclear, and what did we decide? Causes, gaps, the glossary with its versions, the decision log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from label_config.guidelines import Entry
from label_config.parse import parse

from ...glossary.writing import Difference, difference
from ...store import guideline_versions, guidelines, projects
from ...store.guideline_versions import GuidelineVersion
from ...store.tables import helpful_rationales, rulings
from .. import queries
from ..actors import names_of
from ..charts import Chart
from ..decision_log import cause_rows, causes_chart, log_table, said
from ..figures import Figure
from ..framing import address, label_studio
from ..guideline_writing import filled, keep_entry, mark_helpful, remove_entry
from ..page import PROJECT, Action, Asked, Page
from ..tables.table import Column, Link, Row, Table
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
    newest, difference_now = asked.once(_newest), asked.once(_difference)
    wanted = asked.args.get("entry", "")
    entry = next((one for one in newest.entries if one.id == wanted), None) if newest else None
    gaps = len(asked.once(_gaps))
    return {
        "lead": _lead(asked, gaps),
        "figures": (
            Figure("gaps", gaps, of="ruling", n=asked.once(_total), tasks="#table-gaps"),
            Figure("guideline_entries", len(newest.entries) if newest else 0),
            Figure("touched", len(difference_now.touched) if difference_now else 0, tasks="#table-touched"),
            Figure("ruled", asked.summary.reviews.ruled, tasks="#table-log"),
        ),
        "newest": newest,
        "published": asked.once(_published),
        "difference": difference_now,
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
    found = causes_chart(asked.keep("causes", lambda: cause_rows(asked), stamp=asked.once(_last_ruling)))
    return [] if found is None else [found]


def _lead(asked: Asked, gaps: int) -> str:
    """One sentence on the rules."""
    newest, published = asked.once(_newest), asked.once(_published)
    waits = f"Reviewers named {counted(gaps, 'gap')} that no rule answers yet." if gaps else "No gap waits for a rule."
    if newest is None:
        return f"No guidelines are written yet. {waits}"
    if published is None:
        return f"{waits} Version {newest.number} of the guidelines is written and not published yet."
    if published.number != newest.number:
        return f"{waits} Version {newest.number} is written; annotators still read version {published.number}."
    return f"{waits} Annotators read version {published.number} of the guidelines."


def _newest(asked: Asked) -> GuidelineVersion | None:
    return guideline_versions.newest(asked.connection, asked.project.key)


def _published(asked: Asked) -> GuidelineVersion | None:
    return guideline_versions.published(asked.connection, asked.project.key)


def _last_ruling(asked: Asked) -> int:
    return int(asked.connection.execute(select(func.coalesce(func.max(rulings.c.id), 0))).scalar_one())


def _total(asked: Asked) -> int:
    return sum(
        row["rulings"] for row in asked.keep("causes", lambda: cause_rows(asked), stamp=asked.once(_last_ruling))
    )


def _difference(asked: Asked) -> Difference | None:
    """What publishing would change and touch, kept until a version or a ruling is new; null where nothing would."""
    newest, published = asked.once(_newest), asked.once(_published)
    if newest is None or (published is not None and published.id == newest.id):
        return None
    stamp = (newest.id, published.id if published else None, asked.once(_last_ruling))
    return asked.keep("touched", lambda: difference(asked.connection, asked.project.key), stamp=stamp)


def _gaps(asked: Asked) -> Sequence[guidelines.Gap]:
    return guidelines.inbox(asked.connection, asked.project.key)


def _gaps_table(asked: Asked) -> Table:
    gaps = asked.once(_gaps)
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
    return Table("gaps", "Gaps that reviewers named", GAPS, rows, empty=empty, size=10)


def _glossary(asked: Asked) -> Table:
    newest = asked.once(_newest)
    rows: list[Row] = [
        {
            "id": one.id,
            "term": one.term,
            "meaning": one.meaning,
            "examples": "\n".join(one.examples),
            "edge_cases": "\n".join(one.edge_cases),
            "about": _about(one),
        }
        for one in (newest.entries if newest else ())
    ]
    empty = "No entry yet. Take a gap that reviewers named, and write down how it is decided."
    return Table("glossary", "Glossary", GLOSSARY, rows, empty=empty, size=40)


def _about(entry: Entry) -> str:
    tasks = f"tasks {', '.join(map(str, entry.tasks))}" if entry.tasks else ""
    return "; ".join(filter(None, (", ".join(filter(None, (entry.control, *entry.labels))), tasks)))


def _touched(asked: Asked) -> Table:
    found = asked.once(_difference)
    rows = [
        {
            "task": _task(asked, one.task),
            "entries": ", ".join(f"#{name}" for name in one.entries),
            "state": "comes back already" if one.waits else "comes back when it is published",
        }
        for one in (found.touched if found else ())
    ]
    empty = "No ruling is touched by what is not published yet."
    return Table("touched", "Rulings that the change touches", TOUCHED, rows, empty=empty, size=25)


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
        "helpful": Action(mark_helpful, "rationale helpful", "Your mark is kept."),
    },
)
