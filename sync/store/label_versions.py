"""Versions of labels in the store: what two versions have in common is there once, and nothing is ever changed.

Only this file writes these tables. Contents are found by their hash; an entry says which versions have it.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from ..errors import StoreError
from ..versions.content import Content, Place, by_control, digest, hash_of, seal
from .audit_entries import made_of
from .tables import label_confidences, label_contents, label_entries, label_tags, label_versions, projects

CONTENTS_ERASED = "labels erased"
"""The action that tells which contents hold less than they did since somebody was forgotten: hash -> hash of what they
hold."""
CHUNK = 500
"""Values in one IN list: databases limit the number of parameters."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What a version says of itself. ``number`` counts from 1 in a project; times are microseconds since 1970.

    ``as_of`` is the moment that it shows, null: when it was made. ``restored_from`` is the number of the version whose
    content it has again. ``content_hash`` is equal for equal labels; ``hash`` seals this version and those before it.
    """

    id: int
    number: int
    made_at: int
    as_of: int | None
    note: str
    restored_from: int | None
    methods: Mapping[str, str]
    policy: Mapping[str, Any]
    code_version: str
    tasks: int
    labels: int
    content_hash: str
    hash: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What is to become the newest version, beside its content."""

    made_at: int
    policy: Mapping[str, Any]
    code_version: str
    as_of: int | None = None
    note: str = ""
    restored_from: int | None = None


def versions(connection: Connection, project: int) -> list[StoredVersion]:
    """The versions of a project (the store's key), the oldest first.

    Values that somebody edited are given as they are: ``edited`` says of which versions. Raises StoreError where a
    number is none.
    """
    tags: dict[int, list[str]] = {}
    for row in connection.execute(select(label_tags).where(label_tags.c.project == project).order_by("name")):
        tags.setdefault(row.version, []).append(row.name)
    query = select(label_versions).where(label_versions.c.project == project).order_by(label_versions.c.number)
    return [_version(row, tuple(tags.get(row.id, ()))) for row in connection.execute(query)]


def _version(row: Any, tags: tuple[str, ...]) -> StoredVersion:
    read: dict[str, Any] = row._asdict()
    values: dict[str, Any] = {name: repr(value) if isinstance(value, bytes) else value for name, value in read.items()}
    values |= {name: {"edited": values[name]} for name in ("methods", "policy") if not isinstance(values[name], dict)}
    del values["project"], values["interface"]
    if not isinstance(row.number, int):
        raise StoreError(
            f"a version's number was changed in the store to {row.number!r:.80}: take the store from a backup"
        )
    return StoredVersion(**values, tags=tags)


def hold(connection: Connection, project: int) -> None:
    """Nobody else makes a version of the project until the transaction ends."""
    connection.execute(select(projects.c.id).where(projects.c.id == project).with_for_update())


def add(connection: Connection, project: int, content: Content, new: NewVersion) -> StoredVersion:
    """Keep a content as the newest version: what it has that the one before did not, and what that one had alone."""
    known = versions(connection, project)
    number = known[-1].number + 1 if known else 1
    values: dict[str, Any] = {
        "number": number,
        "made_at": new.made_at,
        "as_of": new.as_of,
        "note": new.note,
        "restored_from": new.restored_from,
        "methods": dict(content.methods),
        "policy": dict(new.policy),
        "code_version": new.code_version,
        "tasks": len(content.tasks()),
        "labels": len(content.labelled()),
        "content_hash": content.hash,
    }
    values["hash"] = _seal(values, known[-1].hash if known else "")
    (interface,) = _contents(connection, {digest(content.interface): content.interface}).values()
    row = {"project": project, "interface": interface, **values}
    key = connection.execute(insert(label_versions).values(**row).returning(label_versions.c.id)).scalar_one()
    _save_entries(connection, project, content, number)
    packed = [
        {"version": key, "control": control, "packed": _packed(content.confidences[(task, control)] for task in tasks)}
        for control, tasks in by_control(content.confidences).items()
    ]
    if packed:
        connection.execute(insert(label_confidences), packed)
    return StoredVersion(id=key, **values)


def _seal(values: Mapping[str, Any], before: str) -> str:
    names = (
        *("number", "made_at", "as_of", "note", "restored_from", "methods"),
        *("policy", "code_version", "tasks", "labels", "content_hash"),
    )
    return seal([before, *(values[name] for name in names)])


def _save_entries(connection: Connection, project: int, content: Content, number: int) -> None:
    here = (label_entries.c.project == project) & label_entries.c.until.is_(None)
    query = select(label_entries.c.task, label_entries.c.control, label_contents.c.hash).join(label_contents)
    before = {(row.task, row.control): row.hash for row in connection.execute(query.where(here))}
    hashes = content.hashes
    ended = [place for place, known in before.items() if hashes.get(place) != known]
    begun = sorted(place for place, wanted in hashes.items() if before.get(place) != wanted)
    if ended:
        one = here & (label_entries.c.task == bindparam("on")) & (label_entries.c.control == bindparam("of"))
        end = update(label_entries).where(one).values(until=number)
        connection.execute(end, [{"on": task, "of": control} for task, control in ended])
    keys = _contents(connection, {hashes[place]: content.entries[place] for place in begun})
    same = {"project": project, "since": number}
    rows = [{"task": one[0], "control": one[1], "content": keys[hashes[one]], **same} for one in begun]
    if rows:
        connection.execute(insert(label_entries), rows)


