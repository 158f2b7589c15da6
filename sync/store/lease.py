"""Who works on what, and when we last looked."""

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from ..errors import Busy, StoreError
from .engine import Store
from .tables import heartbeats, leases


@contextmanager
def lease(
    store: Store, name: str, holder: str, clock: Callable[[], int], seconds: float
) -> Iterator[Callable[[], None]]:
    """Hold ``name`` alone while the block runs; yields a check that raises Busy where it was lost meanwhile.

    It is prolonged in the background. What a killed run held is taken over at once where it ran on this machine,
    elsewhere after ``seconds``. ``holder`` is what ``holder_name`` gives. Raises Busy while somebody else holds it.
    """
    length = int(seconds * 1_000_000)
    _take(store, name, holder, clock(), length)
    lost, over = threading.Event(), threading.Event()

    def prolong() -> None:
        mine = update(leases).where(leases.c.name == name, leases.c.holder == holder)
        while not over.wait(seconds / 4):
            with suppress(StoreError), store.begin() as connection:
                if connection.execute(mine.values(expires_at=clock() + length)).rowcount == 0:
                    lost.set()

    def check() -> None:
        if lost.is_set():
            raise Busy(f"{name}: another run took over; this one stops")

    keeper = threading.Thread(target=prolong, name=f"lease {name}", daemon=True)
    keeper.start()
    try:
        yield check
    finally:
        over.set()
        keeper.join()
        with store.begin() as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def holder_name() -> str:
    """Who holds a lease: this machine and process, and this run of it alone."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def _take(store: Store, name: str, holder: str, now: int, length: int) -> None:
    with store.begin() as connection:
        row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).first()
        if row is not None and row.expires_at > now and not _is_dead(row.holder):
            until = datetime.fromtimestamp(row.expires_at / 1e6, UTC)
            raise Busy(
                f"{name}: another run is at work ({row.holder}); it is over, or given up, by {until:%H:%M:%S} UTC"
            )
        connection.execute(delete(leases).where(leases.c.name == name))
        connection.execute(insert(leases).values(name=name, holder=holder, expires_at=now + length))


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that no longer runs."""
    machine, _, rest = holder.partition(":")
    if machine != socket.gethostname():
        return False
    try:
        os.kill(int(rest.partition(":")[0]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def beat(connection: Connection, name: str, at: int, ok: bool, message: str) -> None:
    """Keep when something was last done, and how it went."""
    values = {"at": at, "ok": ok, "message": message}
    if connection.execute(update(heartbeats).where(heartbeats.c.name == name).values(**values)).rowcount == 0:
        connection.execute(insert(heartbeats).values(name=name, **values))


def last_beat(connection: Connection, name: str) -> int | None:
    """When something was last done (microseconds); null for never."""
    return connection.execute(select(heartbeats.c.at).where(heartbeats.c.name == name)).scalar()
