"""Scoring rounds as the store sees them, on both databases: which tasks, in which order, with how much memory."""

import tracemalloc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update

from label_config.answers import Choices
from sync.backend import Backend, BackendState, Scored
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.wire import RemoteAnnotation
from sync.progress import Meter, Progress
from sync.refresh import OLDER_ROUNDS, RefreshReport, refresh
from sync.settings import Settings
from sync.status import in_words, status
from sync.store import projects
from sync.store.engine import Store
from sync.store.rounds import Pool
from sync.store.tables import heartbeats, queue, round_scores, scores, tasks

from .test_intake import PROJECT, annotation, take, task

XML = """<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single">
<Choice value="good"/><Choice value="bad"/></Choices></View>"""
NOW = 10**15
MEBIBYTE = 2**20


@dataclass
class Remote:
    """What a round asks of Label Studio, answered at once.

    ``parts`` are the sizes of the requests with predictions; after ``most`` of them the process is stopped.
    """

    shown: str = ""
    stored: dict[str, dict[int, Mapping[str, Any]]] = field(default_factory=dict)
    parts: list[int] = field(default_factory=list)
    keeps: bool = True
    most: int | None = None

    def now(self) -> None:
        """Its clock is ours."""

    def model_versions(self, _: int) -> dict[str, int]:
        return {version: len(rows) for version, rows in self.stored.items()}

    def import_predictions(self, _: int, rows: Sequence[Mapping[str, Any]], *, at_once: int) -> None:
        assert at_once == len(rows)
        if len(self.parts) == self.most:
            raise KeyboardInterrupt
        self.parts.append(len(rows))
        for row in rows:
            kept = row if self.keeps else {}
            assert row["task"] not in self.stored.setdefault(row["model_version"], {})
            self.stored[row["model_version"]][row["task"]] = kept

    def update_project(self, _: int, *, model_version: str) -> None:
        assert model_version in self.stored
        self.shown = model_version

    def project(self, _: int) -> Any:
        return replace(PROJECT, model_version=self.shown)

    def delete_model_version(self, _: int, version: str) -> None:
        del self.stored[version]


@dataclass
class Model:
    """What a round asks of the ML backend: everything is good, the last task comes first."""

    model: str = "tiebreak-1"
    round: str | None = None
    silent: frozenset[int] = frozenset()
    asked: list[list[int]] = field(default_factory=list)

    def state(self, _: str) -> BackendState:
        return BackendState(self.model, self.round, "idle", 0, 0, None)

    def set_round(self, _: str, version: str) -> None:
        self.round = version

    def score(self, _: str, config: str, bodies: Iterable[Mapping[str, Any]], **named: Any) -> Iterator[Scored]:
        assert config == XML
        numbers = [body["id"] for body in bodies]
        self.asked.append(numbers)
        for place, number in enumerate(numbers):
            if number not in self.silent:
                yield Scored(
                    number,
                    "mood",
                    Choices(("good",)),
                    {"good": 0.9, "bad": 0.1},
                    0.9,
                    {"margin": 0.2},
                    True,
                    len(numbers) - 1 - place,
                    named["model"],
                )


@dataclass
class World:
    """A project in a store, and what is around it."""

    store: Store
    remote: Remote = field(default_factory=Remote)
    model: Model = field(default_factory=Model)
    now: int = NOW

    def __post_init__(self) -> None:
        with self.store.begin() as connection:
            remote = replace(PROJECT, label_config=XML)
            self.key = projects.remember(connection, remote, kind="source", now=1).key

    def tasks(self, *answers: Sequence[str], overlap: int = 1) -> None:
        """Tasks 1, 2, ... with these answers, given by annotators 1, 2, ..."""
        page = [
            task(number, 10, *_given(number, labels), overlap=overlap) for number, labels in enumerate(answers, start=1)
        ]
        take(self.store, self.key, *page)

    def refresh(self, raised: Sequence[int] = (), **given: Any) -> RefreshReport:
        return refresh(
            self.store,
            cast(LabelStudio, self.remote),
            cast(Backend, self.model),
            self.key,
            Settings(**given),
            lambda: self.now,
            raised=raised,
        )

    def served(self) -> list[int]:
        """Tasks in the order of Label Studio's scores."""
        rows = self.remote.stored[self.remote.shown]
        return sorted(rows, key=lambda number: float(rows[number]["score"]))

    def blind(self) -> list[int]:
        return [number for number, row in sorted(self.remote.stored[self.remote.shown].items()) if not row["result"]]


