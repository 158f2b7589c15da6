"""Links that open one person's own numbers in one project: random, kept as a hash, ending by themselves."""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from .audit import record
from .logins import NOTED, digest
from .tables import personal_links

MARK = "mine_"
"""What every token of a link begins with, so that it is known where it leaks. It opens nothing that a login opens."""


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """Whose numbers a link opens: ``person`` (Label Studio's id) in ``project`` (the store's key). Never the token."""

    project: int
    person: int
    made_by: str
    made_at: int
    used_at: int | None
    expires_at: int

    def is_noted(self, now: int) -> bool:
        """Whether a use was written down so lately that this one need not be."""
        return self.used_at is not None and self.used_at > now - NOTED


def make(connection: Connection, project: int, person: int, *, now: int, expires_at: int, actor: str) -> str:
    """A new link's token, shown once and kept as a hash; the one that the person had in the project ends."""
    _remove(connection, project, person)
    token = MARK + secrets.token_urlsafe(32)
    values = {"project": project, "person": person, "hash": digest(token), "made_by": actor, "made_at": now}
    connection.execute(insert(personal_links).values(**values, expires_at=expires_at))
    subject, why = {"annotator": person}, {"expires_at": expires_at}
    record(connection, now=now, actor=actor, action="link made", project=project, subject=subject, why=why)
    return token


def revoke(connection: Connection, project: int, person: int, *, now: int, actor: str) -> bool:
    """Whether the person had a link in the project; it opens nothing any more."""
    if not _remove(connection, project, person):
        return False
    record(connection, now=now, actor=actor, action="link revoked", project=project, subject={"annotator": person})
    return True


def _remove(connection: Connection, project: int, person: int) -> bool:
    mine = (personal_links.c.project == project) & (personal_links.c.person == person)
    return connection.execute(delete(personal_links).where(mine)).rowcount > 0


def find(connection: Connection, token: str, now: int) -> PersonalLink | None:
    """What a token opens; null for one that is none, was revoked, or is over."""
    alive = (personal_links.c.hash == digest(token)) & (personal_links.c.expires_at > now)
    row = connection.execute(select(personal_links).where(alive)).first()
    if row is None:
        return None
    return PersonalLink(row.project, row.person, row.made_by, row.made_at, row.used_at, row.expires_at)


def use(connection: Connection, link: PersonalLink, now: int) -> None:
    """It was opened just now."""
    mine = (personal_links.c.project == link.project) & (personal_links.c.person == link.person)
    connection.execute(update(personal_links).where(mine).values(used_at=now))


def links_of(connection: Connection, project: int) -> list[PersonalLink]:
    """The links of a project, those that are over too, by person."""
    rows = connection.execute(
        select(personal_links).where(personal_links.c.project == project).order_by(personal_links.c.person)
    )
    return [
        PersonalLink(row.project, row.person, row.made_by, row.made_at, row.used_at, row.expires_at) for row in rows
    ]
