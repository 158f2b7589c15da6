"""Opening the store: SQLite or PostgreSQL, brought to the newest schema, one transaction a unit of work."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ..errors import StoreError
from . import changes
from .audit import COMMAND_LINE, TIEBREAK, record
from .tables import servers

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 30
ADVICE = {
    "database is locked": "another program has been writing to it for long; let it finish, then run this again",
    "readonly database": "this user may not write there",
    "not a database": "the file is something else; name another file in `store`",
    "disk is full": "make room on the disk, then run this again; nothing is lost",
    "disk I/O error": "is the disk full, or broken? What was committed is not lost by a full one",
    "unable to open": "the folder is missing, or this user may not write there",
    "Connection refused": "is PostgreSQL running, and is the address in `store` right?",
}
"""What a database says -> what to do."""


class Store:
    """Where everything is kept. ``begin`` is the only way in: one transaction, all or nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # On PostgreSQL each query of a transaction would see what others wrote before it; SQLite shows one state.
        one_state = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._reading = {"reads": True, **one_state}
        self.name = engine.url.render_as_string(hide_password=True)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction; it is undone when the block raises. Raises StoreError where the database fails."""
        try:
            with self._engine.begin() as connection:
                changes.begin(connection)
                yield connection
                changes.count(connection)
        except DBAPIError as error:
            raise StoreError(f"store {self.name}: {_why(error)}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent look that holds nobody up. Raises StoreError where the database fails."""
        try:
            with self._engine.connect().execution_options(**self._reading) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise StoreError(f"store {self.name}: {_why(error)}") from error

    def leave_nothing_behind(self) -> None:
        """Nothing that was erased stays in SQLite's journal. On PostgreSQL the next VACUUM removes it."""
        if self._engine.dialect.name == "sqlite":
            with self.read() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def much_was_stored(self) -> None:
        """Let PostgreSQL look at how much there is now: it plans by that, and would look by itself minutes later."""
        if self._engine.dialect.name == "postgresql":
            with self.begin() as connection:
                connection.exec_driver_sql("ANALYZE tasks, annotations, annotation_versions, answers, codes")

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def open_store(url: str) -> Store:
    """The store at an SQLAlchemy URL, created and migrated as needed.

    Raises StoreError, which says what to do, for an address that is none, a database that does not answer, and a
    schema newer than this program.
    """
    engine = _engine(url)
    store = Store(engine)
    try:
        _migrate(engine, store.name)
    except DBAPIError as error:
        engine.dispose()
        raise StoreError(f"store {store.name} cannot be opened: {_why(error)}") from error
    except BaseException:
        engine.dispose()
        raise
    return store


def open_existing(url: str) -> Store:
    """The store at an SQLAlchemy URL for a command that only looks: as ``open_store``, but a new file is not made.

    Raises StoreError also where there is none yet.
    """
    try:
        place = make_url(url)
    except ArgumentError:
        return open_store(url)  # which says what is wrong with it
    file = place.database or ":memory:"
    if place.get_backend_name() == "sqlite" and not file.startswith(("file:", ":memory:")) and not Path(file).exists():
        raise StoreError(
            f"there is no store at {place} yet: `tiebreak pull` makes it. Is this the right folder, and `store` in the "
            "settings right?"
        )
    return open_store(url)


def _why(error: DBAPIError) -> str:
    """The database's own words, on one line, and what to do where that is known.

    >>> _why(DBAPIError("SELECT 1", {}, sqlite3.OperationalError("disk I/O error")))
    'disk I/O error: is the disk full, or broken? What was committed is not lost by a full one'
    """
    said = " ".join(str(error.orig).split())
    return next((f"{said}: {advice}" for sign, advice in ADVICE.items() if sign in said), said)


def owner(store: Store) -> str | None:
    """The address of the Label Studio that the store belongs to; null before the first pull."""
    with store.read() as connection:
        return connection.execute(select(servers.c.url)).scalar()


def erase_for_good(connection: Connection) -> None:
    """What this transaction deletes is overwritten: else it stays readable in the free pages of SQLite's file."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def claim(store: Store, label_studio_url: str, now: int) -> None:
    """Bind the store to one Label Studio: ids mean nothing on another. Raises StoreError for a second one.

    Of several processes that begin at the same time one binds it.
    """
    if (known := owner(store)) is None:
        with store.begin() as connection:
            first = text("INSERT INTO servers (url) VALUES (:url) ON CONFLICT DO NOTHING")
            if connection.execute(first, {"url": label_studio_url}).rowcount:
                subject = {"label_studio": label_studio_url}
                record(connection, now=now, actor=TIEBREAK, action="store claimed", subject=subject)
        known = owner(store)
    if known != label_studio_url:
        raise StoreError(
            f"store {store.name} belongs to the Label Studio at {known}, not to {label_studio_url}: name another "
            f"store, or, if the same server moved, run `tiebreak moved {label_studio_url}`"
        )


def move(store: Store, label_studio_url: str, now: int) -> str:
    """The same Label Studio now answers at another address; its old one. Raises StoreError for a new store.

    Nothing is written where it is the address that is known.
    """
    with store.begin() as connection:
        known = connection.execute(select(servers.c.url)).scalar()
        if known is None:
            raise StoreError(f"store {store.name} belongs to no Label Studio yet: the first pull decides")
        if known != label_studio_url:
            connection.execute(servers.update().values(url=label_studio_url))
            subject = {"from": known, "to": label_studio_url}
            record(connection, now=now, actor=COMMAND_LINE, action="moved", subject=subject)
    return str(known)


def _engine(url: str) -> Engine:
    try:
        place = make_url(url)
        if place.get_backend_name() == "sqlite":
            _make_private(place)
        engine = create_engine(place, json_deserializer=_json)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        # The address is not repeated: it may hold a password.
        raise StoreError(
            f"the setting `store` is not an address that can be used ({type(error).__name__}): sqlite:///FILE and "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME can"
        ) from None
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise StoreError(f"store: {engine.dialect.name} is not supported; sqlite:///FILE and postgresql+psycopg:// are")
    if engine.dialect.name == "sqlite":
        patience = BUSY_SECONDS if "timeout" not in place.query else float(str(place.query["timeout"]))
        event.listen(engine, "connect", partial(_prepare_sqlite, patience))
        event.listen(engine, "begin", _begin_sqlite)
    changes.watch(engine)
    return engine


def _make_private(place: URL) -> None:
    """The folder, and an empty file that its owner alone can read: SQLite's journals get the mode of the file."""
    file = place.database or ":memory:"
    if file == ":memory:":
        raise StoreError("store sqlite://: names no file, so everything would be lost at the end: sqlite:///FILE")
    if file.startswith("file:"):
        return
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"store {place}: its folder cannot be made: {error.strerror}") from error
    with suppress(OSError):  # it is there already, or cannot be made, which SQLite says
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise StoreError(
            "the store holds a value that is no JSON, so somebody edited it by hand: take the store from a backup"
        ) from error


def _prepare_sqlite(patience: float, connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by us: the driver's own habit leaves reads outside of them.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={patience * 1000:.0f}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail when another one wrote in between.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@cache
def _newest_schema() -> str | None:
    """The migration that a store of this program has come to; each is read to find it."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _migrate(engine: Engine, name: str) -> None:
    with engine.connect().execution_options(reads=True) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == _newest_schema():
        return
    config = _config()
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                # Two programs that start together must not both migrate.
                connection.execute(text("SELECT pg_advisory_xact_lock(7426193)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"store {name} was written by a newer Tiebreak (schema {current}): install that version, or name another "
            "store"
        ) from error
