"""Keys for rows that are about to be inserted: many rows go in at once, and others refer to them."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, func, select, text


def next_keys(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """``count`` new values for the column ``id``, ascending; insert them before asking again.

    Asking for keys that the database drew would take a statement a row on SQLite. There a transaction that writes is
    alone, so that what follows the largest key is free; PostgreSQL draws them from the column's sequence.
    """
    if count == 0:
        return ()
    if connection.dialect.name == "postgresql":
        drawn = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
        return sorted(connection.execute(drawn, {"name": table.name, "count": count}).scalars())
    last = connection.execute(select(func.max(table.c.id))).scalar() or 0
    return range(last + 1, last + 1 + count)
