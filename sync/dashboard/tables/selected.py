"""Tables too large to read whole: sorting, filters, search and pages as the database does them."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, Text, cast, func, or_, select
from sqlalchemy import Row as Record

from .table import Found, Row, Wanted


def selected(
    connection: Connection,
    query: Select[Any],
    by: Mapping[str, ColumnElement[Any]],
    row: Callable[[Record[Any]], Row],
    *,
    unique: ColumnElement[Any],
    search: tuple[str, ...] = (),
) -> Callable[[Wanted], Found]:
    """The rows of a query. ``by``: column of the table -> what it is sorted and filtered by; ``search``: keys of it.

    The query has the author's order; ``unique`` decides between equal ones, so that no row is on two pages.
    """

    def find(wanted: Wanted) -> Found:
        fitting = query
        for key, value in (wanted.filters or {}).items():
            fitting = fitting.where(cast(by[key], Text) == value)
        if wanted.search and search:
            words = (cast(by[key], Text).icontains(wanted.search, autoescape=True) for key in search)
            fitting = fitting.where(or_(*words))
        total = connection.execute(select(func.count()).select_from(fitting.order_by(None).subquery())).scalar_one()
        if wanted.sort is not None and wanted.sort in by:
            column = by[wanted.sort]
            if isinstance(column.type, String):
                column = func.lower(column)
            fitting = fitting.order_by(None).order_by((column.desc() if wanted.descending else column).nulls_last())
        page = fitting.order_by(unique).offset(wanted.start).limit(wanted.limit)
        return Found([row(one) for one in connection.execute(page)], total)

    return find
