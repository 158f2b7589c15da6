"""The tasks behind a number: a list at an address of its own, of the same tasks that the number was counted from.

Answers are those that the last assessment read; reviews and labels are as the store has them now.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
from sqlalchemy import Select, func, select

from label_config.parse import parse
from label_config.words import in_words

from ..evidence.stored import late_answers
from ..progress_report.in_words import took
from ..quality.progress import NEVER, Completion, completion
from ..quality.records import BoolArray
from ..store import packed, projects, summaries
from ..store.columns import Columns
from ..store.packed import Block
from ..store.reading import read
from ..store.tables import reviews, tasks
from ..summaries import work_of
from .definitions import definition
from .framing import label_studio
from .judgement import HOUR
from .listed_tasks import PLACE, SHOWS, TASK, Listed, Outside, Reader
from .page import Asked
from .queries import names
from .tables.table import Column, Found, Row, Rows, Table, Wanted

PER_PAGE = 25
KEEPS = ("behind", "control", "first", "second")
"""Arguments of the address: which number, and of which control and people (Label Studio's ids)."""
ANSWERS = Column("answers", "Answers", "number", define="answers", sort=False)
TOOK = Column("took", "It took", sort=False)
CONTROL, SOURCE = Column("control", "Control", sort=False), Column("source", "By", sort=False)
NOTES = {"answers": "All that this person answered; other numbers are counted from a part of them."}

Columned = tuple[Sequence[Column], Rows]
"""What is said of each task beside what it shows, and the rows."""


def behind(task_page: str, define: str, **of: object) -> str:
    """Where the tasks behind a number are; ``define`` is the key of its definition, ``of`` are KEEPS."""
    return f"{task_page}?{urlencode({'behind': define, **of})}#table-behind"


def behind_table(asked: Asked, task_page: str) -> Table | None:
    """The tasks behind the number that the address names; null where it names none."""
    key = asked.args.get("behind", "")
    if key not in BEHIND:
        return None
    reader = Reader(asked.connection, asked.project, Outside(task_page, label_studio(asked.settings)))
    columns, rows = BEHIND[key](asked, reader)
    return Table(
        "behind",
        f"Behind “{definition(key).term}”",
        [TASK, SHOWS, *columns, PLACE],
        rows,
        empty="No task.",
        note=f"{NOTES.get(key, '')} Tasks that were deleted since are left out.".strip(),
        size=PER_PAGE,
    )


def _block(asked: Asked) -> Block:
    known = packed.last(asked.connection, asked.project.key)
    return packed.block_of(read(asked.connection, asked.project.key)) if known is None else known


def _tallied(which: Callable[[Any], Any], column: Column) -> Callable[[Asked, Reader], Columned]:
    """Tasks of which the tally is one of these, with what its column of that name counts."""

    def find(asked: Asked, reader: Reader) -> Columned:
        found = asked.once(_block).tallies
        chosen = found[which(found)]
        counted = zip(chosen["task"].tolist(), chosen[column.key].tolist(), strict=True)
        listed = [(task, {column.key: number}) for task, number in counted]
        return (column,), lambda wanted: reader.page(listed, wanted)

    return find


def _left_out(kind: str) -> Callable[[Asked, Reader], Columned]:
    """Tasks with annotations that are left out for that reason, and how many."""
    return _tallied(lambda one: one[kind] > 0, Column(kind, "Annotations", "number", define=f"left_{kind}", sort=False))


def _rejected(asked: Asked, reader: Reader) -> Columned:
    """Each annotation that the labeling interface does not allow, with the reason."""
    found = asked.once(_block).rejected
    query = select(tasks.c.label_studio_id, tasks.c.id).where(tasks.c.project == asked.project.key)
    query = query.where(tasks.c.label_studio_id.in_({one.task for one in found}), tasks.c.deleted_at.is_(None))
    keys = {row[0]: row[1] for row in asked.connection.execute(query)}
    listed = [(keys[one.task], {"why": one.reason}) for one in found if one.task in keys]
    return (Column("why", "Why", sort=False),), lambda wanted: reader.page(listed, wanted)


def _completion(asked: Asked) -> tuple[summaries.Tasks, Completion]:
    """The tasks, and whether and when they were complete."""
    known = summaries.tasks_of(asked.connection, asked.project.key)
    return known, completion(work_of(known, asked.once(_block).columns()))


def _completed(asked: Asked, reader: Reader) -> Columned:
    """The complete tasks, those that took longest first."""

    def make() -> tuple[list[int], list[float]]:
        known, done = _completion(asked)
        over = done.at != NEVER
        hours = np.maximum(done.at[over] - known.created_at[over], 0) / HOUR
        order = np.argsort(-hours, kind="stable")
        return known.key[over][order].tolist(), hours[order].tolist()

    def page(wanted: Wanted) -> Found:
        listed = [(task, {"took": took(hours)}) for task, hours in zip(*asked.keep("complete", make), strict=True)]
        return reader.page(listed, wanted)

    return (TOOK,), page


def _missing(asked: Asked, reader: Reader) -> Columned:
    """The tasks of which answers are missing, those with the fewest first: they are soonest done."""

    def make() -> tuple[list[int], list[int]]:
        known, done = _completion(asked)
        left = np.flatnonzero(done.missing)
        order = left[np.argsort(done.missing[left], kind="stable")]
        return known.key[order].tolist(), done.missing[order].tolist()

    def page(wanted: Wanted) -> Found:
        listed = [(task, {"missing": number}) for task, number in zip(*asked.keep("missing", make), strict=True)]
        return reader.page(listed, wanted)

    return (Column("missing", "Missing", "number", define="answers_left", sort=False),), page


def _queried(
    asked: Asked, reader: Reader, columns: Sequence[Column], query: Select[Any], said: Callable[[Any], Row]
) -> Columned:
    """What a query finds, in its order; its first column is a task."""

    def page(wanted: Wanted) -> Found:
        total = asked.connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
        found = asked.connection.execute(query.offset(wanted.start).limit(wanted.limit))
        return Found(list(reader.rows([(row[0], said(row)) for row in found])), total)

    return columns, page


def _reviewed(asked: Asked, reader: Reader) -> Columned:
    """The reviews that were ruled, those that took longest first."""
    every = summaries.reviews_query(asked.project.key).subquery()
    query = select(every.c.task, (every.c.ruled - every.c.began).label("took")).where(every.c.ruled != NEVER)
    query = query.order_by((every.c.ruled - every.c.began).desc(), every.c.task)
    return _queried(asked, reader, (TOOK,), query, lambda row: {"took": took(max(row.took, 0) / HOUR)})


def _accepted(asked: Asked, reader: Reader) -> Columned:
    """The labels that were accepted."""
    query = summaries.accepted_query(asked.project.key).order_by("task", "control")

    def said(row: Any) -> Row:
        return {"control": row.control, "source": row.source.replace("_", " ")}

    return _queried(asked, reader, (CONTROL, SOURCE), query, said)


def _ruled(asked: Asked, reader: Reader) -> Columned:
    query = select(reviews.c.task).where(reviews.c.project == asked.project.key, reviews.c.state == "ruled")
    return _queried(asked, reader, (), query.distinct().order_by(reviews.c.task), lambda _: {})


def _answers_on(asked: Asked, chosen: Callable[[Any], BoolArray]) -> Columns:
    """The answers on the control that the address names, those of them that are chosen, late ones among them."""
    block, control = asked.once(_block), asked.args.get("control", "")
    config = parse(projects.label_config(asked.connection, asked.project.key))
    given = block.columns(chosen(block.rows["annotator"]))
    every = given.with_rows(late_answers(asked.connection, asked.project.key, config, given)).of(control)
    return every.only(chosen(every.annotator))


def _people(asked: Asked) -> list[int]:
    """Who the address names."""
    said = [asked.args.get(name, "") for name in ("first", "second")]
    return [int(one) for one in said if one.isascii() and one.isdigit() and len(one) < 10]


def _together(asked: Asked, reader: Reader) -> Columned:
    """The tasks that all these people answered (or one of them), with what each said; those that differ first."""
    people = _people(asked)
    every = _answers_on(asked, lambda annotator: np.isin(annotator, people))
    said = [{row.task: row for row in every.only(every.annotator == person)} for person in people]
    common = set.intersection(*(set(one) for one in said)) if said else set()
    known = names(asked.connection, people)
    columns = [Column(f"said-{at}", known[person], sort=False) for at, person in enumerate(people)]
    order = sorted(common, key=lambda task: (len({one[task].answer for one in said}) == 1, task))

    def page(wanted: Wanted) -> Found:
        end = None if wanted.limit is None else wanted.start + wanted.limit
        listed: list[Listed] = [
            (task, {f"said-{at}": in_words(one[task].answer) for at, one in enumerate(said)})
            for task in order[wanted.start : end]
        ]
        return Found(list(reader.rows(listed)), len(order))

    return columns, page


def _answered_by(fewest: int, most: float) -> Callable[[Asked, Reader], Columned]:
    """The tasks on whose control so many people gave an answer."""

    def find(asked: Asked, reader: Reader) -> Columned:
        every = _answers_on(asked, lambda annotator: np.ones(len(annotator), dtype=np.bool_))
        key, people = np.unique(every.task, return_counts=True)
        chosen = (people >= fewest) & (people <= most)
        counted = zip(key[chosen].tolist(), people[chosen].tolist(), strict=True)
        listed = [(task, {"answers": number}) for task, number in counted]
        return (ANSWERS,), lambda wanted: reader.page(listed, wanted)

    return find


BEHIND: Mapping[str, Callable[[Asked, Reader], Columned]] = {
    "complete_tasks": _tallied(lambda one: one["answers"] >= one["overlap"], ANSWERS),
    "partly_tasks": _tallied(lambda one: (one["answers"] > 0) & (one["answers"] < one["overlap"]), ANSWERS),
    "untouched_tasks": _tallied(lambda one: one["answers"] == 0, ANSWERS),
    "answers_left": _missing,
    **{f"left_{kind}": _left_out(kind) for kind in ("cancelled", "ground_truth", "duplicates", "anonymous")},
    "left_rejected": _rejected,
    "task_time": _completed,
    "review_time": _reviewed,
    "label_cost": _accepted,
    "ruled": _ruled,
    "answers": _together,
    "tasks_in_common": _together,
    "tasks_compared": _answered_by(2, np.inf),
    "single": _answered_by(1, 1),
}
"""Key of a definition -> the tasks behind the number."""
