"""Rates that several processes keep together: so many attempts at once, then one now and then.

GCRA: a subject's only number is the time at which all its attempts are allowed again.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, case, delete, select, update

from .inserting import insert_new
from .tables import attempts


@dataclass(frozen=True, slots=True)
class Rate:
    """``most`` attempts at once, and one more every ``every`` microseconds. ``what`` keeps rates apart."""

    what: str
    most: int
    every: int


def attempt(connection: Connection, rate: Rate, subject: str, now: int) -> int:
    """Take one attempt; 0 where it is allowed, else the microseconds to wait. A refused one counts for nothing."""
    key, latest = _key(rate, subject), now + (rate.most - 1) * rate.every
    insert_new(connection, attempts, [{"subject": key, "full_at": now}])
    later = case((attempts.c.full_at > now, attempts.c.full_at), else_=now)
    taken = (
        update(attempts)
        .where(attempts.c.subject == key, attempts.c.full_at <= latest)
        .values(full_at=later + rate.every)
    )
    if connection.execute(taken).rowcount:
        return 0
    full_at: int = connection.execute(select(attempts.c.full_at).where(attempts.c.subject == key)).scalar_one()
    return max(1, full_at - latest)


def waiting(connection: Connection, rate: Rate, subject: str, now: int) -> int:
    """The microseconds until an attempt is allowed; 0 for now. Nothing is taken."""
    query = select(attempts.c.full_at).where(attempts.c.subject == _key(rate, subject))
    return max(0, (connection.execute(query).scalar() or 0) - now - (rate.most - 1) * rate.every)


def give_back(connection: Connection, rate: Rate, subject: str) -> None:
    """It was no failure: the attempt that was taken counts for nothing."""
    mine = update(attempts).where(attempts.c.subject == _key(rate, subject))
    connection.execute(mine.values(full_at=attempts.c.full_at - rate.every))


def forget_old(connection: Connection, now: int) -> None:
    """Drop what says nothing any more."""
    connection.execute(delete(attempts).where(attempts.c.full_at <= now))


def _key(rate: Rate, subject: str) -> str:
    """Hashed: what is typed as a name is now and then a password."""
    return hashlib.sha256(f"{rate.what}\n{subject}".encode("utf-8", "surrogatepass")).hexdigest()
