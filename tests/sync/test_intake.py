"""Nothing that was seen is ever lost: a model of Label Studio, people at work in it, and what the store keeps."""

import random
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from label_config.answers import chosen
from sync.labelstudio.wire import RemoteAnnotation, RemoteProject, RemoteTask, RemoteUser, TaskStamp
from sync.store import intake, projects
from sync.store.annotations import answers_of
from sync.store.engine import Store
from sync.store.history import history
from sync.store.intake import Decoded
from sync.store.tables import annotation_versions, annotations, annotators, codes, tasks

from ..stores import new_store

PROJECT = RemoteProject(7, "Scene", "", 1, "<View/>", "", "", 1, False)
BAD = [{"bad": True}]


def decode(result: object, data: Mapping[str, Any], updated_at: int) -> Decoded:
    if result == BAD:
        return Decoded({}, "bad")
    assert isinstance(result, list)
    return Decoded({"mood": f'["{result[0]}"]'}, None)


def annotation(number: int, at: int, result: object, by: int | None = 1, **fields: Any) -> RemoteAnnotation:
    given: dict[str, Any] = {
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": None,
        "updated_by": None,
        "created_at": at,
        "updated_at": at,
    }
    return RemoteAnnotation(id=number, completed_by=by, result=result, **(given | fields))


def task(number: int, at: int, *given: RemoteAnnotation, **fields: Any) -> RemoteTask:
    known: dict[str, Any] = {"created_at": at, "updated_at": at, "data": {"n": number}, "meta": {}, "overlap": 1}
    return RemoteTask(id=number, is_labeled=False, annotations=given, **(known | fields))


def remembered(store: Store) -> int:
    with store.begin() as connection:
        return projects.remember(connection, PROJECT, kind="source", now=1).key


def take(store: Store, key: int, *page: RemoteTask, now: int = 99) -> intake.Taken:
    with store.begin() as connection:
        return intake.save(connection, key, page, decode, now)


def said(store: Store, key: int) -> list[tuple[int, tuple[str, ...]]]:
    with store.read() as connection:
        return [(row.annotator, chosen(row.answer)) for row in answers_of(connection, key)[0]]


def told(store: Store, key: int, number: int) -> list[str]:
    with store.read() as connection:
        return [event.what for event in history(connection, key, number)]


def test_what_is_known_is_not_written_again(any_store: Store) -> None:
    key = remembered(any_store)
    page = (task(1, 10, annotation(5, 11, ["good"])), task(2, 10))
    assert take(any_store, key, *page) == intake.Taken(tasks=2, annotations=1, versions=1)
    assert take(any_store, key, *page) == intake.Taken()


def test_an_edit_is_another_version_and_the_old_one_stays(any_store: Store) -> None:
    key = remembered(any_store)
    first = annotation(5, 11, ["good"])
    take(any_store, key, task(1, 10, first))
    edited = replace(first, result=["bad"], updated_at=20, updated_by=2)
    assert take(any_store, key, task(1, 10, edited, updated_at=20)).versions == 1
    assert said(any_store, key) == [(1, ("bad",))]
    assert told(any_store, key, 1) == ["task created", "annotation 5 submitted", "annotation 5 changed"]


def test_a_change_that_does_not_move_the_time_is_seen(any_store: Store) -> None:
    # Label Studio clears the ground truth of a task's other annotations without moving their updated_at.
    key = remembered(any_store)
    first = annotation(5, 11, ["good"], ground_truth=True)
    take(any_store, key, task(1, 10, first))
    assert take(any_store, key, task(1, 10, replace(first, ground_truth=False))).versions == 1
    assert said(any_store, key) == [(1, ("good",))]


def test_an_id_that_was_used_before_is_another_task(any_store: Store) -> None:
    key = remembered(any_store)
    take(any_store, key, task(1, 10, annotation(5, 11, ["good"])))
    assert take(any_store, key, task(1, 30, annotation(5, 31, ["bad"]))).deleted == 1
    assert said(any_store, key) == [(1, ("bad",))]
    assert told(any_store, key, 1).count("task created") == 2