def _given(number: int, labels: Sequence[str]) -> list[RemoteAnnotation]:
    return [annotation(number * 10 + by, 11, [label], by) for by, label in enumerate(labels, start=1)]


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def any_world(any_store: Store) -> World:
    """On either database: for one test of each query."""
    return World(any_store)


def test_open_tasks_are_sent_in_the_order_of_the_backend_and_what_it_left_out_comes_last(any_world: World) -> None:
    any_world.tasks([], ["good"], [], [], [])
    any_world.model.silent = frozenset({4})
    assert any_world.refresh() == RefreshReport("tiebreak-1.1", 4, changed=True)
    assert any_world.served() == [5, 3, 1, 4]
    assert any_world.blind() == [4]
    assert any_world.remote.shown == any_world.model.round == "tiebreak-1.1"
    assert any_world.model.asked == [[1, 3, 4, 5], [2]]
    assert not any_world.refresh().changed, "what the backend leaves out is no reason to ask for ever"
    with any_world.store.read() as connection:
        rows = connection.execute(select(tasks.c.label_studio_id, scores.c.place).join(scores))
        assert {row[0]: row[1] for row in rows} == {1: 3, 2: None, 3: 2, 5: 0}
        assert connection.execute(select(func.count()).select_from(round_scores)).scalar() == 0


def test_disputed_and_audited_tasks_lead_nobody(world: World) -> None:
    world.tasks(["good", "bad"], ["good", "good"], ["good", "good"], [], overlap=3)
    with world.store.begin() as connection:
        (audited,) = connection.execute(select(tasks.c.id).where(tasks.c.label_studio_id == 3)).scalars()
        row = {"task": audited, "control": "mood", "project": world.key, "priority": 0.1, "band": 3}
        connection.execute(insert(queue).values(**row, action="audit", findings=[], parts={}))
    world.refresh()
    assert world.blind() == [1, 3]
    world.refresh(overlap="by gain")
    assert world.blind() == [1, 2, 3], "where further answers are asked for one by one, all of them are blind"


def test_a_task_that_is_open_again_is_scored_again(world: World) -> None:
    world.tasks(["good"], [])
    world.refresh()
    assert world.served() == [2]
    with world.store.begin() as connection:
        connection.execute(update(tasks).where(tasks.c.label_studio_id == 1).values(overlap=2))
    assert world.refresh().changed
    assert sorted(world.served()) == [1, 2]


def test_a_task_that_is_about_to_be_open_again_is_scored_before(any_world: World) -> None:
    any_world.tasks(["good"], [])
    with any_world.store.read() as connection:
        key = connection.execute(select(tasks.c.id).where(tasks.c.label_studio_id == 1)).scalar_one()
    any_world.refresh(raised=[key])
    assert sorted(any_world.served()) == [1, 2]


def test_nothing_is_due_where_no_task_is_open(world: World) -> None:
    world.tasks(["good"])
    assert world.refresh() == RefreshReport(None, 0, changed=False)


@pytest.mark.parametrize(("model", "shown"), [("tiebreak-1", "tiebreak-1.1"), ("tiebreak-2", None)])
def test_a_round_is_put_back_while_the_backend_has_its_model(world: World, model: str, shown: str | None) -> None:
    world.tasks([])
    assert world.refresh().version == "tiebreak-1.1" == world.model.round
    world.tasks(["good"])
    world.model.model, world.model.round = model, None  # as where its folder was lost, and it has learned anew or not
    assert world.refresh().changed is False
    assert world.model.round == shown


