"""Who works on what, and when we last looked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from ..errors import Busy
from .engine import Store
from .tables import heartbeats, leases


@contextmanager
def lease(
    store: Store, name: str, holder: str, clock: Callable[[], int], seconds: float
) -> Iterator[Callable[[], None]]:
    """Hold ``name`` alone; yields a function that prolongs it.

    A lease that its holder did not prolong for ``seconds`` is taken over: a killed run blocks nobody for long.
    Raises Busy while somebody else holds it, and from the prolonging when it was lost.
    """
    length = int(seconds * 1_000_000)
    _take(store, name, holder, clock(), length)

    def prolong() -> None:
        with store.begin() as connection:
            mine = update(leases).where(leases.c.name == name, leases.c.holder == holder)
            if connection.execute(mine.values(expires_at=clock() + length)).rowcount == 0:
                raise Busy(f"{name}: another run took over; this one stops")

    try:
        yield prolong
    finally:
        with store.begin() as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def _take(store: Store, name: str, holder: str, now: int, length: int) -> None:
    with store.begin() as connection:
        row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).first()
        if row is not None and row.expires_at > now:
            until = datetime.fromtimestamp(row.expires_at / 1e6, UTC)
            raise Busy(
                f"{name}: another run is at work ({row.holder}); it is over, or given up, by {until:%H:%M:%S} UTC"
            )
        connection.execute(delete(leases).where(leases.c.name == name))
        connection.execute(insert(leases).values(name=name, holder=holder, expires_at=now + length))


def beat(connection: Connection, name: str, at: int, ok: bool, message: str) -> None:
    """Keep when something was last done, and how it went."""
    values = {"at": at, "ok": ok, "message": message}
    if connection.execute(update(heartbeats).where(heartbeats.c.name == name).values(**values)).rowcount == 0:
        connection.execute(insert(heartbeats).values(name=name, **values))


def last_beat(connection: Connection, name: str) -> int | None:
    """When something was last done (microseconds); null for never."""
    return connection.execute(select(heartbeats.c.at).where(heartbeats.c.name == name)).scalar()
