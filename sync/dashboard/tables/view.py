"""A table as its HTML needs it: the rows of one page, and the addresses that sort, filter, turn pages and download."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from ..definitions import Definition, definition
from .from_url import wanted
from .table import Column, Found, Row, Table, Wanted

FEW = 8
"""Rows that nobody needs to search."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; ``sorted`` is what ``aria-sort`` says, ``address`` sorts by it (null: cannot be)."""

    column: Column
    meaning: Definition | None
    sorted: str
    address: str | None


@dataclass(frozen=True, slots=True)
class TableView:
    """``here`` is the page's path and ``file`` that of the table without its ending; ``args`` is the whole query.

    ``keeps`` are arguments that the rows depend on beside those of the table.
    """

    table: Table
    here: str
    file: str
    args: Mapping[str, str]
    prefix: str
    wanted: Wanted
    found: Found = field(repr=False)
    keeps: Sequence[str] = ()

    @property
    def id(self) -> str:
        """Its id on the page, to lead back to."""
        return f"table-{self.table.name}"

    @property
    def rows(self) -> list[Row]:
        """What is on this page of the table."""
        return list(self.found.rows)

    @property
    def columns(self) -> list[Column]:
        """Those that the page shows."""
        return [one for one in self.table.columns if not one.apart]

    @property
    def heads(self) -> Iterator[Head]:
        """The heads of its columns."""
        for column in self.columns:
            now = column.key == self.wanted.sort
            down = not self.wanted.descending if now else column.is_number
            address = self._with(sort=f"-{column.key}" if down else column.key, page="") if column.sort else None
            state = ("descending" if self.wanted.descending else "ascending") if now else "none"
            yield Head(column, definition(column.define) if column.define else None, state, address)

    @property
    def meanings(self) -> list[Definition]:
        """The definitions of its columns, each once."""
        return list(dict.fromkeys(definition(one.define) for one in self.table.columns if one.define))

    @property
    def filters(self) -> list[tuple[Column, str]]:
        """The columns that may be filtered by, with what they are filtered by now; none where there is nothing."""
        if not self.found.total and not self.is_searched:
            return []
        return [(one, (self.wanted.filters or {}).get(one.key, "")) for one in self.table.columns if one.choices]

    @property
    def is_searched(self) -> bool:
        """Whether the reader asked for some of the rows alone."""
        return bool(self.wanted.search or self.wanted.filters)

    @property
    def has_search(self) -> bool:
        """Whether there is something to search in, and enough of it."""
        return any(one.search for one in self.table.columns) and (self.found.total > FEW or self.is_searched)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form must send along: everything that it does not ask itself."""
        own = {f"{self.prefix}{name}" for name in ("search", "page", *(one.key for one, _ in self.filters))}
        return [(name, value) for name, value in self.args.items() if name not in own]

    @property
    def first(self) -> int:
        """The place of the first row that is shown, from 1."""
        return self.wanted.start + 1

    @property
    def last(self) -> int:
        """The place of the last row that is shown."""
        return self.wanted.start + len(self.found.rows)

    @property
    def before(self) -> str | None:
        """The page before; null on the first."""
        number = self.wanted.start // self.table.size
        return self._with(page=str(number) if number > 1 else "") if number else None

    @property
    def after(self) -> str | None:
        """The page after; null on the last."""
        number = self.wanted.start // self.table.size + 1
        return self._with(page=str(number + 1)) if number * self.table.size < self.found.total else None

    @property
    def everything(self) -> str:
        """Without search and filters."""
        return self._with(search="", page="", **{one.key: "" for one, _ in self.filters})

    def download(self, ending: str) -> str:
        """The rows as they are sorted and filtered now, all pages of them."""
        names = {f"{self.prefix}{name}" for name in ("sort", "search", *(one.key for one, _ in self.filters))}
        own = {name: value for name, value in self.args.items() if name in {*names, *self.keeps} and value}
        query = urlencode(own)
        return f"{self.file}.{ending}" + (f"?{query}" if query else "")

    def _with(self, **changed: str) -> str:
        args = {**self.args, **{f"{self.prefix}{name}": value for name, value in changed.items()}}
        query = urlencode({name: value for name, value in args.items() if value})
        return f"{self.here}?{query}#{self.id}" if query else f"{self.here}#{self.id}"


def view(
    table: Table, here: str, file: str, args: Mapping[str, str], prefix: str, keeps: Sequence[str] = ()
) -> TableView:
    """The table as the arguments of the page want it; its last page where it does not reach as far as they say."""
    asked = wanted(table, args, prefix)
    found = table.find(asked)
    if not found.rows and 0 < found.total <= asked.start:
        asked = replace(asked, start=(found.total - 1) // table.size * table.size)
        found = table.find(asked)
    return TableView(table, here, file, args, prefix, asked, found, keeps)
