"""A table for programs and spreadsheets: CSV and JSON, read in pieces, so that any number of rows fits."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...exports.comma_separated import cell
from ..definitions import definition
from .table import Found, Table, Wanted, plain

PIECE = 5_000
"""Rows that are read at once."""


def as_csv(table: Table, wanted: Wanted) -> Iterator[str]:
    """The head, then the rows. Texts that a spreadsheet would run as a formula get an apostrophe; numbers stay."""
    yield _line(list(plain(table.columns, {})))
    for found in _pieces(table, wanted):
        yield "".join(_line([cell(one) for one in plain(table.columns, row).values()]) for row in found.rows)


def _line(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def as_json(table: Table, wanted: Wanted) -> Iterator[str]:
    """``title``, ``note``, ``total``, ``columns`` with their meaning, ``rows``."""
    columns = [
        {
            "key": one.key,
            "title": one.title,
            "kind": one.kind,
            "meaning": definition(one.define).text if one.define else None,
        }
        for one in table.columns
    ]
    head: dict[str, Any] = {"title": table.title, "note": table.note, "columns": columns}
    first = True
    for found in _pieces(table, wanted):
        if first:
            yield json.dumps({**head, "total": found.total})[:-1] + ', "rows": ['
        rows = ",\n".join(json.dumps(plain(table.columns, row), allow_nan=False) for row in found.rows)
        yield ("" if first or not rows else ",\n") + rows
        first = False
    yield "]}\n"


def _pieces(table: Table, wanted: Wanted) -> Iterator[Found]:
    """All rows from ``start`` on, in pieces; one empty piece where there are none."""
    if not callable(table.rows):
        yield table.find(wanted)
        return
    start = wanted.start
    while True:
        found = table.find(replace(wanted, start=start, limit=PIECE))
        yield found
        start += PIECE
        if start >= found.total:
            return
