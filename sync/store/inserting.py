"""Writing many rows, and those that another process may be inserting at the same time."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Table
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from . import changes


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already stays as it is, also where another process just inserted it."""
    if not rows:
        return
    insert = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    connection.execute(insert(table).values(list(rows)).on_conflict_do_nothing())


def in_bulk(connection: Connection, statement: Insert | Delete, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute it for each of the rows, all with the same keys, whose values the driver takes as they are: JSON as text.

    Where there are many, SQLAlchemy takes longer to look at each value than the database to store it.
    """
    if not rows:
        return
    assert isinstance(statement.table, Table)
    changes.wrote(connection, statement.table.name)
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    order = compiled.positiontup
    given = rows if order is None else [tuple([row[name] for name in order]) for row in rows]
    connection.exec_driver_sql(str(compiled), given)
