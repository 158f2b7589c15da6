"""Label Studio is left to the people who work in it: after each request for a while, as long as somebody is there."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert
from sqlalchemy.exc import TimeoutError as AllTaken

from sync.at_work import LOOK_SECONDS, AtWork, is_quiet
from sync.errors import NotFound, StoreError
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.pace import LONGEST_REST, Pace
from sync.labelstudio.transport import Transport
from sync.opening import Services, clock, services
from sync.pipeline import run
from sync.push.standing import renew
from sync.runner import scheduler
from sync.settings import Settings
from sync.store import lately, projects, review_tasks
from sync.store.engine import Store
from sync.store.projects import StoredProject
from sync.store.tables import annotation_versions

from .misbehaving import Answering, serving
from .test_intake import PROJECT, annotation, take, task

TOKEN = "0123456789abcdef0123456789abcdef01234567"
SECOND = 1_000_000
REQUEST_SECONDS = 0.03
NOW = 10**15


class Watch:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def take_seconds(pace: Pace, watch: Watch, seconds: float) -> None:
    with pace.request():
        watch.now += seconds


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), min_size=1, max_size=8),
    st.floats(0, 3),
)
def test_after_each_request_comes_its_pause_less_what_passed_anyway(
    given_: list[tuple[float, float]], pause: float
) -> None:
    watch = Watch()
    pace = Pace(lambda: pause, watch.sleep, watch)
    wanted = 0.0
    with pace.kept():
        for request, between in given_:
            before = len(watch.slept)
            take_seconds(pace, watch, request)
            assert sum(watch.slept[before:]) == pytest.approx(max(0.0, wanted), abs=1e-9)
            watch.now += between
            wanted = min(LONGEST_REST, request * pause) - between


def test_out_of_the_block_and_with_nobody_there_it_waits_for_nothing() -> None:
    watch = Watch()
    pace = Pace(lambda: 5, watch.sleep, watch)
    take_seconds(pace, watch, 1)
    with pace.kept(), pace.kept():
        take_seconds(pace, watch, 1)
    take_seconds(pace, watch, 1)
    pace.pause = lambda: 0
    with pace.kept():
        take_seconds(pace, watch, 1)
        take_seconds(pace, watch, 1)
    assert watch.slept == [4], "of the five seconds after the paced one, one had passed when the next paced one came"


def test_what_hurries_waits_for_nothing_and_the_one_after_it_for_both() -> None:
    watch = Watch()
    pace = Pace(lambda: 3, watch.sleep, watch)
    with pace.kept():
        take_seconds(pace, watch, 2)
        pace.hurry()
        take_seconds(pace, watch, 1)
        assert watch.slept == []
        take_seconds(pace, watch, 1)
    assert watch.slept == [5], "six seconds after the first one, of which the second one took one"


@pytest.mark.parametrize(("kept", "pause", "on"), [(True, 1.0, True), (True, 0.0, False), (False, 1.0, False)])
def test_way_is_given_where_it_is_kept_and_somebody_is_there(kept: bool, pause: float, on: bool) -> None:
    pace = Pace(lambda: pause)
    with pace.kept() if kept else nullcontext():
        assert pace.on is on


def test_a_request_that_fails_is_followed_by_a_pause_too() -> None:
    watch = Watch()
    pace = Pace(lambda: 2, watch.sleep, watch)
    with pace.kept():
        with pytest.raises(RuntimeError), pace.request():
            watch.now += 1
            raise RuntimeError
        take_seconds(pace, watch, 1)
    assert watch.slept == [2]


def answered(store: Store, updated_at: int, seen_at: int, *, project: int = PROJECT.id, number: int = 1) -> None:
    """Somebody answered a task of a project."""
    with store.begin() as connection:
        key = projects.remember(connection, replace(PROJECT, id=project), kind="source", now=1).key
    take(store, key, task(number, updated_at, annotation(number, updated_at, ["good"], 1)), now=seen_at)


def test_an_answer_to_any_project_means_that_people_are_at_work_for_a_while(any_store: Store) -> None:
    settings = Settings(quiet_seconds=60)
    with any_store.read() as connection:
        assert is_quiet(connection, settings, NOW), "nobody has ever answered"
    answered(any_store, NOW, NOW + SECOND)
    answered(any_store, NOW - 10**12, NOW + 2 * SECOND, project=8, number=2)  # an old one, seen now
    with any_store.read() as connection:
        assert not is_quiet(connection, settings, NOW + 59 * SECOND)
        assert is_quiet(connection, settings, NOW + 61 * SECOND)


def test_how_lately_is_told_without_a_look_at_all_answers(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "AT_ONCE", 2)
    for place, (made, seen) in enumerate([(5, 10), (20, 20), (6, 21), (7, 22), (8, 23)], start=1):
        answered(any_store, made, seen, number=place)
    with any_store.read() as connection:
        assert [lately.is_answered_since(connection, since) for since in (4, 8, 19, 20, 30)] == [
            True,
            True,
            True,
            False,
            False,
        ]


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_a_clock_of_label_studio_that_is_hours_off_hides_nobody(any_store: Store, hours: int) -> None:
    settings, off = Settings(quiet_seconds=60), hours * 3_600 * SECOND
    answered(any_store, NOW + off, NOW + SECOND)
    with any_store.read() as connection:
        assert not is_quiet(connection, settings, NOW + 59 * SECOND, NOW + off + 59 * SECOND)
        assert is_quiet(connection, settings, NOW + 61 * SECOND, NOW + off + 61 * SECOND)
    answered(any_store, NOW + off, NOW + 200 * SECOND, number=2)  # made before, imported now
    with any_store.read() as connection:
        assert is_quiet(connection, settings, NOW + 200 * SECOND, NOW + off + 200 * SECOND)


def test_what_is_imported_by_the_hundred_thousand_is_looked_at_in_few_steps(any_store: Store) -> None:
    number = 30_000
    answered(any_store, 5, 10)
    row = {"updated_at": 5, "seen_at": 1_000, "was_cancelled": False, "ground_truth": False, "result": [], "hash": "h"}
    with any_store.begin() as connection:
        rows = [{**row, "id": place, "annotation": 1, "updated_at": -place} for place in range(10, number)]
        connection.execute(insert(annotation_versions), rows)
    asked: list[object] = []
    with any_store.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *_: asked.append(1))
        assert not lately.is_answered_since(connection, 500)
        assert len(asked) == 3
        assert lately.is_answered_since(connection, 4, -20)


@pytest.mark.parametrize("fault", [StoreError("locked"), AllTaken("all connections are taken")])
def test_who_is_there_is_looked_at_now_and_then_and_a_silent_store_changes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    watch = Watch()
    at_work = AtWork(store, Settings(pause=3, quiet_seconds=60), lambda: NOW, watch)
    assert at_work.pause() == 0
    answered(store, NOW, NOW)
    assert at_work.pause() == 0
    watch.now += LOOK_SECONDS
    assert at_work.pause() == 3

    def broken() -> None:
        raise fault

    watch.now += LOOK_SECONDS
    monkeypatch.setattr(store, "read", broken)
    assert at_work.pause() == 3


@contextmanager
def asked_to_pause(store: Store) -> Iterator[tuple[Services, list[int]]]:
    """A Label Studio that knows no project; the list grows with each request that is paced."""
    asked: list[int] = []

    def pause() -> float:
        asked.append(1)
        return 0.0

    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(404, json={"detail": "No Project"})))
    with LabelStudio(Transport("http://nowhere.example", TOKEN, http=http, pace=Pace(pause))) as client:
        yield Services(store, client, None, Settings(projects=(1,)), clock), asked


def test_runs_in_the_background_are_paced_those_that_somebody_waits_for_are_not(store: Store) -> None:
    with asked_to_pause(store) as (outside, asked):
        with pytest.raises(NotFound):
            run(outside, 1)
        assert not asked
        with pytest.raises(NotFound):
            scheduler(outside).run(1)
        assert asked


@dataclass
class Reviewers:
    """A Label Studio where people are at work, or not; ``told`` are the tasks that were changed."""

    busy: bool
    told: list[int] = field(default_factory=list)

    def gives_way(self) -> bool:
        return self.busy

    def update_task(self, task: int, *, data: Any) -> None:
        assert data["tiebreak_key"] == str(task)
        self.told.append(task)


@pytest.mark.parametrize(("busy", "told"), [(True, [2, 3]), (False, [1, 2, 3])])
def test_while_people_work_reviews_are_not_changed_for_the_sake_of_figures(
    store: Store, monkeypatch: pytest.MonkeyPatch, busy: bool, told: list[int]
) -> None:
    def data(task: int, text: str, reason: str, priority: float) -> dict[str, Any]:
        own = {"tiebreak_key": str(task), "tiebreak_reason": reason, "tiebreak_priority": priority}
        return {"text": text, **own}

    stale = [
        (1, data(1, "5 beds", "The model: 87 %.", 2.5), data(1, "5 beds", "The model: 9.5 %.", 3)),
        (2, data(2, "5 beds", "The model: 87 %.", 2), data(2, "6 beds", "The model: 87 %.", 2)),
        (3, data(3, "5 beds", "The model: 87 %.", 2), data(3, "5 beds", "Tie: 2 to 2.", 2)),
    ]
    monkeypatch.setattr(review_tasks, "stale", lambda *_: stale)
    reviewers = Reviewers(busy)
    home = cast(StoredProject, SimpleNamespace(key=1))
    assert renew(store, cast(LabelStudio, reviewers), home) == len(told)
    assert reviewers.told == told


def slowly(request: Answering) -> None:
    time.sleep(REQUEST_SECONDS)
    request.reply(200, b'{"release": "1.23.2"}')


def test_the_settings_pace_what_a_run_asks_while_people_work(tmp_path: Path) -> None:
    with serving(slowly) as server:
        path = tmp_path / "store.sqlite3"
        settings = Settings(label_studio_url=server.url, label_studio_token=TOKEN, store=f"sqlite:///{path}", pause=9)
        outside = services(settings)
        answered(outside.store, outside.clock(), outside.clock())
        with outside.gateway.paced():
            outside.gateway.version()
            began = time.monotonic()
            outside.gateway.version()
            seconds = time.monotonic() - began
        outside.gateway.close()
        outside.store.close()
    assert seconds > 9 * REQUEST_SECONDS
