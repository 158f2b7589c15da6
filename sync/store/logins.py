"""Users, what they may do where, their sessions and the tokens of their programs."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, update

from ..logins.roles import Person
from .tables import sessions, tokens, user_projects, users

HOUR = 3_600_000_000
IDLE, LONGEST = 12 * HOUR, 7 * 24 * HOUR
"""How long a session lasts without and with use (microseconds)."""
NOTED = 60_000_000
"""A use is written down when the last one is so long ago: not each page view is a write."""
TOKEN = "tiebreak_"  # noqa: S105 - what every token of a program begins with, so that it is known where it leaks


@dataclass(frozen=True, slots=True)
class User:
    """Somebody in the store, with the hash of the password; null where there is none."""

    person: Person
    password: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """A program's token, without itself: of that only a hash is kept."""

    id: int
    label: str
    made_at: int
    used_at: int | None
    expires_at: int | None


def find(connection: Connection, name: str) -> User | None:
    """The user of that name, in letters of either size; null for nobody."""
    return next(iter(_users(connection, users.c.name == name.strip().casefold())), None)


def everybody(connection: Connection) -> list[User]:
    """All users by name."""
    return _users(connection, users.c.id.is_not(None))


def is_empty(connection: Connection) -> bool:
    """Whether there is no user at all."""
    return connection.execute(select(users.c.id).limit(1)).first() is None


def _users(connection: Connection, which: ColumnElement[bool]) -> list[User]:
    rows = connection.execute(select(users).where(which).order_by(users.c.name)).all()
    where = user_projects.c.user.in_([row.id for row in rows])
    shares: dict[int, dict[int, str]] = {}
    for one in connection.execute(select(user_projects).where(where).order_by(user_projects.c.project)):
        shares.setdefault(one.user, {})[one.project] = one.role
    return [User(Person(row.name, row.role, row.id, shares.get(row.id, {})), row.password) for row in rows]


def add(connection: Connection, name: str, role: str | None, password: str | None, now: int) -> int:
    """A new user; their id."""
    values = {"name": name, "role": role, "password": password, "made_at": now}
    return int(connection.execute(insert(users).values(**values).returning(users.c.id)).scalar_one())


def remove(connection: Connection, user: int) -> None:
    """The user, what they may do, their sessions and tokens."""
    for table in (sessions, tokens, user_projects):
        connection.execute(delete(table).where(table.c.user == user))
    connection.execute(delete(users).where(users.c.id == user))


def set_role(connection: Connection, user: int, role: str | None) -> None:
    """What they may do in every project; null: nothing beside what is said of single ones."""
    connection.execute(update(users).where(users.c.id == user).values(role=role))


def set_project_role(connection: Connection, user: int, project: int, role: str | None) -> None:
    """What they may do in one project (the store's key); null: no more than everywhere."""
    mine = (user_projects.c.user == user) & (user_projects.c.project == project)
    connection.execute(delete(user_projects).where(mine))
    if role is not None:
        connection.execute(insert(user_projects).values(user=user, project=project, role=role))


def set_password(connection: Connection, user: int, password: str) -> None:
    """A new password (hashed); whoever is logged in with the old one is out."""
    connection.execute(update(users).where(users.c.id == user).values(password=password))
    connection.execute(delete(sessions).where(sessions.c.user == user))


def rehash(connection: Connection, user: int, before: str, password: str) -> None:
    """The same password, hashed with more work; nothing where it was changed meanwhile."""
    same = (users.c.id == user) & (users.c.password == before)
    connection.execute(update(users).where(same).values(password=password))


def begin_session(connection: Connection, token: str, user: int | None, now: int, key: str = "") -> None:
    """Remember who logged in; the sessions that are over are dropped. ``key`` as in ``session``."""
    over = or_(sessions.c.made_at <= now - LONGEST, sessions.c.used_at <= now - IDLE)
    connection.execute(delete(sessions).where(over))
    values = {"hash": digest(token, key), "user": user, "made_at": now, "used_at": now}
    connection.execute(insert(sessions).values(**values))


def session(connection: Connection, token: str, now: int, key: str = "") -> Row[Any] | None:
    """The live session of a token; null for none, and for one that is over.

    ``key`` is the password of the settings for a session of theirs, so that these end when it changes.
    """
    alive = (sessions.c.made_at > now - LONGEST) & (sessions.c.used_at > now - IDLE)
    return connection.execute(select(sessions).where(sessions.c.hash == digest(token, key), alive)).first()


def user_of(connection: Connection, key: int) -> User | None:
    """The user of that key of ours."""
    return next(iter(_users(connection, users.c.id == key)), None)


def use_session(connection: Connection, kept: str, now: int) -> None:
    """It was used just now."""
    connection.execute(update(sessions).where(sessions.c.hash == kept).values(used_at=now))


def end_session(connection: Connection, kept: str) -> None:
    """Whoever holds its token is out."""
    connection.execute(delete(sessions).where(sessions.c.hash == kept))


def add_token(connection: Connection, user: int, label: str, now: int, expires_at: int | None) -> str:
    """A new token of a program: shown once, and kept as a hash."""
    token = TOKEN + secrets.token_urlsafe(32)
    values = {"user": user, "hash": digest(token), "label": label, "made_at": now, "expires_at": expires_at}
    connection.execute(insert(tokens).values(**values))
    return token


def token(connection: Connection, given: str, now: int) -> Row[Any] | None:
    """The row of a token that is valid; null for none."""
    alive = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
    return connection.execute(select(tokens).where(tokens.c.hash == digest(given), alive)).first()


def use_token(connection: Connection, key: int, now: int) -> None:
    """It was used just now."""
    connection.execute(update(tokens).where(tokens.c.id == key).values(used_at=now))


def tokens_of(connection: Connection, user: int) -> list[Token]:
    """The tokens of a user, the oldest first."""
    rows = connection.execute(select(tokens).where(tokens.c.user == user).order_by(tokens.c.id))
    return [Token(row.id, row.label, row.made_at, row.used_at, row.expires_at) for row in rows]


def revoke_token(connection: Connection, user: int, key: int) -> bool:
    """Whether the user had that token; nobody gets in with it any more."""
    mine = delete(tokens).where(tokens.c.id == key, tokens.c.user == user)
    return connection.execute(mine).rowcount > 0


def digest(token: str, key: str = "") -> str:
    """What is kept of a random token: it is too long to be guessed, so one fast hash is enough."""
    return hashlib.sha256(f"{key}\n{token}".encode("utf-8", "surrogatepass")).hexdigest()
