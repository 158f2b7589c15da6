"""Entries of the queue are found as plain loops find them, whatever is asked together: on both databases."""

import itertools
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from sync.dashboard import queue_entries
from sync.dashboard.queries import Project
from sync.dashboard.queue_entries import AGES, Choices
from sync.dashboard.tables.table import Wanted
from sync.store.engine import Store
from sync.store.tables import annotation_versions as versions
from sync.store.tables import annotations, consensus, queue, queue_times, tasks

from ..dashboard.stage import HOUR, START, Stage, crowd

NOW = START + 980 * HOUR
DAY = 24 * HOUR
WORDS = ("The lift did not work", "THE LIFT", "100 %_ sure", "Über dem Fluss", 'said "no"\nand left', "fine")
SAMPLE = 90
"""Of all combinations."""
SKILL = {1: 0.6, 2: 0.5, 3: 0.8, 4: 0.4}


@dataclass(frozen=True)
class Known:
    """An entry as a loop over the tables sees it."""

    key: tuple[int, str]
    number: int
    band: int
    priority: float
    kinds: set[str]
    labels: list[str]
    people: set[int]
    since: int | None
    text: str


def filled(store: Store) -> Stage:
    one = Stage(store).people({person: f"Person {person}" for person in SKILL})
    one.create([{"text": f"{WORDS[place % len(WORDS)]} {place}"} for place in range(60)], overlap=3)
    one.answer(crowd(54, SKILL)).assess()
    with store.begin() as connection:
        found = connection.execute(select(queue.c.task, queue.c.control).order_by(queue.c.task)).all()
        times = [
            {"task": row.task, "control": row.control, "project": one.key, "since": NOW - place * DAY}
            for place, row in enumerate(found)
            if place % 4
        ]
        connection.execute(queue_times.insert(), times)
    return one


def known(connection: Connection) -> list[Known]:
    people: dict[int, set[int]] = {}
    query = select(annotations.c.task, versions.c.annotator).join(versions, annotations.c.current == versions.c.id)
    for task, person in connection.execute(query):
        people.setdefault(task, set()).add(person)
    since = {(row.task, row.control): row.since for row in connection.execute(select(queue_times))}
    answer = {(row.task, row.control): row.answer for row in connection.execute(select(consensus))}
    task_rows = {row.id: row for row in connection.execute(select(tasks))}
    return [
        Known(
            (row.task, row.control),
            task_rows[row.task].label_studio_id,
            row.band,
            row.priority,
            {one["kind"] for one in row.findings},
            answer[row.task, row.control] or [],
            people[row.task],
            since.get((row.task, row.control)),
            task_rows[row.task].data["text"],
        )
        for row in connection.execute(select(queue))
    ]


def fits(one: Known, asked: Mapping[str, str]) -> bool:
    """By hand."""
    age = AGES.get(asked.get("since", ""))
    return (
        asked.get("band") in (None, f"P{one.band}")
        and ("reasons" not in asked or asked["reasons"] in one.kinds)
        and ("answer" not in asked or asked["answer"] in one.labels)
        and ("people" not in asked or int(asked["people"]) in one.people)
        and (age is None or (one.since is not None and one.since <= NOW - age * DAY))
    )


def in_order(some: Sequence[Known], sort: str | None, *, descending: bool) -> list[Known]:
    if sort == "since":
        dated = sorted((one for one in some if one.since is not None), key=lambda one: (one.since, one.key))
        dated.sort(key=lambda one: one.since or 0, reverse=descending)
        return [*dated, *sorted((one for one in some if one.since is None), key=lambda one: one.key)]
    if sort == "task":
        return sorted(some, key=lambda one: one.key, reverse=descending)
    return sorted(some, key=lambda one: (-one.priority, one.key))


def test_everything_that_may_be_asked_is_found_together(any_store: Store) -> None:
    one = filled(any_store)
    with any_store.read() as connection:
        every = known(connection)
        kinds = sorted({kind for entry in every for kind in entry.kinds})
        choices = Choices({kind: kind for kind in kinds}, {}, {str(person): person for person in SKILL})
        project = Project(one.key, 7, "", None)
        asked: Sequence[Sequence[Any]] = (
            (None, "P1", "P2"),
            (None, kinds[0], kinds[-1]),
            (None, "neutral"),
            (None, "2"),
            (None, "over a week"),
            ("", "lift", "%_", "über", '"no"\n', "nowhere", str(every[0].number)),
            ((None, False), ("since", True), ("task", True)),
        )
        bands, met = queue_entries.counts(connection, project), 0
        for *filters, search, (sort, descending) in random.Random(1).sample(list(itertools.product(*asked)), SAMPLE):
            names = ("band", "reasons", "answer", "people", "since")
            chosen = {name: value for name, value in zip(names, filters, strict=True) if value}
            fitting = in_order([entry for entry in every if fits(entry, chosen)], sort, descending=descending)
            for looked in (None, 5) if search == "lift" else (None,):
                wanted = Wanted(sort, descending, search, chosen, 1, 3)
                found = queue_entries.find(connection, project, wanted, choices, NOW, looked=looked, bands=bands)
                hits = [entry for entry in fitting[:looked] if matches(entry, search)]
                assert [entry.task for entry in found.entries] == [entry.number for entry in hits[1:4]], (
                    wanted,
                    looked,
                )
                assert found.total == len(hits), (wanted, looked)
                assert found.more == bool(looked and len(fitting) > looked)
                met += bool(hits)
        assert met > SAMPLE / 5


def matches(one: Known, search: str) -> bool:
    """As JSON writes it: escapes apart, English letters in either case."""
    if search.isdigit():
        return str(one.number) == search
    return json.dumps(search)[1:-1].lower() in json.dumps(one.text).lower()
