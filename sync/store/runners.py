"""Processes that look after projects: who is there, since when, and who is gone."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from .lease import is_dead, machine
from .tables import plans, runners

GONE_SECONDS = 30
"""Who was not seen for so long is gone; one of this machine is as soon as its process is."""
KEPT_SECONDS = 3600
"""For so long it is told that one is gone."""
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Runner:
    """One process. Times are microseconds; ``rests_until`` and ``rests_because``: it leaves Label Studio in peace."""

    name: str
    kind: str
    started_at: int
    seen_at: int
    rests_until: int | None
    rests_because: str | None
    alive: bool
    at: int | None
    """The project (Label Studio's id) that it works on; null for none."""


def appear(connection: Connection, name: str, kind: str, now: int) -> bool:
    """A process begins to look after projects; whether it is the only one."""
    alone = not any(one.alive for one in known(connection, now))
    connection.execute(delete(runners).where(runners.c.seen_at < now - KEPT_SECONDS * SECOND))
    connection.execute(insert(runners).values(name=name, kind=kind, started_at=now, seen_at=now))
    return alone


def seen(connection: Connection, one: Runner) -> None:
    """It is there, also where others took it for gone."""
    values = {"seen_at": one.seen_at, "rests_until": one.rests_until, "rests_because": one.rests_because}
    if connection.execute(update(runners).where(runners.c.name == one.name).values(**values)).rowcount == 0:
        values |= {"name": one.name, "kind": one.kind, "started_at": one.started_at}
        connection.execute(insert(runners).values(**values))


def leave(connection: Connection, name: str) -> None:
    """It ends, and is at nothing any more."""
    connection.execute(update(plans).where(plans.c.runner == name).values(runner=None))
    connection.execute(delete(runners).where(runners.c.name == name))


def known(connection: Connection, now: int) -> list[Runner]:
    """Everyone that was there in the last hour, the oldest first."""
    at = {row.runner: row.project for row in connection.execute(select(plans).where(plans.c.runner.is_not(None)))}
    rows = connection.execute(select(runners).order_by(runners.c.started_at, runners.c.name))
    return [
        Runner(
            row.name,
            row.kind,
            row.started_at,
            row.seen_at,
            row.rests_until if (row.rests_until or 0) > now else None,
            row.rests_because if (row.rests_until or 0) > now else None,
            alive=row.seen_at > now - GONE_SECONDS * SECOND and not is_dead(row.name),
            at=at.get(row.name),
        )
        for row in rows
    ]


def is_one_here(connection: Connection, now: int) -> bool:
    """Whether a ``tiebreak runner`` of this machine is alive; ``tiebreak serve`` is none, whatever it looks after."""
    here = machine()
    return any(
        one.alive and one.kind == "runner" and one.name.rsplit(":", 2)[0] == here for one in known(connection, now)
    )
