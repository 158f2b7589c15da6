"""Drift is looked for once a day, in no more tasks than a run has time for, the same on both databases."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.drift_report import kept
from sync.drift_report.kept import DAY, DRIFT, keep_drift
from sync.store import summaries
from sync.store.engine import Store
from sync.store.tables import annotation_versions

from ..dashboard.stage import HOUR, LABELS, START, Stage, stage, texts
from ..stores import new_store

NOW = START + 980 * HOUR
TASKS = 120


def changed(one: Stage, tasks: int = TASKS) -> Stage:
    """Two people agree; in the second half of the tasks every answer is negative."""
    rng = random.Random(4)
    one.people({1: "Ann", 2: "Bo"}).create(texts(tasks))
    truth = [rng.choice(LABELS[:2]) if place < tasks // 2 else LABELS[2] for place in range(tasks)]
    return given(one, [(place, who, label) for place, label in enumerate(truth) for who in (1, 2)])


def given(one: Stage, said: Sequence[tuple[int, int, str]]) -> Stage:
    """Answers that stand in Label Studio's own form too, as ``tiebreak drift`` reads them."""
    before = one.versions
    one.answer(said)
    with one.store.begin() as connection:
        for place, (_, _, label) in enumerate(said, before + 1):
            region = {"from_name": one.control, "to_name": "text", "type": "choices", "value": {"choices": [label]}}
            mine = annotation_versions.c.hash == str(place)
            connection.execute(update(annotation_versions).where(mine).values(result=[{"id": "r", **region}]))
    return one.assess()


def found(one: Stage) -> summaries.Summary:
    with one.store.read() as connection:
        known = summaries.of(connection, one.key, DRIFT)
    assert known is not None
    return known


def test_it_is_looked_for_once_a_day_and_only_where_something_changed(tmp_path: Path) -> None:
    one = changed(stage(tmp_path), 60)
    assert keep_drift(one.store, one.key, one.settings, lambda: NOW)
    given(one, [(0, 3, "neutral")])
    assert not keep_drift(one.store, one.key, one.settings, lambda: NOW + 1)
    assert keep_drift(one.store, one.key, one.settings, lambda: NOW + DAY)
    assert not keep_drift(one.store, one.key, one.settings, lambda: NOW + 2 * DAY)
    one.store.close()


def test_of_many_tasks_some_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = changed(stage(tmp_path))
    monkeypatch.setattr(kept, "MOST", 80)
    keep_drift(one.store, one.key, one.settings, lambda: NOW)
    body = found(one).body
    assert (body["answered"], body["looked_at"]) == (TASKS, 80)
    tested = [test for test in body["tests"] if test["p"] is not None]
    assert max(test["before"] + test["after"] for test in tested) == 80
    assert min(test["p_adjusted"] for test in tested if test["name"] == "label_drift") <= 0.05
    one.store.close()


def test_nothing_is_looked_for_before_the_first_assessment(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(3))
    assert not keep_drift(one.store, one.key, one.settings, lambda: NOW)
    one.assess()
    assert keep_drift(one.store, one.key, one.settings, lambda: NOW)
    body = found(one).body
    assert (body["answered"], body["looked_at"], body["reason"]) == (0, 0, None)
    assert {test["p"] for test in body["tests"]} == {None}
    one.store.close()


def test_what_fits_no_interface_is_a_reason_and_stops_no_run(tmp_path: Path) -> None:
    """Answers without a region of the control."""
    one = stage(tmp_path).create(texts(3)).answer([(0, 1, "neutral"), (0, 2, "neutral")]).assess()
    with one.store.begin() as connection:
        region = {"id": "r", "from_name": "other", "to_name": "text", "type": "choices", "value": {"choices": ["x"]}}
        connection.execute(update(annotation_versions).values(result=[region]))
    assert keep_drift(one.store, one.key, one.settings, lambda: NOW)
    body = found(one).body
    assert body["tests"] == []
    assert "fits" in body["reason"]
    one.store.close()


def test_both_databases_find_the_same(any_store: Store, tmp_path: Path) -> None:
    one, other = changed(Stage(any_store), 60), changed(Stage(new_store(tmp_path / "other.sqlite3")), 60)
    for each in (one, other):
        keep_drift(each.store, each.key, each.settings, lambda: NOW)
    assert found(one).body == found(other).body
    assert any(test["p"] is not None for test in found(one).body["tests"])
    other.store.close()
