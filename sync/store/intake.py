"""A page of tasks, as Label Studio sent it, into rows: what is known is not written again, nothing is overwritten."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from ..labelstudio.wire import RemoteAnnotation, RemoteTask, RemoteUser, TaskStamp
from . import changes, fingerprint, forgetting
from .coding import write_answers
from .inserting import in_bulk
from .keys import next_keys
from .tables import annotation_versions, annotations, annotators, tasks

CHUNK = 500
"""Ids in one IN list: databases limit the number of parameters."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a result says: control -> canonical answer, or why it was set aside; and the interface it was read by."""

    answers: Mapping[str, str]
    rejected: str | None
    interface: int | None = None


Decode = Callable[[object, Mapping[str, Any], int], Decoded]
"""A result, the data of its task, and when it was last changed (by Label Studio's clock) -> what it says."""

Edit = tuple[int, RemoteAnnotation, Mapping[str, Any]]
"""The key of an annotation, as it is now, and the data of its task."""


@dataclass(slots=True)
class Taken:
    """What was new: tasks, annotations, versions of annotations, of those the rejected; what is gone."""

    tasks: int = 0
    annotations: int = 0
    versions: int = 0
    rejected: int = 0
    deleted: int = 0

    def add(self, other: "Taken") -> None:
        """Count ``other`` in."""
        self.tasks += other.tasks
        self.annotations += other.annotations
        self.versions += other.versions
        self.rejected += other.rejected
        self.deleted += other.deleted


def save_users(connection: Connection, users: Iterable[RemoteUser]) -> None:
    """Names and addresses as they are now."""
    known = {row.id: (row.name, row.email) for row in connection.execute(select(annotators))}
    for user in forgetting.still_named(connection, users):
        if user.id not in known:
            connection.execute(insert(annotators).values(id=user.id, name=user.name, email=user.email))
        elif known[user.id] != (user.name, user.email):
            changed = update(annotators).where(annotators.c.id == user.id)
            connection.execute(changed.values(name=user.name, email=user.email))


def save(connection: Connection, project: int, page: Sequence[RemoteTask], decode: Decode, now: int) -> Taken:
    """Take in tasks with all their annotations; ``project`` is the store's key."""
    taken = Taken()
    page = forgetting.without_words(connection, page)
    with changes.concerning(connection, project) as touched:
        keys = _save_tasks(connection, project, page, taken, touched, now)
        _save_annotations(connection, project, {keys[task.id]: task for task in page}, decode, taken, touched, now)
    return taken


def _save_tasks(
    connection: Connection, project: int, page: Sequence[RemoteTask], taken: Taken, touched: set[int], now: int
) -> dict[int, int]:
    """Label Studio's id -> our key."""
    known = _by_ids(connection, select(tasks).where(tasks.c.project == project), page)
    rows = {(row.label_studio_id, row.created_at): row for row in known}
    new: list[dict[str, Any]] = []
    for task in page:
        values: dict[str, Any] = {
            "updated_at": task.updated_at,
            "data": dict(task.data),
            "meta": dict(task.meta),
            "overlap": task.overlap,
            "deleted_at": None,
        }
        row = rows.get((task.id, task.created_at))
        if row is None:
            new.append({"project": project, "label_studio_id": task.id, "created_at": task.created_at, **values})
        elif any(getattr(row, name) != value for name, value in values.items()):
            connection.execute(update(tasks).where(tasks.c.id == row.id).values(**values))
            if any(getattr(row, name) != values[name] for name in ("data", "overlap", "deleted_at")):
                touched.add(row.id)
    sent = {(task.id, task.created_at) for task in page}
    found = {number: row.id for (number, created_at), row in rows.items() if (number, created_at) in sent}
    if new:
        for values, key in zip(new, next_keys(connection, tasks, len(new)), strict=True):
            values["id"] = found[values["label_studio_id"]] = key
        texts = [{**values, **{name: json.dumps(values[name]) for name in ("data", "meta")}} for values in new]
        in_bulk(connection, insert(tasks), texts)
        touched.update(values["id"] for values in new)
        taken.tasks += len(new)
    # An id that came back with another birthday: Label Studio reused it, the old task is gone.
    current = set(found.values())
    reused = [row.id for row in known if row.deleted_at is None and row.id not in current]
    taken.deleted += mark_tasks_deleted(connection, reused, now)
    touched.update(reused)
    return found


def _by_ids(connection: Connection, query: Select[Any], page: Sequence[RemoteTask | TaskStamp]) -> list[Row[Any]]:
    ids = [task.id for task in page]
    found: list[Row[Any]] = []
    for start in range(0, len(ids), CHUNK):
        found += connection.execute(query.where(tasks.c.label_studio_id.in_(ids[start : start + CHUNK]))).all()
    return found


