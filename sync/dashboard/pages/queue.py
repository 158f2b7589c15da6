"""What needs a decision, and why? The review queue, with what leads decided about it."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import altair as alt
from flask import url_for

from label_config.parse import parse

from ...progress_report.in_words import duration
from ...quality.findings import KINDS
from ...quality.priority import DISMISS, policy_of
from ...store import changes, projects, queue_decisions
from ...store.queue_decisions import Decision
from ...store.reviews import AUDIT
from .. import in_review, queries, queue_entries, wording
from ..actors import names_of
from ..charts import Chart, Look, Rows, data
from ..figures import Figure
from ..framing import address, label_studio
from ..in_review import InReview, beside_the_queue
from ..page import PROJECT, Asked, Page
from ..queue_entries import AGES, Choices, Entry
from ..tables.table import Column, Found, Link, Row, Table, Wanted

SIZE = 25
HOUR = 3.6e9
"""Microseconds."""
MOST = 200
"""Labels and people that may be chosen."""
NOT_SEARCHED = (
    f"The first {queue_entries.LOOKED:,} entries that fit were searched, and there are more. Filter by band, reason or "
    "age, or sort otherwise, to search others; CSV and JSON search all."
)
ACTION = {
    "dismiss": "dismissed",
    "raise": "raised to the top",
    "assign": "assigned to P{band}",
}


def read(asked: Asked) -> Mapping[str, Any]:
    """The headline and the tiles; what a lead just decided is in them."""
    bands = asked.once(_bands)
    noted = queue_entries.times_noted(asked.connection, asked.project)
    total, since = sum(bands.values()), asked.keep("oldest entry", lambda: _oldest(asked), stamp=noted)
    waiting = asked.summary.reviews.waiting
    project = url_for("dashboard.project", label_studio_id=asked.project.label_studio_id)
    figures = [
        Figure(
            *("queue", total),
            n=None if asked.report is None else asked.report.progress.annotations,
            of="answer",
            tasks="#table-queue",
        ),
        *(
            Figure("entries", bands[band], n=total, of="entry", label=f"P{band}, {word}", tasks=f"?band=P{band}")
            for band, word in ((1, "urgent"), (2, "soon"), (3, "later"))
        ),
        Figure("open_reviews", waiting, n=total, of="entry", tasks=f"{project}#reviews"),
        Figure(
            *("entry_since", since, "time"),
            n=total,
            of="entry",
            label="Oldest",
            said="" if since is None else duration((asked.now - since) / HOUR),
            reason="known at the end of the next run",
            tasks="?sort=since#table-queue",
        ),
    ]
    return {"total": total, "lead": _lead(asked), "figures": figures, "rows": asked.once(_shown)}


def _lead(asked: Asked) -> str:
    bands, again = asked.once(_bands), len(asked.once(_in_review))
    said = wording.backlog(sum(bands.values()), bands[1])
    return f"{said} {again:,} more {'is' if again == 1 else 'are'} looked at again." if again else said


def _bands(asked: Asked) -> Mapping[int, int]:
    """Counted anew with each assessment and each decision: nothing else changes them."""
    decided = changes.seen(asked.connection).get("queue_decisions", 0)
    return asked.keep("bands", lambda: queue_entries.counts(asked.connection, asked.project), stamp=decided)


def _oldest(asked: Asked) -> int | None:
    return queue_entries.oldest(asked.connection, asked.project)


def _shown(_: Asked) -> dict[tuple[int, str], Entry]:
    """The entries that the table read, by task and control, for what a cell cannot hold."""
    return {}


def choices(asked: Asked) -> Choices:
    """What the table may be filtered by."""
    interface = projects.label_config(asked.connection, asked.project.key)
    labels = asked.keep("labels", lambda: _labels(interface), stamp=interface)
    kinds = {wording.kind_name(kind): kind for kind in (*KINDS, AUDIT)}
    people = asked.keep("people of the queue", lambda: _people(asked))
    return Choices(kinds, {label: label for label in labels}, _by_name(asked, people))


def _labels(interface: str) -> Sequence[str]:
    return list(dict.fromkeys(label for one in parse(interface).controls for label in one.labels))[:MOST]


def _people(asked: Asked) -> Set[int]:
    """Label Studio's id of each who answered, as the newest assessment knows them."""
    controls = asked.report.controls if asked.report else ()
    return {one.annotator for control in controls for one in control.reliability}


