"""Inserting what another process may be inserting at the same time."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already stays as it is, also where another process just inserted it."""
    if not rows:
        return
    insert = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    connection.execute(insert(table).values(list(rows)).on_conflict_do_nothing())
