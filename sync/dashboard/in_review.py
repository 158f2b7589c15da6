"""What is in review without an entry of the queue: rulings that are looked at again, each with its reason."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select

from ..quality.priority import Policy
from ..store import review_rounds
from ..store.review_rounds import WAITING
from ..store.reviews import AUDIT, UNTIL_RULED
from ..store.tables import projects, queue, reviews, tasks
from .queries import Place, Project, place_of
from .tables.table import Column

COLUMNS = (
    Column("band", "Band"),
    Column("task", "Task", "link", search=True),
    Column("reasons", "Reason", search=True, sort=False),
    Column("round", "Round"),
    Column("since", "Since", "time"),
    Column("place", "Label Studio", "link", sort=False),
)


@dataclass(frozen=True, slots=True)
class InReview:
    """A review that waits for a ruling; ``task`` is Label Studio's id. ``returns``: that it is
    looked at again does not depend on what is found.

    ``since`` is null where the next push begins it. ``place`` is null until it is in Label Studio.
    """

    task: int
    band: int
    priority: float
    round: int
    reasons: Sequence[str]
    returns: bool = True
    since: int | None = None
    place: Place | None = None


def beside_the_queue(connection: Connection, project: Project, policy: Policy) -> Sequence[InReview]:
    """What is looked at again in a project, the most urgent first: what was begun, and what the next push begins."""
    begun = _begun(connection, ~exists().where(queue.c.task == reviews.c.task), reviews.c.project == project.key)
    found = [*(one for one in begun if one.returns), *_to_be_begun(connection, project, policy, None)]
    return sorted(found, key=lambda one: (-one.priority, one.task))


def review_of(connection: Connection, project: Project, policy: Policy, task: int) -> InReview | None:
    """The review of a task (the store's key) that waits or is to be begun, also beside its entries of the queue."""
    found = [*_begun(connection, reviews.c.task == task), *_to_be_begun(connection, project, policy, {task})]
    return found[0] if found else None


def reasons_of(findings: Iterable[Mapping[str, Any]], *, gone: bool = False) -> list[str]:
    """Why something is in review, in sentences, each once; ``gone``: nothing speaks for it any more."""
    kinds, said = {one["kind"] for one in findings}, dict.fromkeys(str(one["reason"]) for one in findings)
    found = [one for one in said if one] or (["A random look."] if AUDIT in kinds else [])
    return [*found, *(["Nothing speaks for it any more: the next push takes it back."] if gone else [])]


def _begun(connection: Connection, *which: ColumnElement[bool]) -> list[InReview]:
    home = projects.alias("home")
    query = (
        select(reviews, tasks.c.label_studio_id, home.c.label_studio_id.label("home"))
        .join(tasks, tasks.c.id == reviews.c.task)
        .join(home, home.c.id == reviews.c.review_project, isouter=True)
        .where(reviews.c.state.in_(WAITING), tasks.c.deleted_at.is_(None), *which)
    )
    return [
        InReview(
            row.label_studio_id,
            row.band,
            row.priority,
            row.round,
            reasons_of(row.findings, gone=row.reason_gone_at is not None),
            any(one["kind"] in UNTIL_RULED for one in row.findings),
            row.intended_at,
            place_of(row.home, row.review_task),
        )
        for row in connection.execute(query)
    ]


def _to_be_begun(
    connection: Connection, project: Project, policy: Policy, only: Collection[int] | None
) -> list[InReview]:
    returned = review_rounds.returned(connection, project.key, policy, only)
    if not returned:
        return []
    rounds = review_rounds.newest(connection, project.key, returned.keys())
    return [
        InReview(entry.label_studio_id, entry.band, entry.priority, rounds[task].round + 1, reasons_of(entry.findings))
        for task, (entry,) in returned.items()
    ]