def test_an_annotation_that_is_gone_and_comes_back_is_the_same(any_store: Store) -> None:
    key = remembered(any_store)
    first = annotation(5, 11, ["good"])
    take(any_store, key, task(1, 10, first))
    assert take(any_store, key, task(1, 10)).deleted == 1
    assert said(any_store, key) == []
    assert take(any_store, key, task(1, 10, first)) == intake.Taken()
    assert said(any_store, key) == [(1, ("good",))]


def test_the_annotations_of_somebody_who_was_deleted_are_kept_and_counted_apart(any_store: Store) -> None:
    key = remembered(any_store)
    take(any_store, key, task(1, 10, annotation(5, 11, ["good"], by=None), annotation(6, 11, ["good"])))
    with any_store.read() as connection:
        rows, excluded = answers_of(connection, key)
    assert ([row.annotator for row in rows], excluded.anonymous) == ([1], 1)


def test_of_two_annotations_of_one_person_the_later_counts(any_store: Store) -> None:
    key = remembered(any_store)
    take(any_store, key, task(1, 10, annotation(5, 12, ["good"]), annotation(6, 11, ["bad"])))
    with any_store.read() as connection:
        rows, excluded = answers_of(connection, key)
    assert ([chosen(row.answer) for row in rows], excluded.duplicates) == ([("good",)], 1)


def test_answers_may_be_long_and_each_is_kept_once(any_store: Store) -> None:
    key = remembered(any_store)
    long = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz\u00e9", k=40_000))
    for number in (1, 2):
        take(
            any_store, key, task(number, 10, annotation(number, 11, [long]), annotation(number + 10, 11, [long + "."]))
        )
    assert said(any_store, key) == [(1, (long + ".",))] * 2
    with any_store.read() as connection:
        assert len(connection.execute(select(codes)).all()) == 2


def test_names_are_kept_up_to_date(any_store: Store) -> None:
    with any_store.begin() as connection:
        intake.save_users(connection, [RemoteUser(1, "Ann", "a@x"), RemoteUser(2, "Ben", "b@x")])
        intake.save_users(connection, [RemoteUser(1, "Anne", "a@x")])
        rows = connection.execute(select(annotators.c.id, annotators.c.name).order_by(annotators.c.id)).all()
    assert [tuple(row) for row in rows] == [(1, "Anne"), (2, "Ben")]


def test_a_page_may_be_larger_than_a_list_of_parameters(any_store: Store) -> None:
    key = remembered(any_store)
    page = [task(number, 10, annotation(number, 11, ["good"])) for number in range(1, 502)]
    assert take(any_store, key, *page).versions == 501
    assert take(any_store, key, *page) == intake.Taken()


@dataclass
class Kept:
    """A task of the model, alive or deleted."""

    remote: RemoteTask
    alive: bool = True


@dataclass
class Model:
    """What Label Studio holds, and everything that was ever shown to us."""

    tasks: list[Kept] = field(default_factory=list)
    clock: int = 100
    numbers: int = 0
    seen: set[tuple[int, int, int, int, int, str]] = field(default_factory=set)

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def alive(self) -> list[Kept]:
        return [one for one in self.tasks if one.alive]


