"""What `tiebreak users` does: each change in one transaction, with its event in the audit chain."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ..errors import SettingsError
from ..store import audit, forgotten_logins, logins, projects
from ..store.engine import Store, erase_for_good
from ..store.logins import User
from .passwords import checked, hashed
from .roles import ROLES

DAY = 24 * logins.HOUR
NAME = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,98}[^\s\x00-\x1f\x7f])?")
NONE = "none"
"""The role of who may do nothing but what is said of single projects."""


def add(store: Store, name: str, role: str, password: str | None, now: int, *, only: tuple[int, ...] = ()) -> None:
    """A new user with a role in ``only`` these projects (Label Studio's ids), in all where none is named.

    ``password`` null: nobody logs in by it, only a proxy's header and tokens let the user in. Raises SettingsError,
    and NotPulled for a project that is not in the store.
    """
    known, wanted = _name(name), _role(role, single=bool(only))
    kept = None if password is None else hashed(checked(password))
    with store.begin() as connection:
        if logins.find(connection, known) is not None:
            raise SettingsError(f"there is a user {known!r} already: `tiebreak users role` changes what they may do")
        keys = [projects.source(connection, one).key for one in only]
        user = logins.add(connection, known, None if only else wanted, kept, now)
        for key in keys:
            logins.set_project_role(connection, user, key, wanted)
        _record(connection, "user added", user, now, {"role": wanted, "projects": list(only)}, {"name": known})


def remove(store: Store, name: str, now: int, *, forget: bool = False) -> bool:
    """Take a user out: their sessions and tokens end. Whether nobody is left.

    ``forget``: the name goes from the audit chain, too, and what they wrote there.
    """
    with store.begin() as connection:
        user = _user(connection, name)
        if forget:
            erase_for_good(connection)
        logins.remove(connection, user)
        _record(connection, "user removed", user, now)
        if forget:
            forgotten_logins.forget(connection, user, now)
        last = logins.is_empty(connection)
    if forget:
        store.leave_nothing_behind()
    return last


def set_role(store: Store, name: str, role: str, now: int, *, only: tuple[int, ...] = ()) -> None:
    """What a user may do from now on: in ``only`` these projects, in all where none is named."""
    wanted = _role(role, single=bool(only), none=True)
    with store.begin() as connection:
        user = _user(connection, name)
        for key in [projects.source(connection, one).key for one in only]:
            logins.set_project_role(connection, user, key, wanted)
        if not only:
            logins.set_role(connection, user, wanted)
        _record(connection, "user role", user, now, {"role": role, "projects": list(only)})


def set_password(store: Store, name: str, password: str, now: int) -> None:
    """A new password: whoever is logged in as the user is out; tokens stay."""
    kept = hashed(checked(password))
    with store.begin() as connection:
        user = _user(connection, name)
        logins.set_password(connection, user, kept)
        _record(connection, "user password", user, now)


def new_token(store: Store, name: str, label: str, days: int, now: int) -> str:
    """A token for a program that acts as the user; ``days`` 0: it does not end by itself."""
    with store.begin() as connection:
        user = _user(connection, name)
        token = logins.add_token(connection, user, label, now, now + days * DAY if days else None)
        _record(connection, "token made", user, now, {"days": days})
    return token


def revoke(store: Store, name: str, number: int, now: int) -> None:
    """A token lets nobody in any more; raises SettingsError where the user has none of that number."""
    with store.begin() as connection:
        user = _user(connection, name)
        if not logins.revoke_token(connection, user, number):
            raise SettingsError(f"{name} has no token {number}: `tiebreak users list` shows those there are")
        _record(connection, "token revoked", user, now, {"token": number})


def listing(store: Store) -> list[dict[str, Any]]:
    """Every user by name: what they may do and which tokens they have. No hash is among it."""
    with store.read() as connection:
        numbers = {one.key: one.label_studio_id for one in projects.sources(connection)}
        return [_listed(connection, user, numbers) for user in logins.everybody(connection)]


def _listed(connection: Connection, user: User, numbers: Mapping[int, int]) -> dict[str, Any]:
    person = user.person
    assert person.id is not None
    return {
        "name": person.name,
        "role": person.role,
        "projects": {str(numbers[key]): role for key, role in person.projects.items() if key in numbers},
        "password": user.password is not None,
        "tokens": [
            {
                "id": one.id,
                "label": one.label,
                "made_at": one.made_at,
                "used_at": one.used_at,
                "ends_at": one.expires_at,
            }
            for one in logins.tokens_of(connection, person.id)
        ],
    }


def _name(given: str) -> str:
    name = unicodedata.normalize("NFC", given.strip()).casefold()
    if not NAME.fullmatch(name) or ":" in name:
        raise SettingsError(f"{given!r:.80} is no name: 1 to 100 characters, no colon among them")
    return name


def _role(role: str, *, single: bool, none: bool = False) -> str | None:
    known = [*(ROLES[:-1] if single else ROLES), *([NONE] if none else [])]
    if role not in known:
        raise SettingsError(
            f"role {role!r:.80}: {'in single projects ' if single else ''}there are: {', '.join(known)}"
        )
    return None if role == NONE else role


def _user(connection: Connection, name: str) -> int:
    found = logins.find(connection, name)
    if found is None or found.person.id is None:
        raise SettingsError(f"there is no user {name!r:.80}: `tiebreak users list` names them")
    return found.person.id


def _record(
    connection: Connection,
    action: str,
    user: int,
    now: int,
    why: Mapping[str, Any] | None = None,
    words: Mapping[str, str] | None = None,
) -> None:
    subject = {"login": user}
    audit.record(connection, now=now, actor=audit.COMMAND_LINE, action=action, subject=subject, why=why, words=words)
