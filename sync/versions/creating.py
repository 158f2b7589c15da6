"""Making versions: of now, of any moment, and again of what a version held."""

import importlib.metadata
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ..errors import SettingsError, StoreError
from ..settings import Settings
from ..store import audit, label_versions
from ..store.engine import Store
from ..store.label_versions import NewVersion, StoredVersion
from .content import Content
from .gathering import content_of, gather

LATEST, NOW = "latest", "now"
"""Names that no tag may have: the newest version, and the labels as they are."""
_TAG = re.compile(r"[A-Za-z][\w.-]{0,63}")
_NUMBER = re.compile(r"v?(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Made:
    """A version, and whether it is new: false where it was there and nothing had changed since."""

    version: StoredVersion
    new: bool


def create(
    store: Store,
    project: int,
    settings: Settings,
    clock: Callable[[], int],
    *,
    as_of: int | None = None,
    tag: str | None = None,
    note: str = "",
    actor: str = audit.TIEBREAK,
) -> Made:
    """Keep the labels of a project (the store's key) as they are, or were at ``as_of`` (microseconds since 1970).

    Where the newest version holds just these (for a moment: any version), it is that one. Raises SettingsError for a
    moment that is still to come, and for a tag that is none or that another version has.
    """
    _check_tag(tag)
    if as_of is not None and as_of > clock():
        raise SettingsError("--as-of lies in the future: nobody knows the labels of then")
    with store.read() as connection:
        content = content_of(gather(connection, project, as_of), settings)
    new = NewVersion(clock(), policy_of(settings), code_version(), as_of, note)
    with store.begin() as connection:
        return keep(connection, project, content, new, tag=tag, anywhere=as_of is not None, actor=actor)


def keep(
    connection: Connection,
    project: int,
    content: Content,
    new: NewVersion,
    *,
    tag: str | None,
    anywhere: bool = False,
    actor: str = audit.TIEBREAK,
) -> Made:
    """Make it the newest version, unless that one holds the same (``anywhere``: unless any one does)."""
    label_versions.hold(connection, project)
    known = label_versions.versions(connection, project)
    if not content.entries and (anywhere or not known):
        raise StoreError(f"there is nothing to keep: the project {'had no tasks then' if anywhere else 'has no tasks'}")
    same = [one for one in (known if anywhere else known[-1:]) if one.content_hash == content.hash]
    made = Made(same[-1], False) if same else Made(label_versions.add(connection, project, content, new), True)
    if tag is not None:
        _refuse_taken(known, made.version.number, tag)
        label_versions.tag(connection, project, made.version.id, tag, new.made_at)
    if made.new:
        _tell(connection, project, made.version, actor)
    if tag is not None and tag not in made.version.tags:
        _tell_tag(connection, project, made.version, tag, new.made_at, actor)
    return made


def _tell(connection: Connection, project: int, made: StoredVersion, actor: str) -> None:
    audit.record(
        connection,
        now=made.made_at,
        actor=actor,
        action="version restored" if made.restored_from else "version created",
        project=project,
        subject={"version": made.number, "content_hash": made.content_hash, "hash": made.hash},
        why={
            **({"restored_from": made.restored_from} if made.restored_from else {}),
            **({"as_of": made.as_of} if made.as_of is not None else {}),
            "tasks": made.tasks,
            "labels": made.labels,
        },
        words={"note": made.note} if made.note else None,
    )


def _tell_tag(connection: Connection, project: int, made: StoredVersion, tag: str, now: int, actor: str) -> None:
    subject = {"version": made.number, "hash": made.hash, "tag": tag}
    audit.record(connection, now=now, actor=actor, action="version tagged", project=project, subject=subject)


def give_tag(
    store: Store,
    project: int,
    named: str,
    tag: str,
    clock: Callable[[], int],
    *,
    move: bool = False,
    actor: str = audit.TIEBREAK,
) -> StoredVersion:
    """Name a version. Raises SettingsError for a tag that another one has, unless it is to ``move``."""
    with store.begin() as connection:
        return put_tag(connection, project, named, tag, clock(), move=move, actor=actor)


def put_tag(
    connection: Connection,
    project: int,
    named: str,
    tag: str,
    now: int,
    *,
    move: bool = False,
    actor: str = audit.TIEBREAK,
) -> StoredVersion:
    """The same within a transaction."""
    _check_tag(tag)
    version = version_named(connection, project, named)
    if not move:
        _refuse_taken(label_versions.versions(connection, project), version.number, tag)
    if tag not in version.tags:
        label_versions.tag(connection, project, version.id, tag, now)
        _tell_tag(connection, project, version, tag, now, actor)
    return version


def _check_tag(tag: str | None) -> None:
    if tag is None:
        return
    if not _TAG.fullmatch(tag) or _NUMBER.fullmatch(tag) or tag in (LATEST, NOW):
        raise SettingsError(
            f"the tag {tag!r} cannot be used: letters, digits, '.', '_' and '-', at most 64, a letter first, and "
            "neither a number nor `latest` or `now`"
        )


def _refuse_taken(known: list[StoredVersion], number: int, tag: str) -> None:
    for one in known:
        if tag in one.tags and one.number != number:
            raise SettingsError(
                f"version {one.number} is tagged {tag!r} already: choose another tag, or move it with "
                f"`tiebreak version tag {number} {tag} --move`"
            )


def version_named(connection: Connection, project: int, named: str) -> StoredVersion:
    """The version of a number (3, v3), a tag, the first characters of its content hash, or `latest`.

    Raises SettingsError that lists what there is.
    """
    known = label_versions.versions(connection, project)
    if not known:
        raise SettingsError("the project has no version yet: `tiebreak version create` makes one")
    if named == LATEST:
        return known[-1]
    number = _NUMBER.fullmatch(named)
    for one in known:
        if named in one.tags or (number is not None and int(number[1]) == one.number):
            return one
    found = [one for one in known if len(named) >= 7 and one.content_hash.startswith(named)]
    if found:
        return found[-1]
    tags = ", ".join(tag for one in known for tag in one.tags)
    numbers = "1" if known[-1].number == 1 else f"1 to {known[-1].number}"
    there = f"{numbers}, latest" + (f", {tags}" if tags else "")
    raise SettingsError(f"there is no version {named!r}; there are: {there}")


def policy_of(settings: Settings) -> dict[str, Any]:
    """The settings that decide what the labels are."""
    return settings.model_dump(mode="json", include={"consensus_method", "pools"})


def code_version() -> str:
    """Tiebreak's own."""
    return importlib.metadata.version("tiebreak")
