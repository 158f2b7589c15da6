"""A page as one value: its address, what it reads, its tables, its charts, and what may be done on it."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any, Literal, TypeVar

from sqlalchemy import Connection

from ..errors import TiebreakError
from ..logins.roles import Person
from ..opening import Services
from ..settings import Settings
from ..store import forgetting
from . import queries, reports
from .charts import Chart
from .keeping import Kept
from .report import Report
from .tables.table import Table

PROJECT = "/projects/<int:label_studio_id>"
Made = TypeVar("Made")


@dataclass(frozen=True)
class Asked:
    """What a page is asked for, by whom, and what it may read. ``now`` is in microseconds.

    ``of`` is the project of a page that has one. ``args`` are the arguments of the address, as anybody may write them.
    """

    connection: Connection
    settings: Settings
    person: Person
    now: int
    args: Mapping[str, str]
    kept: Kept
    of: queries.Project | None = None
    _made: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def project(self) -> queries.Project:
        """The project that the page is about."""
        assert self.of is not None, "the page has no project in its address"
        return self.of

    @cached_property
    def report(self) -> Report | None:
        """The newest assessment of the project; null before the first."""
        return reports.newest(self.connection, self.kept, self.project)

    @cached_property
    def summary(self) -> queries.Summary:
        """The headline numbers of the project."""
        return queries.summary(self.connection, self.project, self.report)

    def once(self, make: "Callable[[Asked], Made]") -> Made:
        """What ``make`` gives for this request: read, tables and charts of a page may share what they read."""
        if make not in self._made:
            self._made[make] = make(self)
        found: Made = self._made[make]
        return found

    def may(self, role: str) -> bool:
        """Whether who asks is at least that, in the project where there is one."""
        return self.person.may(role, self.of.key if self.of else None)

    def keep(self, name: str, make: Callable[[], Made], *, stamp: Hashable = None) -> Made:
        """What ``make`` gives, computed once for each assessment of the project and each ``stamp``.

        For what is too slow for a request. The stamp names what it depends on beside the assessment; who asks may be
        anybody, so nothing of theirs belongs into it. Whenever somebody was forgotten it is computed anew: it may hold
        their words.
        """
        assessed = reports.stamp(self.connection, self.project) if self.of else None
        whole = (assessed, self.once(_last_forgotten), stamp)
        return self.kept.get((name, self.of.key if self.of else None), whole, make)


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did, for the audit chain: what it was done to, and why; ``words`` are those of a person."""

    subject: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] | None = None
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What is said but once, in the answer to the form itself: a secret that nothing keeps, or what a form would do.

    ``template`` stands around ``values``. What was called has recorded an event of its own where it did anything.
    """

    template: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that is the answer to a form: what it is called, what it is, and itself, open; who sends it closes it."""

    name: str
    kind: str
    content: IO[bytes]


class Refused(TiebreakError):
    """An action cannot be done as it was asked; the message says why and what to do. Nothing is written."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a reader may do on a page, by a form.

    ``act`` writes, within a transaction that ``event`` (its name in the audit chain) is part of; it may raise Refused,
    and gives null where what it called has recorded an event of its own.
    ``said`` tells the reader afterwards that it was done. ``needs`` is the role, in the project of the page.
    """

    act: "Callable[[Asked, Mapping[str, str]], Done | Told | None]"
    event: str
    said: str
    needs: Literal["viewer", "lead", "admin"] = "lead"


@dataclass(frozen=True, slots=True)
class Sent:
    """The form of an errand: about which project, by whom (as the audit chain names them), and its fields."""

    project: queries.Project
    actor: str
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that a reader may do on a page of a project for which another program is asked: it may take seconds.

    ``run`` is called outside of any transaction: it opens its own and records its own events. It raises Refused for
    what cannot be done as it was asked, and whatever TiebreakError tells that the other program failed. It is also for
    what takes long in the store, which others would wait for, and for what is answered with a file, or with what is
    about to be done.
    """

    run: Callable[[Services, Sent], Handed | Told | None]
    said: str
    needs: Literal["viewer", "lead", "admin"] = "lead"


def _last_forgotten(asked: Asked) -> int:
    return forgetting.last(asked.connection)


def there(_: Asked) -> int:
    """What is asked for is there."""
    return 200


def nothing(_: Asked) -> Sequence[Any]:
    """No tables, or no charts."""
    return ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``name`` is that of its template and its place in the navigation, where ``title`` stands.

    ``address`` is its route; one that begins with PROJECT is about a project. ``read`` gives what its template needs;
    ``tables`` and ``charts`` are made from the same Asked. ``needs``: who may see it ("anybody" who is logged in; the
    page then shows each only what they may see). ``live``: it changes by itself while it is open. ``keeps``: arguments
    that its tables and charts depend on themselves, so that files and images carry them. ``window`` is what the window
    is called where that is not ``title``; ``status`` is 404 where what the arguments ask for is not there.
    ``personal``: it shows who asks something of their own; every other page knows of them only what they may do.
    """

    name: str
    title: str
    address: str
    read: Callable[[Asked], Mapping[str, Any]]
    tables: Callable[[Asked], Sequence[Table]] = nothing
    charts: Callable[[Asked], Sequence[Chart]] = nothing
    actions: Mapping[str, Action | Errand] = field(default_factory=dict)
    needs: Literal["viewer", "lead", "admin", "anybody"] = "viewer"
    live: bool = True
    keeps: Sequence[str] = ()
    window: Callable[[Asked], str] | None = None
    status: Callable[[Asked], int] = there
    personal: bool = False

    @property
    def of_project(self) -> bool:
        """Whether it is about one project."""
        return self.address.startswith(PROJECT)

    @property
    def base(self) -> str:
        """Where its files begin: the first table is ``base.csv``."""
        return self.address if self.address != "/" else f"/{self.name}"
