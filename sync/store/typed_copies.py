"""Where texts that somebody typed as answers are shown beside the answers: in findings, review tasks, corrections.

An earlier release left some of that where it had erased the rest: a second run of ``tiebreak forget`` finds it by the
marks of the first.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, Table, or_, select, update

from label_config.review import KEY
from label_config.typed import ERASED, erased

from .tables import annotation_versions, annotations, corrections, projects, queue, reviews, tasks

PROPOSED = ("correction", "refused")
SHOWN = ("tiebreak_reason", "tiebreak_answers")

Change = tuple[Row[Any], Table, Mapping[str, Any]]
"""A row of a table, and what it is to be."""


def unsaid(findings: Any) -> Any:
    """Findings without their words and without the answers that they propose."""
    kept = [{name: said for name, said in one.items() if name not in PROPOSED} for one in findings]
    return [{**one, "reason": ERASED, **({"accepted": None} if "accepted" in one else {})} for one in kept]


def unshown(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a review task without what it shows of the answers."""
    return {**data, **{name: ERASED for name in SHOWN if name in data}}


def held(connection: Connection, number: int) -> int:
    """In how many places that is, of the tasks that somebody answered (Label Studio's id)."""
    return len(_beside(connection, number))


def erase(connection: Connection, number: int) -> int:
    """Erase it there, after the answers themselves; in how many places."""
    found = _beside(connection, number)
    for row, table, values in found:
        _change(connection, table, row, values)
    return len(found)


def erase_copies(connection: Connection, review: Row[Any]) -> None:
    """Erase what the tasks of review projects show that a review became."""
    for row, data in _copies(connection, review):
        _change(connection, tasks, row, {"data": data})


def _beside(connection: Connection, number: int) -> list[Change]:
    by = or_(annotation_versions.c.annotator == number, annotation_versions.c.updated_by == number)
    of = annotation_versions.c.annotation == annotations.c.id
    theirs = select(annotations.c.task).join(annotation_versions, of).where(by)
    return [
        *_corrections(connection, theirs),
        *_proposals(connection, queue, theirs),
        *_proposals(connection, reviews, theirs),
        *_shown_still(connection, theirs),
    ]


def _corrections(connection: Connection, theirs: Any) -> Iterator[Change]:
    """Why corrections of typed answers were proposed. What they say is the answer of the lead who applied them."""
    query = select(corrections).where(corrections.c.task.in_(theirs), corrections.c.reason != ERASED)
    for row in connection.execute(query).all():
        if erased(row.answer) != row.answer:
            yield row, corrections, {"reason": ERASED}


def _proposals(connection: Connection, table: Table, theirs: Any) -> Iterator[Change]:
    """Answers that findings propose whose words were erased."""
    for row in connection.execute(select(table).where(table.c.task.in_(theirs))).all():
        if any(map(_proposes, row.findings)):
            yield row, table, {"findings": [unsaid([one])[0] if _proposes(one) else one for one in row.findings]}


def _proposes(finding: Mapping[str, Any]) -> bool:
    return finding["reason"] == ERASED and any(finding.get(name) is not None for name in PROPOSED)


def _shown_still(connection: Connection, theirs: Any) -> Iterator[Change]:
    """Tasks of review projects that show what was erased from their reviews."""
    for review in connection.execute(select(reviews).where(reviews.c.task.in_(theirs))).all():
        if ERASED in (review.data.get(name) for name in SHOWN):
            for row, data in _copies(connection, review):
                yield row, tasks, {"data": data}


def _copies(connection: Connection, review: Row[Any]) -> Iterator[tuple[Row[Any], dict[str, Any]]]:
    """Tasks that a review became, also in projects that are gone, each with its data without what it shows."""
    homes = select(projects.c.id).where(projects.c.source == review.project)
    there = tasks.c.project.in_(homes) & (tasks.c.data[KEY].as_string() == review.key)
    for copy in connection.execute(select(tasks).where(there)).all():
        if unshown(copy.data) != copy.data:
            yield copy, unshown(copy.data)


def _change(connection: Connection, table: Table, row: Row[Any], values: Mapping[str, Any]) -> None:
    mine = [column == getattr(row, column.name) for column in table.primary_key.columns]
    connection.execute(update(table).where(*mine).values(**values))
