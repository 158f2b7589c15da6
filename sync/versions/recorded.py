"""Versions beside the audit chain, which has an event of each: so one that was deleted is missed, the newest too."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, select

from ..store import label_versions
from ..store.audit_check import Fault
from ..store.audit_entries import made_of
from ..store.label_versions import StoredVersion
from ..store.tables import projects

ACTIONS = ("version created", "version restored")


def missed(connection: Connection, project: int, known: Sequence[StoredVersion]) -> Mapping[int, str]:
    """Number -> what is wrong with a version that the chain says was made; ``project`` is the store's key.

    An event that was edited itself is passed over: `tiebreak audit verify` names it.
    """
    hashes = {one.number: one.hash for one in known}
    found: dict[int, str] = {}
    for event, subject in made_of(connection, project, ACTIONS):
        number = subject.get("version")
        if not isinstance(number, int) or hashes.get(number) == subject.get("hash"):
            continue
        wrong = "is another than the one" if number in hashes else "is gone, the one"
        found[number] = f"it {wrong} that was made by event {event} of the audit chain"
    return found


def all_faults(connection: Connection, project: int, known: Sequence[StoredVersion]) -> dict[int, list[str]]:
    """Number -> what somebody edited in a version of a project (the store's key), or that it is gone: all is read."""
    wrong: dict[int, list[str]] = {}
    before = ""
    for one in known:
        if edited := label_versions.faults(connection, project, one, before):
            wrong[one.number] = edited
        before = one.hash
    for number, said_of_it in missed(connection, project, known).items():
        wrong.setdefault(number, []).append(said_of_it)
    return wrong


def faults(connection: Connection) -> Iterator[Fault]:
    """What is wrong with versions of any project, as faults of the events that tell of them; no content is read."""
    for key, number in connection.execute(select(projects.c.id, projects.c.label_studio_id).order_by("id")).all():
        known = label_versions.versions(connection, key)
        made = {subject.get("version"): event for event, subject in made_of(connection, key, ACTIONS)}
        for version, what in {**missed(connection, key, known), **label_versions.edited(known)}.items():
            yield Fault(made.get(version, 0), f"version {version} of project {number} is not as it was made: {what}")
