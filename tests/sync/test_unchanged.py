"""Nothing that an assessment is made from changes unnoticed, and where nothing changed nothing is read."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from label_config.results import from_canonical
from sync.assess import Assessment, assess
from sync.evidence.of_project import gather
from sync.settings import Settings
from sync.store import changes, intake, packed, projects, reading, tables
from sync.store.annotations import answers_of
from sync.store.columns import AnswerRow, ByTask
from sync.store.engine import Store
from sync.store.reading import columns_of
from sync.store.tables import (
    annotation_versions,
    annotations,
    answers,
    codes,
    corrections,
    interface_periods,
    interfaces,
    reviews,
    rulings,
    scores,
    tasks,
)

from ..dashboard.stage import START, Stage, stage, texts
from .test_intake import annotation, remembered, said, take, task

PEOPLE = {1: "Ann", 2: "Bob", 3: "Rev"}


def made(folder: Path) -> Stage:
    """A project in which everything occurs that is read."""
    one = stage(folder, settings=Settings(bootstrap=100)).create(texts(6)).people(PEOPLE)
    one.answer([(place, person, "positive" if person == 1 else "negative") for place in range(6) for person in (1, 2)])
    one.assess().score().push().rule([{"label": "neutral", "reviewer": 3}])
    return one


def judged(one: Stage, **how: Any) -> Assessment:
    return assess(one.store, one.key, one.settings.model_copy(update=how), lambda: START)


def reads(store: Store) -> list[str]:
    """What is read from now on."""
    seen: list[str] = []
    engine: Engine = store._engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    return seen


def test_every_table_that_an_assessment_reads_is_watched(tmp_path: Path) -> None:
    one = made(tmp_path)
    seen = reads(one.store)
    with one.store.read() as connection:
        columns_of(connection, one.key)
        gather(connection, one.key)
    named = set(re.findall(r"(?:FROM|JOIN) (\w+)", " ".join(seen)))
    assert named - changes.WATCHED == {"projects", "changes", "packed_answers"}
    of_projects = [statement for statement in seen if re.search(r"(?:FROM|JOIN) projects", statement)]
    assert {statement.split("FROM")[0].strip() for statement in of_projects} == {"SELECT projects.label_config"}
    one.store.close()


CHANGES: dict[str, Callable[[Stage, Any], object]] = {
    "an annotation is gone": lambda one, to: to.execute(
        annotations.update().where(annotations.c.id == 1).values(deleted_at=5)
    ),
    "an earlier version is back": lambda one, to: to.execute(
        annotations.update().where(annotations.c.id == 3).values(current=4)
    ),
    "a task is gone": lambda one, to: intake.mark_tasks_deleted(to, one.task_keys[:1], 5),
    "a task shows something else": lambda one, to: to.execute(
        tasks.update().where(tasks.c.id == one.task_keys[0]).values(data={"text": "another"})
    ),
    "the overlap is another": lambda one, to: to.execute(
        tasks.update().where(tasks.c.id == one.task_keys[0]).values(overlap=9)
    ),
    "a version is read again": lambda one, to: to.execute(
        annotation_versions.update().where(annotation_versions.c.id == 5).values(rejected="bad")
    ),
    "an answer is another": lambda one, to: to.execute(answers.update().where(answers.c.version == 7).values(code=2)),
    "a label is called otherwise": lambda one, to: to.execute(
        codes.update().where(codes.c.id == 1).values(answer='["neutral"]')
    ),
    "a ruling does not count": lambda one, to: to.execute(rulings.update().values(superseded=True)),
    "a review is an audit": lambda one, to: to.execute(reviews.update().values(action="audit")),
    "the model thinks otherwise": lambda one, to: to.execute(scores.update().values(confidence=0.123)),
    "a correction is applied": lambda one, to: to.execute(
        corrections.insert().values(
            project=one.key,
            batch=1,
            proposed_in="x",
            reason="",
            task=one.task_keys[1],
            control=one.control,
            answer='["neutral"]',
            applied_at=5,
        )
    ),
}


def test_whatever_changes_is_noticed_and_nothing_else_is(tmp_path: Path) -> None:
    one = made(tmp_path)
    judged(one)
    judged(one)
    for name, change in CHANGES.items():
        seen = reads(one.store)
        assert not judged(one).changed
        assert not any("annotations" in statement for statement in seen), "nothing is read where nothing changed"
        with one.store.begin() as connection:
            change(one, connection)
        before = len(seen)
        judged(one)
        assert any("FROM tasks" in statement for statement in seen[before:]), name
        judged(one)
    assert judged(one, consensus_method="majority").changed, "the policy"
    with one.store.begin() as connection:
        connection.execute(
            tables.projects.update().values(label_config=projects.label_config(connection, one.key) + " ")
        )
    assert judged(one, consensus_method="majority").changed, "the interface"
    one.store.close()


def test_a_change_that_was_undone_counts_and_one_of_another_kind_does_not(tmp_path: Path) -> None:
    one = made(tmp_path)

    def numbers() -> dict[str, int]:
        with one.store.read() as connection:
            return dict(changes.seen(connection))

    before = numbers()
    with pytest.raises(RuntimeError), one.store.begin() as connection:
        connection.execute(tasks.update().values(overlap=9))
        raise RuntimeError
    one.beat()
    with one.store.begin() as connection:
        connection.execute(tasks.update().where(tasks.c.id == -1).values(overlap=9))
        connection.execute(select(tasks)).all()
    after = numbers()
    assert {name for name in after if after[name] != before[name]} <= {"tasks"}
    with one.store.begin() as connection:
        connection.execute(interfaces.insert().values(project=one.key, seen_at=1, label_config="<View/>", hash="h"))
        connection.execute(interface_periods.insert().values(project=one.key, interface=1, seen_at=1, since=0))
    assert numbers()["interface_periods"] == 1
    one.store.close()


def test_statements_in_words_write_to_no_table_that_is_watched() -> None:
    """They would not be noticed: see ``changes.watch``."""
    found = []
    for file in Path("sync").rglob("*.py"):
        if "migrations" not in file.parts:
            written = re.findall(r"(?:INSERT INTO|UPDATE|DELETE FROM) ([a-z_]+)", file.read_text())
            found += [(file.name, name) for name in written if name in changes.WATCHED]
    assert found == []


def plainly(store: Store, key: int) -> list[AnswerRow]:
    """The answers that count, one row after the other."""
    with store.read() as connection:
        said = {
            row.version: [(row.control, from_canonical(row.answer))]
            for row in connection.execute(select(answers.c.version, codes).join(codes, codes.c.id == answers.c.code))
        }
        query = (
            select(annotation_versions, annotations.c.task)
            .join(annotations, annotations.c.current == annotation_versions.c.id)
            .join(tasks, tasks.c.id == annotations.c.task)
            .where(tasks.c.deleted_at.is_(None), annotations.c.deleted_at.is_(None), tasks.c.project == key)
        )
        latest: dict[tuple[int, int], Any] = {}
        for row in sorted(connection.execute(query), key=lambda one: (one.updated_at, one.id)):
            if not (row.was_cancelled or row.ground_truth or row.rejected or row.annotator is None):
                latest[row.task, row.annotator] = row
    return [
        AnswerRow(task, person, control, answer, row.updated_at, row.lead_time)
        for (task, person), row in sorted(latest.items())
        for control, answer in said.get(row.id, ())
    ]


def page(rng: random.Random, now: int) -> list[Any]:
    """Some tasks as Label Studio has them now: with new annotations, edited ones, and without those that are gone."""
    found = []
    for number in rng.sample(range(1, 8), 4):
        given = [
            annotation(
                100 * number + n,
                number,
                rng.choice([["a"], ["b"], ["c"], [{"bad": True}]]),
                by=rng.choice([1, 2, 3, None]),
                updated_at=rng.choice([now, 50]),
                was_cancelled=rng.random() < 0.1,
                ground_truth=rng.random() < 0.1,
                lead_time=rng.choice([None, 1.5]),
            )
            for n in range(rng.randrange(5))
        ]
        found.append(task(number, rng.choice([1, 1, 1, now]), *given))
    return found


def test_columns_and_their_block_are_the_answers_after_any_history(any_store: Store) -> None:
    key, rng = remembered(any_store), random.Random(3)
    occurred, most = set(), 0
    for now in range(100, 125):
        take(any_store, key, *page(rng, now), now=now)
        with any_store.begin() as connection:
            seen = changes.seen(connection)
            excluded = columns_of(connection, key)[1]
            rows, again = answers_of(connection, key)
            packed.keep(connection, key, packed.block_of(reading.read(connection, key)), seen)
        assert rows == plainly(any_store, key) and again == excluded
        assert len(said(any_store, key)) == len(rows)
        with any_store.read() as connection:
            kept = packed.block(connection, key, changes.seen(connection))
            block = kept.columns()
            assert list(block) == rows and kept.excluded == excluded
            assert [block[at] for at in range(len(rows))] == block[:] == rows
        by_task = ByTask(block)
        assert [row for task in by_task for row in by_task[task]] == rows and by_task.get(-1) is by_task.get(10**9)
        occurred |= {name for name in ("rejected", "duplicates", "anonymous", "cancelled") if getattr(excluded, name)}
        most = max(most, len(rows))
    assert most > 5 and len(occurred) == 4