def _contents(connection: Connection, wanted: Mapping[str, str]) -> dict[str, int]:
    """Hash -> key of each text, which is stored where it is new."""
    found: dict[str, int] = {}
    hashes = sorted(wanted)
    for start in range(0, len(hashes), CHUNK):
        query = select(label_contents.c.hash, label_contents.c.id)
        rows = connection.execute(query.where(label_contents.c.hash.in_(hashes[start : start + CHUNK])))
        found |= {row.hash: row.id for row in rows}
    new = [{"hash": one, "text": wanted[one]} for one in hashes if one not in found]
    if new:
        made = insert(label_contents).returning(label_contents.c.id, sort_by_parameter_order=True)
        keys = connection.execute(made, new).scalars().all()
        found |= {row["hash"]: key for row, key in zip(new, keys, strict=True)}
    return found


def _packed(values: Iterable[int]) -> bytes:
    every = list(values)
    return zlib.compress(struct.pack(f">{len(every)}I", *every))


def content(connection: Connection, project: int, version: StoredVersion) -> Content:
    """What a version holds. Raises StoreError, which says where, for one that somebody edited."""
    found, edited = _read(connection, project, version)
    mine = (label_versions.c.project == project) & (label_versions.c.number == version.number - 1)
    before = connection.execute(select(label_versions.c.hash).where(mine)).scalar()
    edited += _sealed(version, before or "")
    if edited:
        raise StoreError(
            f"version {version.number} was changed in the store: {edited[0]}. Versions are never changed by Tiebreak: "
            "take the store from a backup, or use another version"
        )
    return found


def faults(connection: Connection, project: int, version: StoredVersion, before: str) -> list[str]:
    """What somebody edited in a version, in words; ``before`` is the hash of the version before it, "" for none."""
    return _read(connection, project, version)[1] + _sealed(version, before)


def edited(known: Sequence[StoredVersion]) -> dict[int, str]:
    """Number -> what was edited in what a version says of itself, of all versions of a project; no content is read."""
    before = ""
    found = {}
    for one in known:
        if wrong := _sealed(one, before):
            found[one.number] = wrong[0]
        before = one.hash
    return found


def _sealed(version: StoredVersion, before: str) -> list[str]:
    values = {name: getattr(version, name) for name in StoredVersion.__slots__}
    return [] if _seal(values, before) == version.hash else ["what it says of itself, or the version before it"]


def _read(connection: Connection, project: int, version: StoredVersion) -> tuple[Content, list[str]]:
    texts, hashes, edited = _entries(connection, project, version.number)
    labelled = by_control(place for place in texts if place[1])
    confidences, damaged = _confidences(connection, version.id, labelled)
    row = connection.execute(
        select(label_contents).join(label_versions).where(label_versions.c.id == version.id)
    ).first()
    if row is None:
        return Content("", texts, confidences, version.methods), ["its labeling interface is gone", *edited, *damaged]
    if digest(row.text) != row.hash:
        edited.insert(0, "its labeling interface is not what its hash says")
    found = Content(row.text, texts, confidences, version.methods)
    if not edited and not damaged and hash_of(row.hash, hashes, confidences) != version.content_hash:
        edited.append("its labels together are not what its hash says")
    return found, edited + damaged


def _entries(connection: Connection, project: int, number: int) -> tuple[dict[Place, str], dict[Place, str], list[str]]:
    """(place -> text, place -> hash, what was edited) of a version."""
    entry = label_entries.c
    query = (
        select(entry.task, entry.control, label_contents.c.hash, label_contents.c.text)
        .join(label_contents, label_contents.c.id == entry.content)
        .where(entry.project == project, entry.since <= number, entry.until.is_(None) | (entry.until > number))
    )
    texts: dict[Place, str] = {}
    hashes: dict[Place, str] = {}
    edited = []
    gone: dict[str, str] | None = None
    for row in connection.execute(query).all():
        place = (row.task, row.control)
        texts[place], hashes[place] = row.text, row.hash
        if (found := digest(row.text)) == row.hash:
            continue
        gone = _erased(connection) if gone is None else gone
        if gone.get(row.hash) != found:
            edited.append(f"task {row.task}{f', control {row.control}' if row.control else ''} is not what it was")
    return texts, hashes, sorted(edited)


def _erased(connection: Connection) -> dict[str, str]:
    """Contents that were erased on request: their hash -> the hash of what they hold since."""
    events = (subject.get("contents") for _, subject in made_of(connection, None, [CONTENTS_ERASED]))
    return {old: new for contents in events if isinstance(contents, dict) for old, new in contents.items()}


def _confidences(
    connection: Connection, version: int, labelled: Mapping[str, Sequence[int]]
) -> tuple[dict[Place, int], list[str]]:
    query = select(label_confidences).where(label_confidences.c.version == version)
    packed = {row.control: row.packed for row in connection.execute(query)}
    found: dict[Place, int] = {}
    for control, tasks in labelled.items():
        try:
            values = struct.unpack(f">{len(tasks)}I", zlib.decompress(packed[control]))
        except (KeyError, struct.error, zlib.error):
            return found, [f"the confidences of control {control} do not fit its labels"]
        found |= {(task, control): value for task, value in zip(tasks, values, strict=True)}
    return found, []


def tag(connection: Connection, project: int, version: int, name: str, now: int) -> None:
    """Give a version (its key) a name; one that another version has goes over to this."""
    mine = (label_tags.c.project == project) & (label_tags.c.name == name)
    known = connection.execute(select(label_tags.c.version).where(mine)).scalar()
    if known is None:
        values = {"project": project, "name": name, "version": version, "tagged_at": now}
        connection.execute(insert(label_tags).values(**values))
    elif known != version:
        connection.execute(update(label_tags).where(mine).values(version=version, tagged_at=now))
