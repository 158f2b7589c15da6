"""Whether review tasks are served as we left them: somebody may have changed a single one by hand in Label Studio.

What is found is marked in the transaction that takes the task in, and put right by the next push.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from ..labelstudio.wire import RemoteTask
from .audit import TIEBREAK, Event, record_all
from .tables import projects, reviews, tasks

CHANGED = -1
"""In ``opened_after``: the task is to be served again as it was."""
CHUNK = 500


def notice(connection: Connection, home: int, page: Sequence[RemoteTask], now: int) -> None:
    """Mark what differs in tasks of a review project (the store's key) that were just read, and record it.

    An open one that nobody has answered is to be served, and each open one to as many people as we asked for; a
    withdrawn one to nobody.
    """
    sent = {task.id: task for task in page}
    ids = list(sent)
    events = []
    for start in range(0, len(ids), CHUNK):
        query = (
            select(reviews, tasks.c.label_studio_id)
            .join(tasks, tasks.c.id == reviews.c.task)
            .where(reviews.c.review_project == home, reviews.c.review_task.in_(ids[start : start + CHUNK]))
            .where(reviews.c.state.in_(("open", "withdrawn")))
            .order_by(reviews.c.id)
        )
        for row in connection.execute(query).all():
            found, mark = _differs(row, sent[row.review_task])
            if found:
                connection.execute(update(reviews).where(reviews.c.id == row.id).values(**mark))
                events.append(_event(row, found))
    record_all(connection, now, events)


def _differs(row: Any, task: RemoteTask) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What is not as we left it, and the mark for it; nothing where it is marked already."""
    if row.state == "withdrawn":
        shown = row.hidden_at is not None and not task.is_labeled and not task.annotations
        return ({"is_labeled": False}, {"hidden_at": None}) if shown else ({}, {})
    if row.opened_after == CHANGED:
        return {}, {}
    found: dict[str, Any] = {}
    if task.overlap != (row.opened_after or 0) + 1:
        found["overlap"] = task.overlap
    if task.is_labeled and not task.annotations:
        found["is_labeled"] = True
    return found, {"opened_after": CHANGED}


def _event(row: Any, found: Mapping[str, Any]) -> Event:
    subject = {"task": row.label_studio_id, "review": row.key, "review_task": row.review_task, **found}
    return Event(TIEBREAK, "task put back", row.project, subject)


def changed(connection: Connection, project: int) -> list[tuple[int, int]]:
    """(review, Label Studio's task) of each open review of a source project that is to be served again as it was."""
    query = (
        select(reviews.c.id, reviews.c.review_task)
        .join(projects, projects.c.id == reviews.c.review_project)
        .where(reviews.c.project == project, reviews.c.state == "open", reviews.c.opened_after == CHANGED)
        .where(projects.c.deleted_at.is_(None))
        .order_by(reviews.c.id)
    )
    return [(row.id, row.review_task) for row in connection.execute(query)]


def put_back(connection: Connection, review: int) -> None:
    """Its task is served as it was."""
    connection.execute(update(reviews).where(reviews.c.id == review).values(opened_after=None))