def _save_annotations(
    connection: Connection,
    project: int,
    given: Mapping[int, RemoteTask],
    decode: Decode,
    taken: Taken,
    touched: set[int],
    now: int,
) -> None:
    known = _known_annotations(connection, list(given))
    present: set[int] = set()
    new: list[Edit] = []
    edited: list[Edit] = []
    for task, sent in given.items():
        for annotation in sent.annotations:
            row = known.get((task, annotation.id, annotation.created_at))
            if row is None:
                new.append((task, annotation, sent.data))
                touched.add(task)
                continue
            present.add(row.id)
            if row.hash != _hash(annotation) or row.updated_at != annotation.updated_at or row.deleted_at is not None:
                edited.append((row.id, annotation, sent.data))
                touched.add(task)
    keys = next_keys(connection, annotations, len(new))
    born = [
        {"id": key, "task": task, "label_studio_id": one.id, "created_at": one.created_at}
        for key, (task, one, _) in zip(keys, new, strict=True)
    ]
    edited = [(key, one, data) for key, (_, one, data) in zip(keys, new, strict=True)] + edited
    taken.annotations += len(new)
    _save_versions(connection, project, edited, born, decode, taken, now)
    gone = [row for row in known.values() if row.id not in present and row.deleted_at is None]
    taken.deleted += mark_annotations_deleted(connection, [row.id for row in gone], now)
    touched.update(row.task for row in gone)


def _known_annotations(connection: Connection, keys: Sequence[int]) -> dict[tuple[int, int, int], Row[Any]]:
    query = select(annotations, annotation_versions.c.hash, annotation_versions.c.updated_at).join(
        annotation_versions, annotation_versions.c.id == annotations.c.current, isouter=True
    )
    found = {}
    for start in range(0, len(keys), CHUNK):
        for row in connection.execute(query.where(annotations.c.task.in_(keys[start : start + CHUNK]))):
            found[(row.task, row.label_studio_id, row.created_at)] = row
    return found


def _hash(annotation: RemoteAnnotation) -> str:
    """Of everything that somebody can change in an annotation."""
    return fingerprint.of_version(
        annotation.completed_by,
        annotation.updated_by,
        annotation.was_cancelled,
        annotation.ground_truth,
        annotation.lead_time,
        annotation.result,
    )


def _save_versions(
    connection: Connection,
    project: int,
    edited: Sequence[Edit],
    born: Sequence[dict[str, Any]],
    decode: Decode,
    taken: Taken,
    now: int,
) -> None:
    """A new version each, its answers, and the pointer to it; ``born`` are the rows of the first, which are new too."""
    if not edited:
        return
    decoded = [decode(one.result, data, one.updated_at) for _, one, data in edited]
    rows = [
        {
            "annotation": key,
            "updated_at": one.updated_at,
            "seen_at": now,
            "annotator": one.completed_by,
            "updated_by": one.updated_by,
            "was_cancelled": one.was_cancelled,
            "ground_truth": one.ground_truth,
            "lead_time": one.lead_time,
            "result": json.dumps(one.result),
            "rejected": None if one.was_cancelled else said.rejected,
            "hash": _hash(one),
            "interface": said.interface,
        }
        for (key, one, _), said in zip(edited, decoded, strict=True)
    ]
    versions = _versions_seen_before(connection, rows, len(born))
    fresh = [place for place in range(len(rows)) if place not in versions]
    versions |= zip(fresh, next_keys(connection, annotation_versions, len(fresh)), strict=True)
    in_bulk(connection, insert(annotations), [{**row, "current": versions[at]} for at, row in enumerate(born)])
    in_bulk(connection, insert(annotation_versions), [{**rows[place], "id": versions[place]} for place in fresh])
    if fresh:
        write_answers(connection, project, {versions[place]: decoded[place].answers for place in fresh})
    changed = [{"row": rows[at]["annotation"], "now": versions[at]} for at in range(len(born), len(rows))]
    if changed:
        pointer = update(annotations).where(annotations.c.id == bindparam("row"))
        connection.execute(pointer.values(current=bindparam("now"), deleted_at=None), changed)
    taken.versions += len(fresh)
    taken.rejected += sum(rows[place]["rejected"] is not None for place in fresh)


def _versions_seen_before(connection: Connection, rows: Sequence[Mapping[str, Any]], new: int) -> dict[int, int]:
    """Place -> key of the versions that we have already, of an annotation that was gone and is back.

    The first ``new`` rows are of annotations that were never seen before.
    """
    known: dict[tuple[int, int, str], int] = {}
    keys = [row["annotation"] for row in rows[new:]]
    for start in range(0, len(keys), CHUNK):
        query = select(annotation_versions).where(annotation_versions.c.annotation.in_(keys[start : start + CHUNK]))
        for row in connection.execute(query):
            known[(row.annotation, row.updated_at, row.hash)] = row.id
    kept = {}
    for place, given in enumerate(rows) if known else ():
        version = known.get((given["annotation"], given["updated_at"], given["hash"]))
        if version is not None:
            kept[place] = version
    return kept


