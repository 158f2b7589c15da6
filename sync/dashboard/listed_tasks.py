"""Tasks in tables: what each shows, its page, and where Label Studio has it. Only those of a page are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ..store.reading import among
from ..store.tables import tasks
from .excerpts import excerpt
from .framing import address
from .queries import Place, Project
from .tables.table import Column, Found, Link, Row, Wanted

AT_ONCE = 1000
"""Tasks that are read together: a file may want all of them."""
TASK = Column("task", "Task", "link", sort=False)
SHOWS = Column("shows", "It shows", sort=False)
PLACE = Column("place", "Label Studio", "link", sort=False)

Listed = tuple[int, Row]
"""A task (the store's key), and what is said of it beside what it shows."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Where tasks are shown: our own page of them (without ``?task=``), and Label Studio."""

    task_page: str
    label_studio: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads tasks of a project for tables."""

    connection: Connection
    project: Project
    outside: Outside

    def page(self, every: Sequence[Listed], wanted: Wanted) -> Found:
        """Those that a reader wants of all; deleted ones are left out."""
        end = None if wanted.limit is None else wanted.start + wanted.limit
        return Found(list(self.rows(every[wanted.start : end])), len(every))

    def rows(self, listed: Sequence[Listed]) -> Iterator[Row]:
        """A row for each that is not deleted."""
        for some in (listed[begun : begun + AT_ONCE] for begun in range(0, len(listed), AT_ONCE)):
            query = select(tasks.c.id, tasks.c.label_studio_id, tasks.c.data)
            query = query.where(among(tasks.c.id, {key for key, _ in some}), tasks.c.deleted_at.is_(None))
            known = {row.id: row for row in self.connection.execute(query)}
            yield from (self._row(known[key], more) for key, more in some if key in known)

    def _row(self, task: Any, more: Row) -> Row:
        number = task.label_studio_id
        there = address(self.outside.label_studio, Place(self.project.label_studio_id, number))
        return {
            "task": Link(str(number), f"{self.outside.task_page}?task={number}"),
            "shows": excerpt(task.data).text,
            "place": Link("Open", there),
            **more,
        }