def _by_name(asked: Asked, people: Set[int]) -> Mapping[str, int]:
    """Name -> Label Studio's id, by name; looked up each time, since people are renamed and forgotten."""
    known = queries.names(asked.connection, people)
    return dict(sorted(((name, person) for person, name in known.items()), key=lambda pair: pair[0].casefold())[:MOST])


def tables(asked: Asked) -> Sequence[Table]:
    """The queue, what is in review without an entry of it, and what leads decided that holds."""
    return [_queue(asked), _beside(asked), _decisions(asked)]


def task_page(asked: Asked) -> str:
    """Where the pages of tasks are, without ``?task=``; asked for at once, since files are written when no page is."""
    return url_for("dashboard.task", label_studio_id=asked.project.label_studio_id)


def _queue(asked: Asked) -> Table:
    known = asked.once(choices)
    controls = [one.name for one in asked.report.controls] if asked.report else []
    several = (Column("control", "Control", choices=controls, sort=False),) if len(controls) > 1 else ()
    columns = (
        Column("band", "Band", choices=("P1", "P2", "P3")),
        Column("task", "Task", "link", search=True),
        *several,
        Column("shows", "It shows", sort=False),
        Column("reasons", "Reason", choices=tuple(known.kinds), sort=False),
        Column("answer", "Probable answer", choices=tuple(known.labels), sort=False),
        Column("people", "Answered by", choices=tuple(known.people), sort=False),
        Column("priority", "Priority", "coefficient", define="priority"),
        Column("since", "Waits since", "time", define="entry_since", choices=tuple(AGES)),
        Column("place", "Label Studio", "link", sort=False),
    )

    here, outside = task_page(asked), label_studio(asked.settings)

    def find(wanted: Wanted) -> Found:
        is_page = wanted.limit == SIZE
        looked, bands = queue_entries.LOOKED if is_page else None, asked.once(_bands)
        found = queue_entries.find(
            asked.connection, asked.project, wanted, known, asked.now, looked=looked, bands=bands
        )
        names = queries.names(asked.connection, {person for one in found.entries for person in one.people})
        if is_page:
            asked.once(_shown).update({(one.task, one.control): one for one in found.entries})
        return Found(
            [_row(one, names, here, outside) for one in found.entries], found.total, NOT_SEARCHED if found.more else ""
        )

    return Table(
        "queue",
        "What needs a decision",
        columns,
        find,
        empty="Nothing waits for a decision: entries appear when people answered tasks and something was found.",
        note="One entry a task and control, the most urgent first. Tasks that are ruled, have a ground truth or were "
        "answered by nobody are left out, and so is what a lead dismissed.",
        size=SIZE,
    )


def _row(one: Entry, names: Mapping[int, str], here: str, outside: str) -> Row:
    return {
        "band": f"P{one.band}",
        "task": Link(str(one.task), f"{here}?task={one.task}"),
        "control": one.control,
        "shows": one.excerpt.text,
        "reasons": " ".join(dict.fromkeys(reason for _, reason, _ in one.reasons)) or "A random look.",
        "answer": one.answer,
        "people": ", ".join(names[person] for person in one.people),
        "priority": one.priority,
        "since": one.since,
        "place": Link(_where(one), address(outside, one.place)),
    }


def _where(one: Entry) -> str:
    if one.elsewhere is not None:
        return f"Review in P{one.elsewhere}"
    return "Review" if one.pushed else "Open"


def _in_review(asked: Asked) -> Sequence[InReview]:
    """Read anew with each assessment, and when a ruling or a review changed."""
    known, policy = changes.seen(asked.connection), policy_of(asked.settings.policy)
    stamp = tuple(known.get(name, 0) for name in ("rulings", "reviews"))
    return asked.keep(
        "beside the queue", lambda: beside_the_queue(asked.connection, asked.project, policy), stamp=stamp
    )


