"""What the ML backend learns from: the consensus as a feed, in the order in which it changed."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, exists, select

from label_config.parse import parse

from ..sampling import is_holdout
from .projects import label_config
from .tables import consensus, projects, tasks


def newest(connection: Connection, project: int) -> int:
    """The cursor of the newest row of the feed (the store's key of the project); 0 without rows."""
    here = exists().where(tasks.c.id == consensus.c.task, tasks.c.project == project)
    query = select(consensus.c.changed_at).where(here, consensus.c.control.in_(_taught(connection, project)))
    # The largest by its index: a maximum is looked for in all rows, and so would a join be.
    last = query.order_by(consensus.c.changed_at.desc()).limit(1)
    return connection.execute(last).scalar() or 0


def _taught(connection: Connection, project: int) -> list[str]:
    """The controls that models learn, and those that they learned before the interface lost them.

    What is drawn, written or asked about each region stays out of the feed. Some may be of other projects: that is
    quicker to find out, and no row of this one is of them.
    """
    config = parse(label_config(connection, project))
    there = {control.name for control in config.controls}
    taught = {control.name for control in config.controls if control.teachable}
    known = connection.execute(select(consensus.c.control).distinct()).scalars()
    return [name for name in known if name in taught or name not in there]


def feed(connection: Connection, project: int, after: int, share: float) -> Iterator[dict[str, Any]]:
    """Everything that changed after the cursor, the oldest first; an answer of null is a withdrawal.

    A cursor beyond the newest row is of another store: then everything comes. ``weight`` is the posterior
    probability of the answer, 1 for rulings and ground truths. A deleted task is withdrawn. A tie teaches nothing:
    its answer is null as well.
    """
    if after > newest(connection, project):
        after = 0
    query = (
        select(
            consensus,
            tasks.c.label_studio_id,
            tasks.c.created_at,
            tasks.c.data,
            tasks.c.deleted_at,
            projects.c.label_studio_id.label("project_id"),
        )
        .join(tasks, tasks.c.id == consensus.c.task)
        .join(projects, projects.c.id == tasks.c.project)
        .where(
            tasks.c.project == project,
            consensus.c.changed_at > after,
            consensus.c.control.in_(_taught(connection, project)),
        )
        .order_by(consensus.c.changed_at, consensus.c.task, consensus.c.control)
    )
    for row in connection.execute(query):
        withdrawn = row.deleted_at is not None or row.tie or row.source == "withdrawn"
        yield {
            "task": row.label_studio_id,
            "data": row.data,
            "control": row.control,
            "answer": None if withdrawn else row.answer,
            "weight": row.confidence if row.source == "consensus" else 1.0,
            "source": row.source,
            "holdout": is_holdout(row.project_id, row.label_studio_id, row.created_at, share=share),
            "updated_at": row.changed_at,
        }
