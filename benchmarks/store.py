"""A million annotations stored, read as columns and assessed: anew, with nothing changed, and after ten changes."""

import resource
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sqlalchemy import select

from sync.assess import assess
from sync.assess_partly import Limits
from sync.decoding import decoder
from sync.labelstudio.wire import RemoteAnnotation, RemoteProject, RemoteTask
from sync.settings import Settings
from sync.store import changes, intake, interfaces, packed, projects
from sync.store.engine import Store, open_store
from sync.store.reading import columns_of
from sync.store.tables import consensus, tasks

START = 1_790_000_000_000_000
SECOND = 1_000_000
EACH, PEOPLE, PAGE = 3, 100, 1_000
"""Annotations of a task, annotators, and tasks of a page."""
LIMITS = Limits(large=10_000)
LABELS = ("good", "mixed", "bad")
CONFIG = """<View><Text name="text" value="$text"/><Choices name="tone" toName="text">
<Choice value="good"/><Choice value="mixed"/><Choice value="bad"/></Choices></View>"""
TABLES = ("tasks", "annotations", "annotation_versions", "codes", "answers")


@dataclass(frozen=True, slots=True)
class Work:
    """What was done: how many people answer, the number before the first task, when it began, microseconds a task."""

    people: int = PEOPLE
    first: int = 0
    start: int = START
    apart: int = SECOND


WORK = Work()


def run(*, quick: bool) -> None:
    """Print seconds and megabytes; storing is beside the same rows by plain executemany."""
    count = 20_000 if quick else 1_000_000
    with TemporaryDirectory() as folder:
        place = Path(folder) / "store.sqlite3"
        store = open_store(f"sqlite:///{place}")
        with store.begin() as connection:
            remote = RemoteProject(1, "Large", "", START, CONFIG, "", "", EACH, False, count // EACH)
            key = projects.remember(connection, remote, kind="source", now=START).key
        ours = _timed(lambda: sum(_stored(store, key, page) for page in _pages(count // EACH)))
        print(f"   {count:,} annotations stored      {_said(ours)}")
        _beside(place, Path(folder) / "plain.sqlite3", ours[2])
        print(f"   on disk                     {place.stat().st_size / 1e6:7.0f} MB")
        settings = Settings(projects=(1,))
        _judged("assessed anew", store, key, settings, target=60)
        _judged("with nothing changed", store, key, settings)
        _columns(store, key)
        for at in range(10):
            _stored(store, key, [task(np.random.default_rng(at), 7 * at, count + at)])
        _judged("after 10 changed tasks", store, key, settings, target=3)
        _compared(count, store, key, settings)
        print(f"   most memory                 {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:7.0f} MB")
        store.close()


def _timed(work: Any) -> tuple[float, float, Any]:
    """Seconds, those of one core, and what came of it."""
    start, began = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - start, time.process_time() - began, found


def _said(taken: tuple[float, float, Any]) -> str:
    return f"{taken[0]:7.2f} s ({taken[1]:.2f} s of one core)"


def _judged(what: str, store: Store, key: int, settings: Settings, *, target: float | None = None) -> None:
    taken = _timed(lambda: assess(store, key, settings, lambda: START + 10**13, LIMITS))
    partial = taken[2].report["partial"]
    how = f"made of {partial['tasks']} tasks" if partial else "made of all"
    wanted = "" if target is None else f", wanted: under {target:g} s"
    print(f"   {what:<27} {_said(taken)}   {how if taken[2].changed else 'found to hold'}{wanted}", flush=True)


def _compared(count: int, store: Store, key: int, settings: Settings) -> None:
    """Many changed tasks judged by themselves, and again among everything."""
    changed = [task(np.random.default_rng(at), 11 * at, count + at) for at in range(count // EACH // 350)]
    _stored(store, key, changed)
    _judged(f"after {len(changed)} more", store, key, settings)
    ids = [task.id for task in changed]
    partly = _concluded(store, ids)
    assess(store, key, settings.model_copy(update={"full_assessment_hours": 0}), lambda: START + 10**13)
    whole = _concluded(store, ids)
    other = sum(partly[task][0] != whole[task][0] for task in partly)
    apart = float(np.mean([abs(partly[task][1] - whole[task][1]) for task in partly]))
    print(f"   of {len(partly)} answers {other} are others among everything, confidence differs by {apart:.4f}")


def _concluded(store: Store, ids: Sequence[int]) -> dict[int, tuple[Any, float]]:
    with store.read() as connection:
        query = select(consensus).join(tasks, tasks.c.id == consensus.c.task).where(tasks.c.label_studio_id.in_(ids))
        return {row.task: (row.answer, row.confidence) for row in connection.execute(query)}


def _columns(store: Store, key: int) -> None:
    with store.read() as connection:
        seen = changes.seen(connection)
        block = _timed(lambda: packed.block(connection, key, seen).columns())
        rows = _timed(lambda: columns_of(connection, key))
    print(f"   columns from their block    {_said(block)}   {len(block[2]):,} answers")
    print(f"   columns from the tables     {_said(rows)}")


def _pages(tasks: int) -> Iterator[list[RemoteTask]]:
    rng = np.random.default_rng(0)
    for start in range(0, tasks, PAGE):
        yield [task(rng, number, number) for number in range(start, min(tasks, start + PAGE))]


def task(rng: np.random.Generator, number: int, at: int, of: Work = WORK) -> RemoteTask:
    """A task that three people answered, each right as often as their number says."""
    truth, given = int(rng.integers(len(LABELS))), []
    for place, person in enumerate(rng.choice(of.people, EACH, replace=False).tolist()):
        right = rng.random() < 0.6 + 0.35 * person / of.people
        label = LABELS[truth if right else int(rng.integers(len(LABELS)))]
        result = [
            {
                "id": "abcdef1234",
                "from_name": "tone",
                "to_name": "text",
                "type": "choices",
                "value": {"choices": [label]},
            }
        ]
        born, moment = of.start + number * of.apart, of.start + at * of.apart
        given.append(
            RemoteAnnotation(
                EACH * (of.first + number) + place + 1,
                born,
                moment,
                person + 1,
                person + 1,
                False,
                False,
                float(rng.gamma(2, 5)),
                result,
            )
        )
    words = " ".join(f"word{one}" for one in rng.integers(0, 5_000, 20).tolist())
    changed = of.start + at * of.apart
    return RemoteTask(of.first + number + 1, of.start, changed, {"text": words}, {}, EACH, True, tuple(given))


def _stored(store: Store, key: int, page: Sequence[RemoteTask]) -> float:
    """Seconds of one core that storing alone took."""
    began = time.process_time()
    with store.begin() as connection:
        decode = decoder(interfaces.periods(connection, key))
        intake.save(connection, key, page, decode, START)
    return time.process_time() - began


def _beside(ours: Path, plain: Path, seconds: float) -> None:
    """The same rows by executemany, into the same tables and indexes, a page at a time."""
    source, other = sqlite3.connect(ours), sqlite3.connect(plain)
    other.execute("PRAGMA journal_mode=WAL")
    taken = 0.0
    for table in TABLES:
        for (words,) in source.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql NOTNULL", (table,)):
            other.execute(words)
        rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
        while page := rows.fetchmany(PAGE * EACH):
            start = time.process_time()
            other.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(page[0]))})", page)  # noqa: S608 - the same
            other.commit()
            taken += time.process_time() - start
    source.close()
    other.close()
    print(f"   ours {seconds:.2f} s of one core, plain executemany {taken:.2f} s: {seconds / taken:.1f} times")
