"""What a lead decides about somebody, checked: who it is, why, and whether it changes anything."""

from sqlalchemy import Connection, select

from ..errors import SettingsError
from ..store import decisions, forgetting, personal_links
from ..store.decisions import ACTIONS, PAUSE, RESUME, Decision
from ..store.tables import annotators

LONGEST = 2000
"""Characters of a reason, at most."""
DAY = 86_400_000_000


def person_of(connection: Connection, project: int, called: str) -> int:
    """Label Studio's id of somebody who answered in a project (the store's key), by id or address.

    Raises SettingsError, which says what to do.
    """
    number = forgetting.person_called(connection, called)
    if number is None or number not in decisions.people_of(connection, project):
        raise SettingsError(
            f"nobody called {called!r:.80} answered a task of this project: give the Label Studio user id, or the "
            "address; `tiebreak people list` names everybody"
        )
    return number


def decide(
    connection: Connection, project: int, person: int, action: str, reason: str, *, now: int, actor: str
) -> Decision:
    """Pause, coach or resume somebody; raises SettingsError without a reason, or where nothing would change."""
    if action not in ACTIONS:
        raise SettingsError(f"{action!r:.80} cannot be decided about anybody: there are {', '.join(ACTIONS)}")
    if not reason.strip():
        raise SettingsError("--why is empty: say why, in words that you would say to the person")
    if len(reason) > LONGEST:
        raise SettingsError(f"a reason has at most {LONGEST} characters; this one has {len(reason)}")
    is_paused = person in decisions.paused(connection, project)
    if action == PAUSE and is_paused:
        raise SettingsError(f"{_name(connection, person)} is paused already: resuming ends it")
    if action == RESUME and not is_paused:
        raise SettingsError(f"{_name(connection, person)} is not paused: there is nothing to resume")
    return decisions.decide(connection, project, person, action, reason, now=now, actor=actor)


def _name(connection: Connection, person: int) -> str:
    """What somebody is called: the name, else the address, else the id."""
    row = connection.execute(select(annotators).where(annotators.c.id == person)).first()
    return (row.name.strip() or row.email if row else "") or f"user {person}"


def new_link(connection: Connection, project: int, person: int, days: int, *, now: int, actor: str) -> str:
    """The token of a new personal link that ends after ``days``; raises SettingsError for who asked to be forgotten."""
    if forgetting.is_forgotten(connection, person):
        raise SettingsError(f"user {person} asked to be forgotten: a link would name them again")
    return personal_links.make(connection, project, person, now=now, expires_at=now + days * DAY, actor=actor)
