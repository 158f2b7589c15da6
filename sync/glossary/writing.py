"""Versions of the guidelines: a new one, and what changed between two with the rulings that this touches."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from label_config.errors import GuidelinesError
from label_config.guidelines import Change, Entry, diff, refuse_misfit
from label_config.parse import parse

from ..errors import SettingsError
from ..store import guideline_versions, projects
from ..store.guideline_versions import GuidelineVersion
from ..store.guidelines import Touched, touched_by, unknown_tasks
from .kept import keep_now

LONGEST = 2000
"""Characters of what changed, at most."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one version to another (0: nothing was written yet), and the rulings that this touches."""

    before: int
    after: int
    changes: tuple[Change, ...]
    touched: Sequence[Touched]


def write(
    connection: Connection, project: int, entries: Sequence[Entry], why: str, *, now: int, actor: str
) -> GuidelineVersion | None:
    """A new version of a project's (the store's key) guidelines; null where nothing changed.

    Raises SettingsError without a reason, GuidelinesError for entries about what the labeling interface, or the
    project, does not have.
    """
    if not why.strip() or len(why) > LONGEST:
        raise SettingsError(
            f"--why has {len(why.strip())} characters: say what changed in 1 to {LONGEST}, reviewers read it"
        )
    refuse_misfit(entries, parse(projects.label_config(connection, project)))
    for entry in entries:
        if unknown := unknown_tasks(connection, project, entry.tasks):
            raise GuidelinesError(
                f"entry {entry.id!r}: the project has no task {unknown[0]} in the store: is the id right?"
            )
    made = guideline_versions.add(connection, project, entries, why.strip(), now=now, actor=actor)
    if made is not None:
        keep_now(connection, project, now)
    return made


def refuse_another(connection: Connection, project: int, known: GuidelineVersion | None) -> None:
    """Raises SettingsError where another version than ``known`` is the newest: what it says would be undone unseen."""
    newest = guideline_versions.newest(connection, project)
    if newest is not None and (known is None or newest.id != known.id):
        raise SettingsError(
            f"version {newest.number} was written meanwhile, by {newest.made_by}: `tiebreak guidelines list` shows it"
        )


def difference(connection: Connection, project: int, before: int | None = None, after: int | None = None) -> Difference:
    """Between two versions: by default the one that was published last, and the newest. Raises SettingsError."""
    old = guideline_versions.published(connection, project) if before is None else version(connection, project, before)
    new = version(connection, project, after)
    changes = diff(old.entries if old else (), new.entries)
    return Difference(old.number if old else 0, new.number, changes, touched_by(connection, project, changes))


def version(connection: Connection, project: int, number: int | None) -> GuidelineVersion:
    """A version by number, by default the newest. Raises SettingsError where there is none."""
    found = (
        guideline_versions.newest(connection, project)
        if number is None
        else guideline_versions.numbered(connection, project, number)
    )
    if found is None:
        raise SettingsError(
            "no guidelines were written yet: `tiebreak guidelines edit` begins"
            if number is None
            else f"the guidelines have no version {number}: `tiebreak guidelines list` shows those there are"
        )
    return found
