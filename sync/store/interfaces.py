"""The labeling interfaces that a project had, and from when on."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from . import changes
from .tables import interface_periods, interfaces


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which a project had one interface, until the next period.

    ``interface`` is the store's key, ``number`` counts a project's interfaces, 1 first. ``since`` is the newest change
    when it was first seen, by Label Studio's clock (0 for the first): what changed later was made with it, and what
    changed after the ``since`` before it, with this one or the one before. ``seen_at`` is by our clock.
    """

    interface: int
    number: int
    label_config: str
    seen_at: int
    since: int


def keep(connection: Connection, project: int, xml: str, *, now: int, since: int) -> None:
    """The project (the store's key) has this interface now; nothing is written where it had it already.

    Another one concerns every task of the project.
    """
    with changes.concerning(connection, project) as touched:
        if _kept(connection, project, xml, now, since):
            touched.add(changes.EVERYTHING)


def _kept(connection: Connection, project: int, xml: str, now: int, since: int) -> bool:
    """Whether it had another one until now."""
    digest = hashlib.sha256(xml.encode()).hexdigest()
    known = select(interfaces.c.id).where(interfaces.c.project == project, interfaces.c.hash == digest)
    key = connection.execute(known).scalar()
    if key is None:
        made = insert(interfaces).values(project=project, seen_at=now, label_config=xml, hash=digest)
        key = connection.execute(made.returning(interfaces.c.id)).scalar_one()
    newest = (
        select(interface_periods.c.interface)
        .where(interface_periods.c.project == project)
        .order_by(interface_periods.c.id.desc())
    )
    before = connection.execute(newest.limit(1)).scalar()
    if before == key:
        return False
    begins = 0 if before is None else since
    connection.execute(insert(interface_periods).values(project=project, interface=key, seen_at=now, since=begins))
    return True


def periods(connection: Connection, project: int) -> list[Period]:
    """What interfaces the project (the store's key) had, the first one first; one that came back stands there twice."""
    query = (
        select(interface_periods, interfaces.c.label_config)
        .join(interfaces, interfaces.c.id == interface_periods.c.interface)
        .where(interface_periods.c.project == project)
        .order_by(interface_periods.c.id)
    )
    numbers: dict[int, int] = {}
    return [
        Period(
            row.interface, numbers.setdefault(row.interface, len(numbers) + 1), row.label_config, row.seen_at, row.since
        )
        for row in connection.execute(query)
    ]
