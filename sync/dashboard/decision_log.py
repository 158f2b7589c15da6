"""The decision log: the rulings of a project with their reasons, to be searched, as the team's knowledge base."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Row as Record
from sqlalchemy import Select, String, Text, case, cast, func, or_, select

from label_config.review import CAUSES, VERDICTS

from ..store.tables import annotators, audit_heads, helpful_rationales, reviews, rulings, tasks
from . import queries
from .framing import address, label_studio
from .page import Asked
from .tables.table import Column, Found, Link, Row, Table, Wanted

AT_ONCE = 500
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

MARKS = (
    select(func.count())
    .where(helpful_rationales.c.ruling == rulings.c.id)
    .correlate(rulings)
    .scalar_subquery()
    .label("marks")
)
STATE = case(
    (rulings.c.comes_back.is_not(None), BACK),
    (rulings.c.counts_as.is_(None), DECIDES),
    (rulings.c.counts_as == "vote", VOTE),
    else_=NOTHING,
).label("state")
NAME = case((func.trim(annotators.c.name) != "", func.trim(annotators.c.name)), else_=annotators.c.email)
BY = {
    "task": tasks.c.label_studio_id,
    "answer": cast(rulings.c.answers, Text),
    "cause": rulings.c.cause,
    "verdict": rulings.c.verdict,
    "state": STATE,
    "reviewer": NAME,
    "ruled": rulings.c.ruled_at,
    "marks": MARKS,
}
"""What columns are sorted and filtered by."""


def log_table(asked: Asked) -> Table:
    """Every ruling that no later one replaced, the newest first."""
    empty = "Nobody has ruled yet: open a review project in Label Studio and decide its first task."
    note = "A ruling that a later one replaced is left out."
    return Table("log", "Decision log", COLUMNS, partial(_find, asked), empty=empty, note=note, size=25)


def _find(asked: Asked, wanted: Wanted) -> Found:
    """Which they are first, then what they say: only of those that are shown."""
    order, total = _keys(asked, wanted)
    rows: dict[int, Row] = {}
    told = (
        select(rulings, tasks.c.label_studio_id, NAME.label("reviewer_name"), STATE, MARKS)
        .join(reviews, reviews.c.id == rulings.c.review)
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(annotators, annotators.c.id == rulings.c.reviewer, isouter=True)
    )
    for start in range(0, len(order), AT_ONCE):
        part = told.where(rulings.c.id.in_(order[start : start + AT_ONCE]))
        rows |= {one.id: _row(asked, one) for one in asked.connection.execute(part)}
    return Found([rows[one] for one in order], total)


def _keys(asked: Asked, wanted: Wanted) -> tuple[Sequence[int], int]:
    """The rulings of a page in their order, and how many there are on all pages.

    Those of a filter are counted once until something is recorded, those of a search in the look that finds them.
    """
    query = _sorted(_fitting(asked, wanted), wanted)
    page = query.offset(wanted.start).limit(wanted.limit)
    if not wanted.search:
        stamp = (asked.once(_newest), tuple(sorted((wanted.filters or {}).items())))
        total = asked.keep("rulings in the log", lambda: _count(asked, query), stamp=stamp)
        return list(asked.connection.execute(page).scalars()), total
    found = asked.connection.execute(page.add_columns(func.count().over())).all()
    if found or not wanted.start:
        return [key for key, _ in found], found[0][1] if found else 0
    return [], _count(asked, query)


def _count(asked: Asked, query: Select[Any]) -> int:
    return asked.connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()


def _newest(asked: Asked) -> tuple[int | None, int | None]:
    """Another one wherever a ruling came or was replaced: of that an event is recorded."""
    known = select(
        select(func.max(rulings.c.id)).scalar_subquery(), select(func.max(audit_heads.c.number)).scalar_subquery()
    )
    last, events = asked.connection.execute(known).one()
    return last, events


def _fitting(asked: Asked, wanted: Wanted) -> Select[Any]:
    """The keys of those that are wanted. What only some need is joined for these alone: it is looked up for each."""
    query = (
        select(rulings.c.id)
        .join(reviews, reviews.c.id == rulings.c.review)
        .where(reviews.c.project == asked.project.key, rulings.c.superseded.is_(False))
    )
    for key, value in (wanted.filters or {}).items():
        query = query.where(BY[key] == value)
    if wanted.search:
        texts = (cast(rulings.c.answers, Text), rulings.c.rationale)
        people = select(annotators.c.id).where(NAME.icontains(wanted.search, autoescape=True))
        found = (one.icontains(wanted.search, autoescape=True) for one in texts)
        query = query.where(or_(*found, rulings.c.reviewer.in_(people)))
    return query


def _sorted(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """In the order that is wanted, the newest first without one; equal ones by their keys, so that no page repeats."""
    column = BY.get(wanted.sort or "")
    if column is None:
        return query.order_by(rulings.c.ruled_at.desc(), rulings.c.id)
    if wanted.sort == "task":
        query = query.join(tasks, tasks.c.id == reviews.c.task)
    if wanted.sort == "reviewer":
        query = query.join(annotators, annotators.c.id == rulings.c.reviewer, isouter=True)
    if isinstance(column.type, String):
        column = func.lower(column)
    return query.order_by((column.desc() if wanted.descending else column).nulls_last(), rulings.c.id)


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
