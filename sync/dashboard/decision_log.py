"""The decision log: the rulings of a project with their reasons, to be searched; and their causes over time."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import altair as alt
from sqlalchemy import Row as Record
from sqlalchemy import Text, case, cast, func, select

from label_config.review import CAUSES, VERDICTS

from ..store.tables import annotators, helpful_rationales, reviews, rulings, tasks
from . import queries
from .charts import Chart, Look, Rows, data
from .framing import address, label_studio
from .page import Asked
from .tables.selected import selected
from .tables.table import Column, Found, Link, Row, Table, Wanted
from .wording import counted

WEEK = 7 * 86_400_000_000
MONDAY = 4 * 86_400_000_000
"""1970 began on a Thursday."""
DRAWN = 26
"""Weeks in the chart, the newest."""
AT_ONCE = 500
MANY = 12
"""From so many weeks on the bars are thin."""
NONE, OTHER = "no cause named", "another cause"
ORDER = (*CAUSES, NONE, OTHER)
DECIDES, BACK, VOTE, NOTHING = "decides", "comes back", "one more answer", "does not count"

COLUMNS = (
    Column("task", "Task", "link"),
    Column("answer", "Ruling", search=True),
    Column("rationale", "Reason", search=True, sort=False),
    Column("cause", "Cause", choices=CAUSES),
    Column("verdict", "Verdict", choices=VERDICTS, apart=True),
    Column("state", "State", choices=(DECIDES, BACK, VOTE, NOTHING)),
    Column("reviewer", "Reviewer", search=True),
    Column("ruled", "Ruled", "time"),
    Column("marks", "Helpful", "number", define="helpful_marks"),
)
BY_WEEK = (
    Column("week", "Week from", "time", define="week"),
    Column("cause", "Cause"),
    Column("rulings", "Rulings", "number", define="rulings_count"),
)


def log_table(asked: Asked) -> Table:
    """Every ruling that no later one replaced, the newest first."""
    marks = (
        select(func.count())
        .where(helpful_rationales.c.ruling == rulings.c.id)
        .correlate(rulings)
        .scalar_subquery()
        .label("marks")
    )
    state = case(
        (rulings.c.comes_back.is_not(None), BACK),
        (rulings.c.counts_as.is_(None), DECIDES),
        (rulings.c.counts_as == "vote", VOTE),
        else_=NOTHING,
    )
    name = case((func.trim(annotators.c.name) != "", func.trim(annotators.c.name)), else_=annotators.c.email)
    query = (
        select(rulings.c.id)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(annotators, annotators.c.id == rulings.c.reviewer, isouter=True)
        .where(reviews.c.project == asked.project.key, rulings.c.superseded.is_(False))
        .order_by(rulings.c.ruled_at.desc())
    )
    by = {
        "task": tasks.c.label_studio_id,
        "answer": cast(rulings.c.answers, Text),
        "rationale": rulings.c.rationale,
        "cause": rulings.c.cause,
        "verdict": rulings.c.verdict,
        "state": state,
        "reviewer": name,
        "ruled": rulings.c.ruled_at,
        "marks": marks,
    }
    told = (
        select(rulings, tasks.c.label_studio_id, name.label("reviewer_name"), state.label("state"), marks)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(annotators, annotators.c.id == rulings.c.reviewer, isouter=True)
    )
    search = ("answer", "rationale", "reviewer")
    keys = selected(asked.connection, query, by, lambda one: {"ruling": one.id}, unique=rulings.c.id, search=search)

    def find(wanted: Wanted) -> Found:
        """Which they are first, then what they say: only of those that are shown."""
        found = keys(wanted)
        order = [row["ruling"] for row in found.rows]
        rows: dict[int, Row] = {}
        for start in range(0, len(order), AT_ONCE):
            part = told.where(rulings.c.id.in_(order[start : start + AT_ONCE]))
            rows |= {one.id: _row(asked, one) for one in asked.connection.execute(part)}
        return Found([rows[one] for one in order], found.total)

    empty = "Nobody has ruled yet: open a review project in Label Studio and decide its first task."
    note = "A ruling that a later one replaced is left out."
    return Table("log", "Decision log", COLUMNS, find, empty=empty, note=note, size=25)


def _row(asked: Asked, found: Record[Any]) -> Row:
    task = found.label_studio_id
    where = queries.Place(asked.project.label_studio_id, task)
    answers = {control: queries.readable(text) for control, text in (found.answers or {}).items()}
    return {
        "ruling": found.id,
        "task": Link(str(task), address(label_studio(asked.settings), where)),
        "answer": said(answers),
        "rationale": found.rationale,
        "cause": found.cause,
        "verdict": found.verdict,
        "state": found.state,
        "reviewer": found.reviewer_name or (f"Annotator {found.reviewer}" if found.reviewer else None),
        "ruled": found.ruled_at,
        "marks": found.marks,
    }


def said(answers: dict[str, str]) -> str:
    """What was ruled, in words.

    >>> said({"mood": "bad"}), said({"a": "x", "b": "y"}), said({})
    ('bad', 'a: x; b: y', 'not decided')
    """
    if len(answers) == 1:
        return next(iter(answers.values()))
    return "; ".join(f"{control}: {text}" for control, text in answers.items()) or "not decided"


def cause_rows(asked: Asked) -> Sequence[Row]:
    """How many rulings a week had each cause, the oldest week first."""
    query = (
        select(rulings.c.ruled_at, rulings.c.cause)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == asked.project.key, rulings.c.superseded.is_(False))
    )
    found = Counter((monday(at), _cause(cause)) for at, cause in asked.connection.execute(query))
    keys = sorted(found, key=lambda one: (one[0], ORDER.index(one[1])))
    return [{"week": week, "cause": cause, "rulings": found[week, cause]} for week, cause in keys]


def _cause(said: str | None) -> str:
    """One of those that reviewers are offered; an interface of another release offered others."""
    return NONE if not said else said if said in CAUSES else OTHER


def monday(at: int) -> int:
    """The beginning of the week (UTC) that a moment is in.

    >>> from .wording import iso
    >>> iso(monday(1_700_000_000_000_000))
    '2023-11-13T00:00:00Z'
    """
    return at - (at - MONDAY) % WEEK


def causes_chart(rows: Sequence[Row]) -> Chart | None:
    """Causes by week; null without any ruling."""
    if not rows:
        return None
    since = sorted({row["week"] for row in rows})[-DRAWN:][0]
    shown = [row for row in rows if row["week"] >= since]
    table = Table("causes", "Why answers were disputed", BY_WEEK, shown, note=f"The last {DRAWN} weeks with rulings.")
    total = sum(row["rulings"] for row in shown)
    return Chart(
        table, draw_causes, f"Causes of {counted(total, 'ruling')} by week; the numbers are in the table below."
    )


def draw_causes(rows: Rows, look: Look) -> alt.Chart:
    """Bars stacked by cause, in the order of the legend."""
    inks = dict(zip(ORDER, (*look.theme.series, look.theme.ink), strict=True))
    known = [one for one in ORDER if any(row["cause"] == one for row in rows)]
    values = [{**row, "week": row["week"][:10], "place": ORDER.index(row["cause"])} for row in rows]
    many = len({row["week"] for row in values}) > MANY
    legend = alt.Legend(
        title=None, orient="top", columns=2 if look.narrow else 7, columnPadding=18, symbolType="square"
    )
    scale = alt.Scale(domain=known, range=[inks[one] for one in known])
    bars: alt.Chart = (
        alt.Chart(data(values))
        .mark_bar(size=8 if many else 26, stroke=look.theme.paper, strokeWidth=1)
        .encode(
            x=alt.X("week:O", axis=alt.Axis(title=None, labelAngle=0, labelOverlap="greedy", grid=False)),
            y=alt.Y("rulings:Q", axis=alt.Axis(title=None, tickMinStep=1, tickCount=5, domain=False, ticks=False)),
            color=alt.Color("cause:N", scale=scale, legend=legend),
            order=alt.Order("place:O"),
        )
    )
    return bars
