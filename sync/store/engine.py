"""Opening the store: SQLite or PostgreSQL, brought to the newest schema, one transaction a unit of work."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, insert, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ..errors import StoreError
from .tables import servers

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 30


class Store:
    """Where everything is kept. ``begin`` is the only way in: one transaction, all or nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.url.render_as_string(hide_password=True)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction; it is undone when the block raises. Raises StoreError where the database fails."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise StoreError(f"store {self.name}: {error.orig}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent look that holds nobody up. Raises StoreError where the database fails."""
        try:
            with self._engine.connect().execution_options(reads=True) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise StoreError(f"store {self.name}: {error.orig}") from error

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
        with engine.connect() as connection:
            _migrate(connection, store.name)
    except DBAPIError as error:
        engine.dispose()
        raise StoreError(f"store {store.name} cannot be opened: {error.orig}") from error
    return store


def claim(store: Store, label_studio_url: str) -> None:
    """Bind the store to one Label Studio: ids mean nothing on another. Raises StoreError for a second one."""
    with store.begin() as connection:
        known = connection.execute(select(servers.c.url)).scalar()
        if known is None:
            connection.execute(insert(servers).values(url=label_studio_url))
        elif known != label_studio_url:
            raise StoreError(
                f"store {store.name} belongs to the Label Studio at {known}, not to {label_studio_url}: name another "
                "store, or, if the same server moved, run `tiebreak moved` with its new address"
            )


def move(store: Store, label_studio_url: str) -> None:
    """The same Label Studio now answers at another address."""
    with store.begin() as connection:
        connection.execute(servers.update().values(url=label_studio_url))


def _engine(url: str) -> Engine:
    try:
        place = make_url(url)
        if place.get_backend_name() == "sqlite" and place.database not in (None, "", ":memory:"):
            Path(str(place.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(place)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(
            f"store {url!r}: not an address that can be used ({error}); sqlite:///FILE and "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME can"
        ) from error
    except OSError as error:
        raise StoreError(f"store {url}: its folder cannot be made: {error.strerror}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by us: the driver's own habit leaves reads outside of them.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail when another one wrote in between.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")


def _migrate(connection: Connection, name: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    newest = ScriptDirectory.from_config(config).get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    if current == newest:
        return
    try:
        with connection.begin():
            if connection.dialect.name == "postgresql":
                # Two programs that start together must not both migrate.
                connection.execute(text("SELECT pg_advisory_xact_lock(7426193)"))
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"store {name} was written by a newer Tiebreak (schema {current}): install that version, or name another "
            "store"
        ) from error
