"""When each project is to be run next, for all runners together: each run is taken by exactly one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, select, update

from . import runners
from .inserting import insert_new
from .tables import plans


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a project (Label Studio's id). Times are microseconds.

    It is run at ``due_at``, or at ``not_before`` where that is later. ``failures`` are those in a row.
    """

    project: int
    due_at: int
    not_before: int
    failures: int
    runner: str | None
    began_at: int | None

    @property
    def next_at(self) -> int:
        """When it is run next."""
        return max(self.due_at, self.not_before)


def known(connection: Connection, projects: Iterable[int] | None = None) -> list[Plan]:
    """The plans of these projects (default: of all)."""
    query = select(plans).order_by(plans.c.project)
    if projects is not None:
        query = query.where(plans.c.project.in_(list(projects)))
    return [Plan(**row._mapping) for row in connection.execute(query)]


def begin(connection: Connection, projects: Sequence[int], now: int, every: int, *, afresh: bool) -> None:
    """These projects are looked after: new ones are due now, all of them ``afresh``, others within ``every``."""
    mine = update(plans).where(plans.c.project.in_(list(projects)))
    if afresh:
        connection.execute(mine.values(due_at=now, not_before=0, failures=0))
    connection.execute(mine.where(plans.c.due_at > now + every).values(due_at=now + every))
    new = [{"project": one, "due_at": now, "not_before": 0, "failures": 0} for one in sorted(set(projects))]
    insert_new(connection, plans, new)


def is_due(connection: Connection, projects: Sequence[int], now: int) -> bool:
    """Whether one of them is to be run and nobody is at it."""
    return any(one.runner is None and one.next_at <= now for one in known(connection, projects))


def take(connection: Connection, projects: Sequence[int], runner: str, now: int, next_at: int) -> Plan | None:
    """Whichever of them waits longest is the runner's now, and due again at ``next_at``; null where none is due."""
    ready = select(plans).where(
        plans.c.project.in_(list(projects)),
        plans.c.runner.is_(None),
        plans.c.due_at <= now,
        plans.c.not_before <= now,
    )
    row = connection.execute(
        ready.order_by(plans.c.due_at, plans.c.project).limit(1).with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    taken = {"runner": runner, "began_at": now, "due_at": next_at}
    connection.execute(update(plans).where(plans.c.project == row.project).values(**taken))
    return Plan(**{**row._mapping, **taken})


def give_back(
    connection: Connection,
    project: int,
    runner: str,
    *,
    due_at: int | None = None,
    not_before: int = 0,
    failures: int = 0,
) -> None:
    """The runner is done with it. ``due_at`` null: it is due when it was to be, or earlier if a webhook came."""
    values = {"runner": None, "not_before": not_before, "failures": failures}
    if due_at is not None:
        values["due_at"] = due_at
    mine = update(plans).where(plans.c.project == project, plans.c.runner == runner)
    connection.execute(mine.values(**values))


def wish(connection: Connection, project: int, at: int) -> None:
    """Have it run at ``at`` at the latest, unless Label Studio wants a pause; projects without a plan are ignored."""
    earlier = case((plans.c.due_at < at, plans.c.due_at), else_=at)
    connection.execute(update(plans).where(plans.c.project == project).values(due_at=earlier))


def left_behind(connection: Connection, now: int) -> list[Plan]:
    """What runners were at that are gone."""
    alive = {one.name for one in runners.known(connection, now) if one.alive}
    return [one for one in known(connection) if one.runner is not None and one.runner not in alive]


def take_over(connection: Connection, now: int) -> list[int]:
    """What runners left undone that are gone is due at once; the projects."""
    left = left_behind(connection, now)
    for one in left:
        still = update(plans).where(plans.c.project == one.project, plans.c.runner == one.runner)
        connection.execute(still.values(runner=None, due_at=now))
    return [one.project for one in left]
