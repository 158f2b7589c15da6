"""Who works on what, and when we last looked."""

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..errors import Busy, StoreError
from .engine import Store
from .inserting import insert_new
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
    over = threading.Event()
    good_until = [monotonic() + seconds]

    def prolong() -> None:
        mine = update(leases).where(leases.c.name == name, leases.c.holder == holder)
        while not over.wait(seconds / 4):
            asked = monotonic()
            with suppress(StoreError), store.begin() as connection:
                held = connection.execute(mine.values(expires_at=clock() + length)).rowcount > 0
                good_until[0] = asked + seconds if held else 0.0

    def check() -> None:
        if monotonic() > good_until[0]:
            raise Busy(f"{name}: another run took over; this one stops")

    keeper = threading.Thread(target=prolong, name=f"lease {name}", daemon=True)
    keeper.start()
    try:
        yield check
    finally:
        over.set()
        keeper.join()
        with suppress(StoreError), store.begin() as connection:  # else it ends by itself
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def holder_name() -> str:
    """Who holds a lease: this machine and process, and this run of it alone."""
    return f"{machine()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def in_words(holder: str) -> str:
    """A holder, for people.

    >>> in_words("red/402:17:abc")
    'process 17 on red'
    """
    place, process, _ = holder.rsplit(":", 2)
    return f"process {process} on {place.partition('/')[0]}"


def machine() -> str:
    """Where process ids mean the same: containers may share a name and still number their processes apart."""
    try:
        numbering = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        numbering = ""
    return f"{socket.gethostname()}/{''.join(filter(str.isdigit, numbering))}"


def _take(store: Store, name: str, holder: str, now: int, length: int) -> None:
    try:
        with store.begin() as connection:
            row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).first()
            if row is not None and row.expires_at > now and not is_dead(row.holder):
                until = datetime.fromtimestamp(row.expires_at / 1e6, UTC)
                raise Busy(
                    f"{name}: another run is at work ({in_words(row.holder)}): let it "
                    f"finish. If it is gone, its hold ends at {until:%H:%M:%S} UTC"
                )
            if row is not None:  # that very row: another one may be there by now
                connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == row.holder))
            connection.execute(insert(leases).values(name=name, holder=holder, expires_at=now + length))
    except StoreError as error:
        if isinstance(error.__cause__, IntegrityError):  # where nobody held it, there was no row to wait for
            raise Busy(f"{name}: another run began at the same moment: let it finish") from error
        raise


def held(connection: Connection, now: int) -> dict[str, tuple[str, int]]:
    """What is held now -> who holds it, and until when unless it is prolonged."""
    rows = connection.execute(select(leases).where(leases.c.expires_at > now).order_by(leases.c.name))
    return {row.name: (row.holder, row.expires_at) for row in rows if not is_dead(row.holder)}


def is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that no longer runs."""
    place, process, _ = holder.rsplit(":", 2)
    if place != machine():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def beat(connection: Connection, name: str, at: int, ok: bool, message: str) -> None:
    """Keep when something was last done, and how it went."""
    values = {"at": at, "ok": ok, "message": message}
    if connection.execute(update(heartbeats).where(heartbeats.c.name == name).values(**values)).rowcount == 0:
        insert_new(connection, heartbeats, [{"name": name, **values}])  # of several at once, one is as good as another


def model_beat(project: int) -> str:
    """The name under which it is kept what the ML backend said of a project's model (Label Studio's id)."""
    return f"project:{project}:model"


def hint(project: int) -> str:
    """The name under which it is kept when a webhook, or somebody, last asked for a run of a project."""
    return f"project:{project}:hint"


def last_beat(connection: Connection, name: str) -> int | None:
    """When something was last done (microseconds); null for never."""
    return connection.execute(select(heartbeats.c.at).where(heartbeats.c.name == name)).scalar()


def has_failed(connection: Connection, name: str) -> bool:
    """Whether something went wrong when it was last done; false for never."""
    return connection.execute(select(heartbeats.c.ok).where(heartbeats.c.name == name)).scalar() is False
