"""Restoring a version: as the newest one, and in the real Label Studio as ground truth, once, over nobody's answers."""

from typing import Any

import pytest
from sqlalchemy import event, update

from sync.errors import Stopped
from sync.opening import Services
from sync.pipeline import run
from sync.pull import pull
from sync.store import corrections, label_versions, projects, restored, run_log
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import Store
from sync.store.tables import restored_labels
from sync.versions.creating import create, version_named
from sync.versions.putting_back import PutBack, intend, put_back, settle_restored
from sync.versions.restoring import plan, restore

from ...conftest import RunningLabelStudio
from ...end_to_end.scenes import result, scene, services
from ...evidence.files import FOUR
from .stage import SETTINGS, clock, labels, made, moods, taken

NOBODY: Any = None
"""The Label Studio of whoever must ask it nothing."""


def test_a_restored_version_is_the_newest_one_with_the_old_content(any_store: Store) -> None:
    key = taken(any_store, FOUR)
    first = made(any_store, key).version
    taken(any_store, moods({1: {1: "no", 2: "no"}, 4: {1: "no"}}, at=3))
    made(any_store, key)
    third = restore(any_store, key, "1", clock, note="the second was wrong")
    assert (third.new, third.version.number, third.version.restored_from) == (True, 3, 1)
    assert third.version.content_hash == first.content_hash and third.version.hash != first.hash
    assert restore(any_store, key, "1", clock).new is False
    assert made(any_store, key).version.number == 4
    with any_store.read() as connection:
        before = ""
        for one in label_versions.versions(connection, key):
            assert label_versions.faults(connection, key, one, before) == []
            before = one.hash


