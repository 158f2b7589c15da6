"""Erasing what the audit chain holds of somebody who could log in to the dashboard: the name, and what they wrote."""

import json
from typing import Any

from sqlalchemy import Connection, select, update

from ..errors import StoreError
from . import logins
from .audit import COMMAND_LINE, record
from .audit_check import FORGET, login_of
from .engine import erase_for_good
from .tables import audit_details, audit_events, audit_words


def held(connection: Connection, login: int) -> list[int]:
    """The events that hold words of a login (our id), by number."""
    query = (
        select(audit_events.c.id, audit_events.c.actor, audit_details.c.text)
        .join(audit_words, audit_words.c.event == audit_events.c.id)
        .join(audit_details, audit_details.c.event == audit_events.c.id)
        .where(audit_words.c.person.is_(None), audit_words.c.text.is_not(None))
        .order_by(audit_events.c.id)
    )
    return [row.id for row in connection.execute(query) if login_of(row.actor, json.loads(row.text)) == login]


def is_known(connection: Connection, login: int) -> bool:
    """Whether any event is of that login."""
    done = select(audit_events.c.id).where(audit_events.c.actor == f"login:{login}").limit(1)
    if connection.execute(done).first() is not None:
        return True
    query = (
        select(audit_details.c.text)
        .join(audit_events, audit_events.c.id == audit_details.c.event)
        .where(audit_events.c.action.in_(("user added", FORGET)))
    )
    return any(json.loads(text)["subject"].get("login") == login for text in connection.execute(query).scalars())


def forget(connection: Connection, login: int, now: int) -> int:
    """Erase it; of how many events. Where nothing is left, nothing is written.

    Raises StoreError while the login is there: it would go on writing.
    """
    user = logins.user_of(connection, login)
    if user is not None:
        raise StoreError(
            f"login {login} can still log in: `tiebreak users remove {user.person.name}` first, or, both at once, "
            f"`tiebreak users remove {user.person.name} --forget`"
        )
    erase_for_good(connection)
    events = held(connection, login)
    if not events:
        return 0
    emptied: dict[str, Any] = {"salt": None, "text": None}
    for event in events:
        connection.execute(update(audit_words).where(audit_words.c.event == event).values(**emptied))
    why = {"audit_words": len(events)}
    record(connection, now=now, actor=COMMAND_LINE, action=FORGET, subject={"login": login}, why=why)
    return len(events)
