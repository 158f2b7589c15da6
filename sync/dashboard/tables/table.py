"""A table as one value: it is shown as HTML, and is CSV and JSON at the same address."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...quality.records import Estimate
from ..definitions import definition
from ..wording import iso, iso_day

Kind = Literal["text", "number", "share", "coefficient", "time", "day", "link"]
NUMBERS = ("number", "share", "coefficient")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere: a path of ours, or an address in Label Studio."""

    text: str
    address: str


Cell = str | int | float | Estimate | Link | None
Row = Mapping[str, Any]
"""Column -> Cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its cells stand in the rows under ``key``.

    ``define`` is a key of DEFINITIONS, which every number needs; ``interval``: the cells are Estimates. ``search``: the
    search looks here. ``choices``: what the reader may filter by (exactly; as the cell reads). Cells of ``time`` are
    moments, those of ``day`` days of UTC, which no reader's zone shifts; both are microseconds. Raises ValueError for a
    number without a definition.
    """

    key: str
    title: str
    kind: Kind = "text"
    define: str = ""
    interval: bool = False
    search: bool = False
    choices: Sequence[str] = ()
    sort: bool = True
    apart: bool = False

    def __post_init__(self) -> None:
        if self.define:
            definition(self.define)
        elif self.kind in NUMBERS:
            raise ValueError(f"column {self.key!r} holds numbers: name their meaning with define=")

    @property
    def is_number(self) -> bool:
        """Whether the cells are lined up at the right."""
        return self.kind in NUMBERS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader wants to see of a table; ``limit`` null is everything. ``filters``: column -> the cell's text."""

    sort: str | None = None
    descending: bool = False
    search: str = ""
    filters: Mapping[str, str] | None = None
    start: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that were wanted, and how many there are without the limit; ``note``: what was not looked at."""

    rows: Sequence[Row]
    total: int
    note: str = ""


Rows = Sequence[Row] | Callable[[Wanted], Found]


@dataclass(frozen=True, slots=True)
class Table:
    """``name`` stands in addresses (a-z, 0-9, hyphens), ``title`` is the caption.

    ``rows`` are all rows, or a function that finds those that are wanted (see ``selected``), for tables too large to
    read whole. ``empty`` says what to do when there are none, ``note`` what was left out. ``size``: rows on a page.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Rows
    empty: str = "Nothing to show yet."
    note: str = ""
    size: int = 100

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"table {self.name!r}: a name is of a-z, 0-9 and hyphens, since it stands in addresses")

    def column(self, key: str) -> Column | None:
        """The column of that key, null for none."""
        return next((one for one in self.columns if one.key == key), None)

    def find(self, wanted: Wanted) -> Found:
        """The rows that are wanted, sorted; without ``sort`` in the order of the author."""
        if callable(self.rows):
            return self.rows(wanted)
        rows = [row for row in self.rows if self._fits(row, wanted)]
        if wanted.sort is not None:
            rows = _sorted(rows, wanted.sort, wanted.descending)
        end = None if wanted.limit is None else wanted.start + wanted.limit
        return Found(rows[wanted.start : end], len(rows))

    def _fits(self, row: Row, wanted: Wanted) -> bool:
        if any(as_text(row.get(key)) != value for key, value in (wanted.filters or {}).items()):
            return False
        word = wanted.search.casefold()
        return not word or any(word in as_text(row.get(one.key)).casefold() for one in self.columns if one.search)


def _sorted(rows: Sequence[Row], key: str, descending: bool) -> list[Row]:
    """By the cells of a column; empty ones last in either direction, equal ones in the order that they had."""
    known = [row for row in rows if sortable(row.get(key)) is not None]
    unknown = [row for row in rows if sortable(row.get(key)) is None]
    return sorted(known, key=lambda row: sortable(row.get(key)) or (0, 0.0, ""), reverse=descending) + unknown


def sortable(cell: Cell) -> tuple[int, float, str] | None:
    """What a cell is sorted by: numbers before texts, texts without regard to case; null for an empty cell."""
    if isinstance(cell, Estimate):
        cell = cell.value
    if cell is None:
        return None
    if isinstance(cell, int | float):
        return 0, float(cell), ""
    return 1, 0.0, as_text(cell).casefold()


def as_text(cell: Cell) -> str:
    """A cell as the search and the filters see it."""
    if isinstance(cell, Link):
        return cell.text
    if isinstance(cell, Estimate):
        cell = cell.value
    return "" if cell is None else str(cell)


def plain(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """A row for programs: estimates become KEY, KEY_low, KEY_high, KEY_n and KEY_reason, links KEY and KEY_address.

    Times and days are ISO 8601 in UTC. What there is not is null.
    """
    return dict(pair for column in columns for pair in _plain(column, row.get(column.key)))


def _plain(column: Column, cell: Cell) -> Iterator[tuple[str, Any]]:
    key = column.key
    if column.interval:
        one = cell if isinstance(cell, Estimate) else Estimate(None)
        yield key, one.value
        yield from ((f"{key}_{part}", getattr(one, part)) for part in ("low", "high", "n", "reason"))
    elif column.kind == "link":
        known = cell if isinstance(cell, Link) else Link("" if cell is None else str(cell), "")
        yield from ((key, known.text), (f"{key}_address", known.address))
    elif column.kind == "time":
        yield key, iso(cell) if isinstance(cell, int) else None
    elif column.kind == "day":
        yield key, iso_day(cell) if isinstance(cell, int) else None
    else:
        yield key, cell