def _beside(asked: Asked) -> Table:
    here, outside = task_page(asked), label_studio(asked.settings)
    rows = [
        {
            "band": f"P{one.band}",
            "task": Link(str(one.task), f"{here}?task={one.task}"),
            "reasons": " ".join(one.reasons),
            "round": str(one.round),
            "since": one.since,
            "place": Link("Review", address(outside, one.place)) if one.place else None,
        }
        for one in asked.once(_in_review)
    ]
    return Table(
        "beside",
        "Looked at again",
        in_review.COLUMNS,
        rows,
        empty="Nothing: no ruling came back.",
        note="In review, though nothing is found on them: rulings whose rule changed or that contradict each other, "
        "and answers of somebody who is paused. Without a time: the next push begins the review.",
        size=10,
    )


DECISIONS = (
    Column("task", "Task", "link", search=True),
    Column("control", "Control"),
    Column("decision", "Decision"),
    Column("reason", "Why", search=True, sort=False),
    Column("by", "By"),
    Column("at", "When", "time"),
)


def _decisions(asked: Asked) -> Table:
    standing = queue_decisions.standing(asked.connection, asked.project.key)
    found = sorted(standing.values(), key=lambda one: -one.id)
    about = [one.task for one in found]
    ids = queue_entries.numbers(asked.connection, about)
    here_now = queue_entries.queued(asked.connection, asked.project, about)
    names, here = names_of(asked.connection, {one.decided_by for one in found}), task_page(asked)
    rows = [
        {
            "task": Link(str(ids[one.task]), f"{here}?task={ids[one.task]}"),
            "control": one.control,
            "decision": _decision(one, (one.task, one.control) in here_now),
            "reason": one.reason,
            "by": names[one.decided_by],
            "at": one.decided_at,
        }
        for one in found
    ]
    return Table(
        "decisions",
        "What leads decided",
        DECISIONS,
        rows,
        empty="Nothing: a lead can dismiss, raise or assign an entry on the page of its task.",
        note="What is dismissed comes back with another kind of finding or one more answer.",
        size=20,
    )


def _decision(one: Decision, queued: bool) -> str:
    said = ACTION[one.action].format(band=one.band)
    return f"{said}, and came back" if one.action == DISMISS and queued else said


def charts(asked: Asked) -> Sequence[Chart]:
    """How many entries have each reason, as the newest assessment counted them."""
    if asked.report is None or not asked.report.queue.reasons:
        return []
    rows = [
        {"reason": wording.kind_name(kind), "entries": number, "meaning": wording.kind_meaning(kind)}
        for kind, number in asked.report.queue.reasons
    ]
    columns = (
        Column("reason", "Reason"),
        Column("entries", "Findings", "number", define="entries"),
        Column("meaning", "What it means", sort=False),
    )
    table = Table("reasons", "By reason", columns, rows, note="As of the last assessment; an entry can have several.")
    kind, number = asked.report.queue.reasons[0]
    said = f"Findings by reason; most are {wording.kind_name(kind).lower()} ({number:,})."
    return [Chart(table, draw, said, height=max(120, 34 * len(rows)))]


def draw(rows: Rows, look: Look) -> alt.LayerChart:
    """A bar a reason, the longest first, with its number."""
    scale = alt.Scale(domain=[0, 1.15 * max(row["entries"] for row in rows)], nice=False)
    bars = alt.Chart(data(rows)).encode(
        y=alt.Y(
            "reason:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False, labelLimit=170, minExtent=150)
        ),
        x=alt.X("entries:Q", scale=scale, axis=None),
    )
    return alt.LayerChart(
        layer=[
            bars.mark_bar(color=look.theme.accent, cornerRadiusEnd=3, height={"band": 0.6}),
            bars.mark_text(align="left", dx=6, color=look.theme.ink).encode(text=alt.Text("entries:Q", format=",")),
        ]
    )


PAGE = Page("queue", "Queue", f"{PROJECT}/queue", read, tables, charts)
