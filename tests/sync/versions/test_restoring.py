"""Restoring a version: as the newest one, and in the real Label Studio as ground truth, once, over nobody's answers."""

import pytest
from sqlalchemy import update

from sync.pull import pull
from sync.store import label_versions, projects, restored
from sync.store.engine import Store
from sync.store.tables import restored_labels
from sync.versions.creating import create, version_named
from sync.versions.restoring import plan, put_back, restore, settle

from ...conftest import RunningLabelStudio
from ...end_to_end.scenes import result, scene, services
from ...evidence.files import FOUR
from .stage import clock, labels, made, moods, taken


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
    assert put_back(store, outside.gateway, key, again.version, what, outside.clock) == 1
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
    assert put_back(store, outside.gateway, key, again.version, empty, outside.clock) == 0
    _lose(store, key, truth.id)  # killed after Label Studio acted, before the store heard of it
    assert settle(store, outside.gateway, key) == 1
    assert len(outside.gateway.task(first).annotations) == len(there)
    with store.read() as connection:
        assert restored.pending(connection, key) == []
        assert projects.get(connection, key).label_studio_id == made_there.project


def create_now(store: Store, outside: object, key: int) -> label_versions.StoredVersion:
    return create(store, key, outside.settings, outside.clock).version  # type: ignore[attr-defined]


def _lose(store: Store, key: int, annotation: int) -> None:
    with store.begin() as connection:
        lost = update(restored_labels).where(restored_labels.c.annotation == annotation)
        assert connection.execute(lost.values(annotation=None)).rowcount == 1