def test_older_predictions_wait_until_nobody_is_at_work_but_not_for_ever(any_world: World) -> None:
    any_world.tasks([], ["good"])
    answered_at = 11
    for number in range(1, OLDER_ROUNDS + 4):
        any_world.model.model, any_world.now = f"tiebreak-{number}", answered_at + 1
        any_world.remote.stored["somebody-else.1"] = {}
        any_world.refresh()
        assert len(any_world.remote.stored) - 1 <= OLDER_ROUNDS + 2
    assert "tiebreak-1.1" not in any_world.remote.stored
    any_world.now = answered_at + 120_000_000
    assert not any_world.refresh().changed
    assert set(any_world.remote.stored) == {any_world.remote.shown, "somebody-else.1"}


def test_while_people_work_predictions_go_in_parts(world: World) -> None:
    world.tasks(*[[]] * 45, ["good"])
    world.now = 12
    world.refresh(round_part=2)
    assert world.remote.parts == [5] * 9, "in no more than ten parts"
    assert world.served() == list(range(45, 0, -1))
    with world.store.read() as connection:
        said = connection.execute(select(heartbeats.c.message).where(heartbeats.c.name == "project:7:round")).scalar()
    assert said is not None
    assert said.startswith("tiebreak-1.1, writing: 45 of 45 tasks")


def test_when_nobody_is_at_work_they_go_at_once(world: World) -> None:
    world.tasks(*[[]] * 45, ["good"])
    world.refresh(round_part=2)
    assert world.remote.parts == [45]


def test_the_status_of_a_round_that_is_not_over_says_how_far_it_is(world: World) -> None:
    world.tasks(*[[]] * 45, ["good"])
    world.now = 12
    world.remote.most = 1
    with pytest.raises(KeyboardInterrupt):
        world.refresh(round_part=2)
    with world.store.read() as connection:
        found = status(connection, PROJECT.id)
    assert found["round"] | {"progress": None} == {
        "version": "tiebreak-1.1",
        "state": "intended",
        "tasks": 45,
        "written": 5,
        "progress": None,
    }
    never, over, seen = in_words(found)
    assert (never, over) == ("never run", "round tiebreak-1.1 is not over: 5 of 45 predictions are written")
    assert "writing: 5 of 45 tasks" in seen


def peak_of(store: Store, count: int, size: int) -> float:
    """Mebibytes that a round over so many tasks of ``size`` characters takes at most."""
    world = World(store)
    world.remote.keeps = False
    data = {"text": "x" * size}
    for first in range(1, count + 1, 500):
        take(store, world.key, *(task(number, 10, data=data) for number in range(first, first + 500)))
    tracemalloc.start()
    world.refresh()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / MEBIBYTE


def test_memory_does_not_grow_with_what_tasks_hold(store: Store) -> None:
    count, size = 6_000, 10_000
    assert peak_of(store, count, size) < 0.5 * count * size / MEBIBYTE


@given(st.lists(st.integers(1, 100), min_size=1, max_size=10), st.integers(0, 50))
def test_rate_and_time_left_are_of_what_was_done_in_this_step(counts: list[int], before: int) -> None:
    seconds = iter(range(100))
    meter = Meter(lambda: float(next(seconds)))
    total = before + sum(counts) + 7
    assert meter.begin("writing", before, total) == Progress("writing", before, total, None, None)
    start, now = 1.0, 2.0
    for place, count in enumerate(counts):
        said = meter.advance(count)
        now = start + 2 + place
        rate = sum(counts[: place + 1]) / (now - start)
        assert said.done == before + sum(counts[: place + 1])
        assert said.rate == pytest.approx(rate)
        assert said.left == pytest.approx((total - said.done) / rate)


def test_the_pool_counts_people_not_answers(any_world: World) -> None:
    any_world.tasks([], overlap=2)
    page = task(1, 10, annotation(1, 11, ["good"], 1), annotation(2, 12, ["bad"], 1), overlap=2)
    take(any_world.store, any_world.key, page)
    with any_world.store.read() as connection:
        (row,) = connection.execute(Pool(any_world.key).select())
        assert row.servable
