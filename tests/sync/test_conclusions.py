"""What was concluded is written where it is another than before, in either store; many rows at once are as any rows."""

import gc

import pytest
from sqlalchemy import insert, select, text

from label_config.answers import Choices
from sync.collecting import USUAL, old_ones_left
from sync.labelstudio.wire import RemoteProject
from sync.quality.records import ControlConsensus, TaskConsensus
from sync.store import conclusions, projects
from sync.store.engine import Store
from sync.store.tables import consensus, tasks

REMOTE = RemoteProject(7, "Scene", "", 1, "<View/>", "", "", 1, False)
KEY = 1


def found(*said: TaskConsensus) -> ControlConsensus:
    return ControlConsensus("mood", "majority", "", said, ())


def task(number: int, label: str = "good", confidence: float = 0.75) -> TaskConsensus:
    return TaskConsensus(number, Choices((label,)), confidence, {label: confidence, 'a "b", {c}': 1 - confidence}, 3)


@pytest.fixture
def filled(any_store: Store) -> Store:
    """A project with three tasks, the store's keys 1 to 3."""
    with any_store.begin() as connection:
        key = projects.remember(connection, REMOTE, kind="source", now=1).key
        row = {"project": key, "created_at": 1, "updated_at": 1, "data": {}, "meta": {}, "overlap": 1}
        connection.execute(insert(tasks), [{**row, "label_studio_id": number} for number in (1, 2, 3)])
    return any_store


def rows(store: Store) -> dict[int, tuple[object, ...]]:
    with store.read() as connection:
        query = select(consensus.c.task, consensus.c.answer, consensus.c.posterior, consensus.c.tie, consensus.c.source)
        return {row[0]: tuple(row[1:]) for row in connection.execute(query.add_columns(consensus.c.changed_at))}


def write(store: Store, now: int, *said: TaskConsensus, only: set[int] | None = None) -> int:
    with store.begin() as connection:
        return conclusions.write(connection, KEY, found(*said), {2: "ruling"}, now, only)


def test_what_stays_the_same_keeps_its_time_however_it_is_written(filled: Store) -> None:
    said = [task(number) for number in (1, 2, 3)]
    assert write(filled, 10, *said) == 3
    posterior = {"good": 0.75, 'a "b", {c}': 0.25}
    assert rows(filled)[1] == (["good"], posterior, False, "consensus", 10)
    assert rows(filled)[2] == (["good"], posterior, False, "ruling", 10)
    assert write(filled, 20, *said) == 0
    with filled.begin() as connection:
        other = r'{"a \"b\", {c}":0.25,  "good":0.75}'
        query = text("UPDATE consensus SET posterior = :it, answer = :said WHERE task = 1")
        connection.execute(query, {"it": other, "said": '[ "good" ]'})
    assert write(filled, 30, *said) == 0
    assert {row[-1] for row in rows(filled).values()} == {10}


def test_what_is_another_is_written_and_what_has_no_answer_any_more_is_withdrawn(filled: Store) -> None:
    write(filled, 10, *(task(number) for number in (1, 2, 3)))
    assert write(filled, 20, task(1, confidence=0.5), task(2, "bad")) == 3
    now = rows(filled)
    assert now[1][1] == {"good": 0.5, 'a "b", {c}': 0.5}
    assert now[2][0] == ["bad"]
    assert (now[3][0], now[3][3], {row[-1] for row in now.values()}) == (None, "withdrawn", {20})
    assert write(filled, 30, task(1, confidence=0.5), task(2, "bad")) == 0


def test_only_some_tasks_are_looked_at(filled: Store) -> None:
    write(filled, 10, *(task(number) for number in (1, 2, 3)))
    assert write(filled, 20, task(1, "bad"), task(2, "bad"), only={2}) == 1
    assert [rows(filled)[number][0] for number in (1, 2, 3)] == [["good"], ["bad"], ["good"]]


def test_a_value_that_sqlalchemy_would_have_stored_is_stored(filled: Store) -> None:
    one = TaskConsensus(1, Choices(()), 0.5, None, 2, tie=True)
    assert write(filled, 10, one) == 1
    assert rows(filled)[1] == ([], None, True, "consensus", 10)
    with filled.read() as connection:
        kept = connection.execute(text("SELECT CAST(posterior AS TEXT) FROM consensus")).scalar_one()
    assert kept == "null"


def test_old_values_are_looked_through_again_afterwards_also_after_a_failure() -> None:
    with old_ones_left():
        assert gc.get_threshold()[:2] == USUAL[:2]
        assert gc.get_threshold()[2] > 1_000_000
    assert gc.get_threshold() == USUAL
    with pytest.raises(ValueError, match="no"), old_ones_left():
        raise ValueError("no")
    assert gc.get_threshold() == USUAL
