"""Who did something, as the audit chain names them, in words that people know."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from ..store.tables import users
from . import queries


def names_of(connection: Connection, actors: Iterable[str]) -> Mapping[str, str]:
    """Actor -> the name of the login, or of the person in Label Studio; others are called what they are."""
    found = {actor: actor for actor in actors}
    parts = {actor: actor.partition(":") for actor in found}
    logins = {int(number): actor for actor, (kind, _, number) in parts.items() if kind == "login" and number.isdigit()}
    people = {int(number): actor for actor, (kind, _, number) in parts.items() if kind == "user" and number.isdigit()}
    for row in connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(logins))):
        found[logins[row.id]] = row.name
    known = queries.names(connection, people)
    return found | {actor: known[person] for person, actor in people.items()}