def read_rejected_again(connection: Connection, project: int, decode: Decode) -> int:
    """The labeling interface changed: read again what could not be read so far. How many can be read now.

    What was valid stays as it is: it was read by the interface of its time.
    """
    query = (
        select(annotation_versions, tasks.c.data)
        .join(annotations, annotations.c.id == annotation_versions.c.annotation)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(tasks.c.project == project, annotation_versions.c.rejected.is_not(None))
    )
    found = {row.id: decode(row.result, row.data, row.updated_at) for row in connection.execute(query)}
    if not found:
        return 0
    change = update(annotation_versions).where(annotation_versions.c.id == bindparam("row"))
    connection.execute(
        change.values(rejected=bindparam("why"), interface=bindparam("by")),
        [{"row": key, "why": said.rejected, "by": said.interface} for key, said in found.items()],
    )
    valid = {key: said for key, said in found.items() if said.rejected is None}
    write_answers(connection, project, {key: said.answers for key, said in valid.items()})
    return len(valid)


def mark_tasks_deleted(connection: Connection, keys: Sequence[int], now: int) -> int:
    """Label Studio no longer has these tasks (our keys), nor their annotations. How many."""
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        connection.execute(update(tasks).where(tasks.c.id.in_(part)).values(deleted_at=now))
        orphans = update(annotations).where(annotations.c.task.in_(part), annotations.c.deleted_at.is_(None))
        connection.execute(orphans.values(deleted_at=now))
    return len(keys)


def mark_annotations_deleted(connection: Connection, keys: Sequence[int], now: int) -> int:
    """Label Studio no longer has these annotations (our keys). How many."""
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        connection.execute(update(annotations).where(annotations.c.id.in_(part)).values(deleted_at=now))
    return len(keys)


def compare(
    connection: Connection,
    project: int,
    stamps: Sequence[TaskStamp],
    now: int,
    *,
    after: int = 0,
    until: int | None = None,
) -> tuple[int, list[int]]:
    """Hold the store against a sweep: mark what is gone; the Label Studio ids that must be read again.

    ``stamps`` are of all tasks there with ids above ``after`` and up to ``until`` (null: all above). Returns how many
    tasks and annotations are gone.
    """
    swept = [tasks.c.project == project, tasks.c.deleted_at.is_(None), tasks.c.label_studio_id > after]
    if until is not None:
        swept.append(tasks.c.label_studio_id <= until)
    stored = connection.execute(
        select(tasks.c.id, tasks.c.label_studio_id, tasks.c.created_at, tasks.c.updated_at).where(*swept)
    ).all()
    there = {(stamp.id, stamp.created_at): stamp for stamp in stamps}
    gone = [row.id for row in stored if (row.label_studio_id, row.created_at) not in there]
    of_task: dict[int, list[Any]] = {}
    query = (
        select(annotations.c.id, annotations.c.task, annotations.c.label_studio_id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(*swept, annotations.c.deleted_at.is_(None))
    )
    for one in connection.execute(query):
        of_task.setdefault(one.task, []).append(one)
    again = {number for number, _ in there.keys() - {(row.label_studio_id, row.created_at) for row in stored}}
    missing: list[Any] = []
    for row in stored:
        stamp = there.get((row.label_studio_id, row.created_at))
        if stamp is None:
            continue
        known = {one.label_studio_id for one in of_task.get(row.id, ())}
        missing += [one for one in of_task.get(row.id, ()) if one.label_studio_id not in stamp.annotations]
        if stamp.updated_at != row.updated_at or stamp.annotations - known:
            again.add(stamp.id)
    with changes.concerning(connection, project) as touched:
        touched.update(gone, (one.task for one in missing))
        deleted = mark_tasks_deleted(connection, gone, now)
        deleted += mark_annotations_deleted(connection, [one.id for one in missing], now)
    return deleted, sorted(again)


def differing(connection: Connection, project: int, stamps: Sequence[TaskStamp]) -> list[int]:
    """Those of some tasks (Label Studio's ids) that are not in the store as they are there."""
    query = select(tasks).where(tasks.c.project == project, tasks.c.deleted_at.is_(None))
    stored = {(row.label_studio_id, row.created_at): row for row in _by_ids(connection, query, stamps)}
    known: dict[int, set[int]] = {}
    for (task, number, _), row in _known_annotations(connection, [row.id for row in stored.values()]).items():
        if row.deleted_at is None:
            known.setdefault(task, set()).add(number)

    def differs(stamp: TaskStamp) -> bool:
        row = stored.get((stamp.id, stamp.created_at))
        return row is None or row.updated_at != stamp.updated_at or known.get(row.id, set()) != stamp.annotations

    return [stamp.id for stamp in stamps if differs(stamp)]


def size(connection: Connection, project: int) -> int:
    """How many tasks of a project (key) Label Studio still has."""
    query = select(func.count()).select_from(tasks).where(tasks.c.project == project, tasks.c.deleted_at.is_(None))
    return connection.execute(query).scalar_one()