class PeopleAtWork(RuleBasedStateMachine):
    """Tasks and annotations come, change and go, ids are used again; the store looks at some, or at all."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = new_store(self.folder / "store.sqlite3")
        self.key = remembered(self.store)
        self.model = Model()

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(reuse=st.booleans())
    def create_task(self, reuse: bool) -> None:
        free = {one.remote.id for one in self.model.tasks} - {one.remote.id for one in self.model.alive()}
        number = min(free) if reuse and free else 1 + max((one.remote.id for one in self.model.tasks), default=0)
        self.model.tasks.append(Kept(task(number, self.model.tick())))

    @precondition(lambda self: self.model.alive())
    @rule(data=st.data(), label=st.sampled_from(["good", "bad"]), by=st.sampled_from([1, 2, None]), wrong=st.booleans())
    def annotate(self, data: st.DataObject, label: str, by: int | None, wrong: bool) -> None:
        one = data.draw(st.sampled_from(self.model.alive()))
        self.model.numbers += 1
        new = annotation(self.model.numbers, self.model.tick(), BAD if wrong else [label], by)
        self._change(one, (*one.remote.annotations, new))

    @precondition(lambda self: any(one.remote.annotations for one in self.model.alive()))
    @rule(data=st.data(), label=st.sampled_from(["good", "bad"]), silent=st.booleans(), skip=st.booleans())
    def edit(self, data: st.DataObject, label: str, silent: bool, skip: bool) -> None:
        one = data.draw(st.sampled_from([one for one in self.model.alive() if one.remote.annotations]))
        old = data.draw(st.sampled_from(one.remote.annotations))
        at = old.updated_at if silent else self.model.tick()
        new = replace(old, result=[label], updated_at=at, was_cancelled=skip, ground_truth=silent)
        self._change(one, tuple(new if known is old else known for known in one.remote.annotations))

    @precondition(lambda self: any(one.remote.annotations for one in self.model.alive()))
    @rule(data=st.data())
    def delete_annotation(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.model.alive() if one.remote.annotations]))
        gone = data.draw(st.sampled_from(one.remote.annotations))
        self._change(one, tuple(known for known in one.remote.annotations if known is not gone))

    @precondition(lambda self: self.model.alive())
    @rule(data=st.data())
    def delete_task(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.model.alive())).alive = False

    @precondition(lambda self: self.model.alive())
    @rule(data=st.data())
    def look_at_some(self, data: st.DataObject) -> None:
        page = data.draw(st.lists(st.sampled_from(self.model.alive()), min_size=1, unique_by=id))
        self._look([one.remote for one in page])

    @rule()
    def look_at_all_and_sweep(self) -> None:
        now = {one.remote.id: one.remote for one in self.model.alive()}
        self._look(list(now.values()))
        stamps = [
            TaskStamp(one.id, one.created_at, one.updated_at, frozenset(known.id for known in one.annotations))
            for one in now.values()
        ]
        with self.store.begin() as connection:
            _, again = intake.compare(connection, self.key, stamps, self.model.clock)
        assert again == []
        self._check_current(now)

    @invariant()
    def nothing_seen_is_lost(self) -> None:
        query = (
            select(
                tasks.c.label_studio_id,
                tasks.c.created_at,
                annotations.c.label_studio_id,
                annotations.c.created_at,
                annotation_versions.c.updated_at,
                annotation_versions.c.result,
            )
            .join(annotations, annotations.c.task == tasks.c.id)
            .join(annotation_versions, annotation_versions.c.annotation == annotations.c.id)
        )
        with self.store.read() as connection:
            kept = {(*row[:5], repr(row[5])) for row in connection.execute(query)}
        assert self.model.seen <= kept

    def _change(self, one: Kept, given: tuple[RemoteAnnotation, ...]) -> None:
        one.remote = replace(one.remote, annotations=given, updated_at=self.model.tick())

    def _look(self, page: list[RemoteTask]) -> None:
        self.model.seen |= {
            (one.id, one.created_at, known.id, known.created_at, known.updated_at, repr(known.result))
            for one in page
            for known in one.annotations
        }
        take(self.store, self.key, *page, now=self.model.tick())

    def _check_current(self, now: dict[int, RemoteTask]) -> None:
        query = (
            select(tasks.c.label_studio_id, annotations.c.label_studio_id, annotation_versions.c.result)
            .join(annotations, annotations.c.task == tasks.c.id)
            .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
            .where(tasks.c.deleted_at.is_(None), annotations.c.deleted_at.is_(None))
        )
        with self.store.read() as connection:
            current = sorted((row[0], row[1], repr(row[2])) for row in connection.execute(query))
            alive = connection.execute(select(tasks.c.label_studio_id).where(tasks.c.deleted_at.is_(None))).scalars()
            assert sorted(alive) == sorted(now)
        assert current == sorted(
            (one.id, known.id, repr(known.result)) for one in now.values() for known in one.annotations
        )


def test_nothing_that_was_seen_is_ever_lost() -> None:
    limits = settings(max_examples=10, stateful_step_count=25, deadline=None, derandomize=True)
    run_state_machine_as_test(PeopleAtWork, settings=limits)
