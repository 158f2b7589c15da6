"""Which tasks were touched: who writes says so, and a write that nobody says anything of may concern all of them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from sync.labelstudio.wire import RemoteAnnotation, RemoteTask
from sync.store import changes, intake, overlaps
from sync.store import projects as kept
from sync.store.changes import EVERYTHING
from sync.store.engine import Store
from sync.store.tables import projects, reviews, tasks

from . import test_intake
from .test_intake import annotation, take


def task(number: int, at: int, *given: RemoteAnnotation, **fields: Any) -> RemoteTask:
    """It was always there, and changed last at ``at``."""
    return test_intake.task(number, at, *given, created_at=1, **fields)


def remembered(store: Store) -> int:
    """A project that was assessed when it was new."""
    key = test_intake.remembered(store)
    assert touched(store, key) == {EVERYTHING}
    settled(store, key)
    return key


def key_of(store: Store, number: int) -> int:
    with store.read() as connection:
        return int(connection.execute(select(tasks.c.id).where(tasks.c.label_studio_id == number)).scalar_one())


def touched(store: Store, project: int) -> set[int]:
    with store.read() as connection:
        return set(changes.touched_tasks(connection, project))


def settled(store: Store, project: int) -> None:
    """An assessment has seen it all."""
    with store.begin() as connection:
        changes.forget(connection, project, changes.touched_tasks(connection, project))


def test_a_page_says_which_of_its_tasks_are_others_than_before(any_store: Store) -> None:
    key = remembered(any_store)
    take(any_store, key, task(1, 1, annotation(1, 1, ["a"])), task(2, 1, annotation(2, 2, ["a"])), task(3, 1))
    one, two, three = (key_of(any_store, number) for number in (1, 2, 3))
    assert touched(any_store, key) == {one, two, three}
    settled(any_store, key)
    take(any_store, key, task(1, 9, annotation(1, 1, ["a"])), task(2, 9, annotation(2, 2, ["b"])), task(3, 9))
    assert touched(any_store, key) == {two}, "when a task was last changed says nothing"
    take(any_store, key, task(1, 9), task(3, 9, data={"t": "another"}))
    assert touched(any_store, key) == {one, two, three}
    settled(any_store, key)
    with any_store.begin() as connection:
        overlaps.write(connection, three, 7)
    with any_store.begin() as connection:
        intake.compare(connection, key, [], 5, until=1)
    assert touched(any_store, key) == {one, three}


def test_a_write_that_nobody_says_anything_of_touches_everything(any_store: Store) -> None:
    key = remembered(any_store)
    take(any_store, key, task(1, 1), task(2, 1))
    settled(any_store, key)
    with any_store.begin() as connection:
        connection.execute(reviews.update().where(reviews.c.id == -1).values(band=1))
    assert touched(any_store, key) == set()
    with any_store.begin() as connection:
        with changes.concerning(connection, key) as said:
            said.add(key_of(any_store, 1))
            connection.execute(tasks.update().values(overlap=3))
        connection.execute(tasks.update().where(tasks.c.label_studio_id == 2).values(overlap=4))
    assert touched(any_store, key) == {EVERYTHING}
    take(any_store, key, task(1, 5, data={"t": "another"}))
    assert touched(any_store, key) == {EVERYTHING}, "which tasks does not matter any more"


def test_what_was_undone_touches_nothing_and_settles_nothing(any_store: Store) -> None:
    key = remembered(any_store)
    take(any_store, key, task(1, 1))
    before = touched(any_store, key)
    with pytest.raises(RuntimeError), any_store.begin() as connection:
        changes.forget(connection, key, changes.touched_tasks(connection, key))
        connection.execute(tasks.update().values(overlap=3))
        raise RuntimeError
    with any_store.begin() as connection:
        connection.execute(projects.update().values(title="another"))
    assert touched(any_store, key) == before != set()


def test_a_block_that_fails_may_have_written_anything(any_store: Store) -> None:
    key = remembered(any_store)
    with any_store.begin() as connection, pytest.raises(RuntimeError), changes.concerning(connection, key):
        raise RuntimeError
    assert touched(any_store, key) == {EVERYTHING}


def test_what_is_touched_again_after_an_assessment_looked_stays(any_store: Store) -> None:
    key = remembered(any_store)
    take(any_store, key, task(1, 1), task(2, 1))
    with any_store.read() as connection:
        known = changes.touched_tasks(connection, key)
    take(any_store, key, task(2, 5, data={"t": "another"}))
    with any_store.begin() as connection:
        changes.forget(connection, key, known)
    assert touched(any_store, key) == {key_of(any_store, 2)}


def test_of_very_many_tasks_nobody_keeps_which(any_store: Store) -> None:
    key = remembered(any_store)
    with any_store.begin() as connection, changes.concerning(connection, key) as said:
        said.update(range(1, changes.MANY + 2))
    assert touched(any_store, key) == {EVERYTHING}


def test_another_interface_concerns_every_task_of_its_project_alone(any_store: Store) -> None:
    key = remembered(any_store)
    with any_store.begin() as connection:
        remote = replace(test_intake.PROJECT, id=8, label_config="<View><Text name='t' value='$t'/></View>")
        other = kept.remember(connection, remote, kind="source", now=2).key
    assert (touched(any_store, key), touched(any_store, other)) == (set(), {EVERYTHING})