def test_what_is_intended_counts_at_once_is_planned_once_and_gives_way_to_who_decides_later(any_store: Store) -> None:
    key = taken(any_store, FOUR)
    made(any_store, key)
    taken(any_store, moods({1: {1: "no", 2: "no"}, 4: {1: "no"}}, at=3))
    second = made(any_store, key).version
    statements: list[str] = []
    event.listen(any_store._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert settle_restored(any_store, NOBODY, key, clock) == PutBack()
    assert len([one for one in statements if one.startswith("SELECT")]) == 1, "nothing pending: one query"
    with any_store.begin() as connection:
        first = version_named(connection, key, "1")
        then, now = (label_versions.content(connection, key, one) for one in (first, second))
        others = {
            task
            for task, control in then.labelled()
            if labels(then)[(task, control)] != labels(now).get((task, control))
        }
        what = plan(connection, key, first, SETTINGS)
        assert set(what.labels) == others
        intend(connection, key, first, what, clock(), "user:1", "wrong")
        assert plan(connection, key, first, SETTINGS).labels == {}
        assert plan(connection, key, first, SETTINGS).seal() != what.seal()
        intend(connection, key, first, what, clock(), "user:1", "again")
        pending = restored.pending(connection, key)
        assert sorted(one.on for one in pending) == sorted(others), "what waits is not stored again"
        (way,) = restored.underway(connection, key)
        assert (way.version, way.done, way.total, way.at) == (1, 0, len(others), clock())
        restored.stands_as(connection, pending[0].id, 900)
        assert [(one.done, one.total) for one in restored.underway(connection, key)] == [(1, len(others))] * (
            len(others) > 1
        )
        rows = [
            {"task": one.task, "control": name, "answer": text, "reason": "", "proposed_in": "x"}
            for one in pending
            for name, text in one.answers.items()
        ]
        corrections.add(connection, key, rows, 1, clock() + 1)
    done = settle_restored(any_store, NOBODY, key, clock)
    assert done == PutBack(0, (), tuple((one.on, "somebody ruled on it since") for one in pending[1:]))
    with any_store.read() as connection:
        assert (restored.pending(connection, key), restored.underway(connection, key)) == ([], [])


@pytest.mark.label_studio
def test_labels_go_back_into_label_studio_once_and_count(label_studio: RunningLabelStudio, store: Store) -> None:
    made_there = scene(label_studio, [["good", "good"], ["bad", "bad"], ["good"]])
    outside, first, second, _ = services(label_studio, store), *made_there.tasks
    key = pull(store, outside.gateway, made_there.project, outside.clock).project
    version = create(store, key, outside.settings, outside.clock).version
    for task, label in ((first, "bad"), (second, "bad")):  # a foreign ground truth on each; the second says the same
        outside.gateway.create_annotation(task, result(label), ground_truth=True)
    pull(store, outside.gateway, made_there.project, outside.clock)
    create(store, key, outside.settings, outside.clock)
    again = restore(store, key, "1", outside.clock)
    with store.read() as connection:
        what = plan(connection, key, again.version, outside.settings)
    assert (dict(what.labels), what.left_out, what.foreign) == ({first: {"mood": '["good"]'}}, (), (first,))
    before = [one.id for one in outside.gateway.task(first).annotations]
    assert put_back(store, outside.gateway, key, again.version, what, outside.clock).ground_truths == 1
    there = outside.gateway.task(first).annotations
    (truth,) = [one for one in there if one.ground_truth]
    assert [region["value"]["choices"] for region in truth.result] == [["good"]]  # type: ignore[attr-defined]
    assert {one.id for one in there} == {*before, truth.id}
    pull(store, outside.gateway, made_there.project, outside.clock)
    with store.read() as connection:
        now = label_versions.content(connection, key, create_now(store, outside, key))
        assert labels(now) == labels(label_versions.content(connection, key, version_named(connection, key, "1")))
        # Who lost the mark of a ground truth counts as one who answered.
        assert (now.label((first, "mood")).source, len(now.label((first, "mood")).given)) == ("ruling", 3)
        empty = plan(connection, key, again.version, outside.settings)
    assert (empty.labels, version.number) == ({}, 1)
    assert put_back(store, outside.gateway, key, again.version, empty, outside.clock).ground_truths == 0
    _lose(store, key, truth.id)  # killed after Label Studio acted, before the store heard of it
    assert settle_restored(store, outside.gateway, key, outside.clock).ground_truths == 1
    assert len(outside.gateway.task(first).annotations) == len(there)
    with store.read() as connection:
        assert restored.pending(connection, key) == []
        assert projects.get(connection, key).label_studio_id == made_there.project
    _a_run_writes_what_is_intended(outside, made_there.project, key, first)


def _a_run_writes_what_is_intended(outside: Services, project: int, key: int, first: int) -> None:
    """Stopped before the first write, then killed after Label Studio acted: the next runs write it, once."""
    store, gateway = outside.store, outside.gateway
    theirs = gateway.create_annotation(first, result("good"), ground_truth=True)
    run(outside, project)
    with store.begin() as connection:
        version = version_named(connection, key, "2")
        what = plan(connection, key, version, outside.settings)
        assert (dict(what.labels), what.foreign) == ({first: {"mood": '["bad"]'}}, (first,))
        intend(connection, key, version, what, outside.clock(), "user:1", "the second was right")

    def stop() -> None:
        raise Stopped("told to stop")

    with pytest.raises(Stopped):
        settle_restored(store, gateway, key, outside.clock, go_on=stop)
    before = {one.id for one in gateway.task(first).annotations}
    assert f"task {first}: somebody else's ground truth gave way" in "\n".join(run(outside, project).warnings)
    (truth,) = [one for one in gateway.task(first).annotations if one.ground_truth]
    assert truth.id not in before and [one["value"] for one in truth.result] == [{"choices": ["bad"]}]  # type: ignore[attr-defined]
    assert {one.id for one in gateway.task(first).annotations} == {*before, truth.id} > {theirs}
    assert _said(store, project) == "1 restored label written"
    _lose(store, key, truth.id)
    assert _said(store, project, run(outside, project)) == "1 restored label written"
    assert _said(store, project, run(outside, project)) == ""
    assert {one.id for one in gateway.task(first).annotations} == {*before, truth.id}
    with store.read() as connection:
        assert label_versions.content(connection, key, create_now(store, outside, key)).label(
            (first, "mood")
        ).answer == ('["bad"]')
        told = [one for one in entries(connection, Wanted(project=project)) if one.action == "labels put back"][-1]
    assert (told.actor, told.why) == ("user:1", {"tasks": 1, "foreign_ground_truths": 1})


def _said(store: Store, project: int, _: object = None) -> str:
    """What the newest run said of its step."""
    with store.read() as connection:
        newest = run_log.runs(connection, project)[0]
    return next(one.said for one in newest.steps if one.name == "settle_restored")


def create_now(store: Store, outside: object, key: int) -> label_versions.StoredVersion:
    return create(store, key, outside.settings, outside.clock).version  # type: ignore[attr-defined]


def _lose(store: Store, key: int, annotation: int) -> None:
    with store.begin() as connection:
        lost = update(restored_labels).where(restored_labels.c.annotation == annotation)
        assert connection.execute(lost.values(annotation=None)).rowcount == 1
