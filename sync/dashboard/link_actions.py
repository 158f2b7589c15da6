"""Personal links, as leads make and end them on the page of annotators: shown once, and kept as a hash alone."""

from collections.abc import Mapping

from flask import request

from ..errors import SettingsError
from ..logins.personal import PATH
from ..people.deciding import new_link
from ..store import personal_links
from ..store.personal_links import PersonalLink
from . import queries
from .actors import names_of
from .page import Action, Asked, Refused, Told
from .people import Called
from .tables.table import Column, Link, Row, Table

DAYS = range(1, 366)
USUAL = 90
"""Days that a link holds where nothing else is asked for."""
NOT_SENT_AGAIN = (
    "That link was made or ended meanwhile: load the page again. Sending a form twice would end the link that it made."
)

LINKS = (
    Column("person", "Annotator", "link", search=True),
    Column("state", "State", choices=("opened", "not opened yet", "over")),
    Column("used", "Last opened", "time"),
    Column("made", "Made", "time"),
    Column("by", "By"),
    Column("ends", "Ends", "time"),
)


def links_of(asked: Asked) -> Mapping[int, PersonalLink]:
    """Person -> the link that they have, one that is over too; nothing for whoever is no lead."""
    if not asked.may("lead"):
        return {}
    return {one.person: one for one in personal_links.links_of(asked.connection, asked.project.key)}


def links_table(asked: Asked, called: Called, people: Mapping[int, Link]) -> Table:
    """Who has a link to their own numbers; never the link itself."""
    links = list(asked.once(links_of).values())
    by = names_of(asked.connection, {one.made_by for one in links})
    rows: list[Row] = [
        {
            "number": one.person,
            "since": one.made_at,
            "person": people.get(one.person) or Link(called.name(one.person), ""),
            "state": _state(one, asked.now),
            "used": one.used_at,
            "made": one.made_at,
            "by": "a lead" if called.hidden else by[one.made_by],
            "ends": one.expires_at,
        }
        for one in links
    ]
    empty = "Nobody has one: choose somebody, and make a link to their own numbers."
    return Table("links", "Personal links", LINKS, rows, empty=empty, size=20)


def _state(one: PersonalLink, now: int) -> str:
    if one.expires_at <= now:
        return "over"
    return "not opened yet" if one.used_at is None else "opened"


def person_asked(asked: Asked, form: Mapping[str, str]) -> int:
    """Whom a form is about. Raises Refused for nobody who answered."""
    controls = asked.report.controls if asked.report else ()
    known = {one.annotator for control in controls for one in control.reliability}
    number = form.get("person", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 12 and int(number) in known):
        raise Refused("Nobody of that number answered in this project: load the page again.")
    return int(number)


def _make(asked: Asked, form: Mapping[str, str]) -> Told:
    """A new link; the one that the person had ends."""
    person = person_asked(asked, form)
    _refuse_old(asked, person, form)
    days = form.get("days", "")
    if not (days.isascii() and days.isdigit() and len(days) < 5 and int(days) in DAYS):
        raise Refused(f"Say for how many days, from {DAYS[0]} to {DAYS[-1]}.")
    key = asked.project.key
    try:
        token = new_link(asked.connection, key, person, int(days), now=asked.now, actor=asked.person.actor)
    except SettingsError as error:
        raise Refused(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    made = personal_links.find(asked.connection, token, asked.now)
    assert made is not None
    name = queries.names(asked.connection, [person])[person]
    link = f"{request.host_url.rstrip('/')}{PATH}{token}"
    return Told("link.html", {"name": name, "link": link, "ends": made.expires_at})


def _revoke(asked: Asked, form: Mapping[str, str]) -> None:
    """The link opens nothing any more."""
    number = form.get("person", "")
    person = int(number) if number.isascii() and number.isdigit() and len(number) <= 12 else -1
    _refuse_old(asked, person, form)
    if not personal_links.revoke(asked.connection, asked.project.key, person, now=asked.now, actor=asked.person.actor):
        raise Refused(NOT_SENT_AGAIN)


def _refuse_old(asked: Asked, person: int, form: Mapping[str, str]) -> None:
    """Raises Refused where the person has another link than the one that the page showed (0: none)."""
    known = asked.once(links_of).get(person)
    if form.get("since") != str(known.made_at if known else 0):
        raise Refused(NOT_SENT_AGAIN)


LINK_ACTIONS = {
    "link": Action(_make, "link made", "The link is made."),
    "unlink": Action(_revoke, "link revoked", "The link opens nothing any more."),
}
"""By their names in addresses; each records its own event."""
