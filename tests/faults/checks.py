"""What must be so after a fault and the next run: nothing lost, nothing twice, the chain of the audit whole."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from sync.pull import pull
from sync.store.audit_check import verify
from sync.store.engine import open_store
from sync.store.tables import annotation_versions, annotations, answers, codes, projects, tasks

from ..conftest import clock
from .fuse import Fuse
from .stage import Stage


@dataclass(frozen=True)
class Scene:
    """A stage before a run, what the run does where nothing disturbs it, and both worlds after it."""

    stage: Stage
    events: Sequence[str]
    expected: Mapping[str, Any]


def prepared(ready: Stage) -> Scene:
    """Run once, undisturbed."""
    ready.keep()
    fuse = Fuse()
    ready.run(fuse)
    return Scene(ready, fuse.events, ready.worlds())


def what_is_wrong(scene: Scene, ignored: Sequence[str] = ()) -> list[str]:
    """Everything that is not as an undisturbed run, and as an import from scratch, would have it."""
    ready = scene.stage
    return [
        *difference(ready.worlds(), scene.expected, ignored),
        *broken_chain(ready.url),
        *unlike_an_import(ready),
        *pushed_twice(ready),
    ]


def broken_chain(url: str) -> list[str]:
    """What is wrong with the audit chain."""
    store = open_store(url)
    found = verify(store)
    store.close()
    return [f"audit event {fault.event}: {fault.what}" for fault in found.faults]


def difference(found: Mapping[str, Any], expected: Mapping[str, Any], ignored: Sequence[str]) -> list[str]:
    return [
        f"{sign} {world}.{table}: {row}"
        for world in expected
        for table in {**expected[world], **found[world]}
        if f"{world}.{table}" not in ignored
        for sign, row in _unlike(found[world].get(table, ()), expected[world].get(table, ()))
    ]


def _unlike(found: Iterable[str], expected: Iterable[str]) -> list[tuple[str, str]]:
    pairs = (("too much", found, expected), ("missing ", expected, found))
    return [(sign, row) for sign, some, others in pairs for row in (Counter(some) - Counter(others)).elements()]


def unlike_an_import(ready: Stage, columns: Sequence[str] = ("rejected", "answers")) -> list[str]:
    """Where what the store has now of the project is not what a new store imports of it.

    ``columns``: what is compared beside what Label Studio itself says; without any, how results are read is not.
    """
    place = Path(ready.folder) / "afresh.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)
    afresh, store = open_store(f"sqlite:///{place}"), open_store(ready.url)
    try:
        with ready.gateway() as gateway:
            pull(afresh, gateway, ready.project, clock)
        with store.read() as ours, afresh.read() as theirs:
            unlike = _unlike(current(ours, ready.project, columns), current(theirs, ready.project, columns))
            return [f"{sign} beside an import from scratch: {row}" for sign, row in unlike]
    finally:
        afresh.close()
        store.close()


def current(connection: Connection, project: int, columns: Sequence[str]) -> list[str]:
    """Tasks and annotations of a project (Label Studio's id) that are there now, by content."""
    key = connection.execute(
        select(projects.c.id)
        .where(projects.c.label_studio_id == project, projects.c.deleted_at.is_(None))
        .order_by(projects.c.id.desc())
    ).scalar()
    here = tasks.c.project == key, tasks.c.deleted_at.is_(None)
    one_task = (tasks.c.label_studio_id, tasks.c.created_at, tasks.c.data, tasks.c.meta, tasks.c.overlap)
    found = [f"task {tuple(row)}" for row in connection.execute(select(*one_task).where(*here))]
    said = (
        select(
            annotation_versions,
            annotations.c.label_studio_id.label("number"),
            annotations.c.created_at,
            tasks.c.label_studio_id.label("task"),
        )
        .join(annotations, annotations.c.current == annotation_versions.c.id)
        .join(tasks, tasks.c.id == annotations.c.task)
        .where(*here, annotations.c.deleted_at.is_(None))
    )
    left_out = {"id", "annotation", "seen_at", "interface", *({"rejected"} - set(columns))}
    for row in connection.execute(said).mappings():
        shown = {name: value for name, value in row.items() if name not in left_out}
        if "answers" in columns:
            shown["answers"] = _answers(connection, row["id"])
        found.append(f"annotation {sorted(shown.items())}")
    return found


def _answers(connection: Connection, version: int) -> list[tuple[str, str]]:
    joined = select(codes.c.control, codes.c.answer).join(answers, answers.c.code == codes.c.id)
    return sorted((row.control, row.answer) for row in connection.execute(joined.where(answers.c.version == version)))


def pushed_twice(ready: Stage) -> list[str]:
    """Keys of ours that more than one task of Label Studio has."""
    with closing(sqlite3.connect(f"file:{ready.remote}?mode=ro", uri=True)) as database:
        keys = database.execute("SELECT json_extract(data, '$.tiebreak_key') FROM task").fetchall()
    counted = Counter(key for (key,) in keys if key is not None)
    return [f"{number} review tasks have the key {key}" for key, number in counted.items() if number > 1]
