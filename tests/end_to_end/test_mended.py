"""A pull that cannot go on says why and loses nothing; once the cause is mended, the next one finishes it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event, select

from sync.demo.embedded import DATABASE
from sync.errors import NotFound, StoreError, Unauthorized
from sync.labelstudio import wire
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.opening import Services
from sync.pipeline import run
from sync.progress import Progress
from sync.pull import SMALL, PullReport, pull
from sync.settings import Settings
from sync.store import projects
from sync.store.annotations import answers_of
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import Store, open_store
from sync.store.lease import has_failed
from sync.store.tables import heartbeats

from ..conftest import RunningLabelStudio, clock
from ..sync.test_gateway import set_times
from .scenes import Scene, result, scene

pytestmark = pytest.mark.label_studio
SIZE = 430
HOURS = 5 * 3_600_000_000


class Network(httpx.BaseTransport):
    """The real network, which counts requests; ``spoil`` may answer in the place of Label Studio."""

    def __init__(self, spoil: Callable[[int, httpx.Request], httpx.Response | None] = lambda *_: None) -> None:
        self._real = httpx.HTTPTransport()
        self._spoil = spoil
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        return self._spoil(len(self.asked), request) or self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()


@contextmanager
def through(label_studio: RunningLabelStudio, network: Network) -> Iterator[LabelStudio]:
    token = label_studio.person("admin").token
    with LabelStudio(
        Transport(label_studio.url, token, http=httpx.Client(transport=network, timeout=60), sleep=lambda _: None)
    ) as client:
        yield client


@pytest.fixture(scope="module")
def large(label_studio: RunningLabelStudio) -> Scene:
    """More tasks than the first page of an import holds."""
    return scene(label_studio, [["good", "bad"] if place % 43 == 0 else [] for place in range(SIZE)])


def stored(store: Store, project: int) -> tuple[int, int]:
    """The tasks that a project has in the store, and the answers."""
    with store.read() as connection:
        key = projects.source(connection, project).key
        return len(projects_tasks(connection, key)), len(answers_of(connection, key)[0])


def projects_tasks(connection: Any, key: int) -> list[Any]:
    from sync.store.tables import tasks

    return list(connection.execute(select(tasks.c.id).where(tasks.c.project == key)))


def test_a_token_that_is_taken_back_in_the_middle(label_studio: RunningLabelStudio, large: Scene, store: Store) -> None:
    def taken_back(_: int, request: httpx.Request) -> httpx.Response | None:
        lists = network.asked.count("/api/tasks")
        refused = lists > 2 and request.url.path == "/api/tasks"
        return httpx.Response(401, json={"detail": "Invalid token."}) if refused else None

    network = Network(taken_back)
    with (
        through(label_studio, network) as client,
        pytest.raises(Unauthorized, match=r"refused \(401\): Invalid token. Is label_studio_token right and still"),
    ):
        run(Services(store, client, None, Settings(), clock), large.project)
    assert stored(store, large.project) == (200, 10)
    with store.read() as connection:
        last = connection.execute(select(heartbeats).where(heartbeats.c.name == f"project:{large.project}:run")).one()
    assert not last.ok
    assert "Is label_studio_token right and still valid?" in last.message
    told: list[Progress] = []
    report = pull(store, label_studio.as_("admin"), large.project, clock, tell=told.append)
    assert (report.tasks, stored(store, large.project)) == (SIZE - 200, (SIZE, 20))
    assert [(one.done, one.total) for one in told if one.rate][-1] == (SIZE, SIZE)
    assert (told[0].done, told[0].step) == (200, "taking in")
    assert all(one.left is not None for one in told[1:] if one.rate)
    assert pull(store, label_studio.as_("admin"), large.project, clock) == _nothing(report)


def _nothing(report: PullReport) -> PullReport:
    return PullReport(report.project, 0, 0, 0, 0, 0)


def test_a_server_that_sends_smaller_pages_than_it_is_asked_for(
    label_studio: RunningLabelStudio, large: Scene, store: Store
) -> None:
    """Label Studio's TASK_API_PAGE_SIZE_MAX; each pull looks through a project of this size."""

    def at_most_90(_: int, request: httpx.Request) -> None:
        if "page_size" in request.url.params:
            size = min(90, int(request.url.params["page_size"]))
            request.url = request.url.copy_set_param("page_size", size)

    with through(label_studio, Network(at_most_90)) as client:
        assert pull(store, client, large.project, clock).tasks == SIZE
        for _ in range(2):
            report = pull(store, client, large.project, clock)
            assert report == _nothing(report)
    assert stored(store, large.project) == (SIZE, 20)


def test_a_project_that_is_deleted_stays_in_the_store(label_studio: RunningLabelStudio, store: Store) -> None:
    admin, made = label_studio.as_("admin"), scene(label_studio, [["good"]])
    pull(store, admin, made.project, clock)
    admin.delete_project(made.project)
    for _ in range(2):
        with pytest.raises(NotFound, match=rf"no project {made.project} .* was there once, .* stays in the store"):
            pull(store, admin, made.project, clock)
    assert stored(store, made.project) == (1, 1)


def test_a_full_disk(label_studio: RunningLabelStudio, large: Scene, store: Store, tmp_path: Path) -> None:
    def keep_small(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 8}")

    url = f"sqlite:///{tmp_path / 'tiebreak.sqlite3'}"
    event.listen(Engine, "connect", keep_small)
    try:
        small = open_store(url)
        with pytest.raises(
            StoreError, match="disk is full: make room on the disk, then run this again; nothing is los"
        ):
            pull(small, label_studio.as_("admin"), large.project, clock)
        small.close()
    finally:
        event.remove(Engine, "connect", keep_small)
    pull(store, label_studio.as_("admin"), large.project, clock)
    assert stored(store, large.project) == (SIZE, 20)


def test_a_store_that_another_program_holds_locked(
    label_studio: RunningLabelStudio, store: Store, tmp_path: Path
) -> None:
    made = scene(label_studio, [["good"]])
    file = tmp_path / "tiebreak.sqlite3"
    impatient = open_store(f"sqlite:///{file}?timeout=0.2")
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked: another program has been writing to it for long"):
            pull(impatient, label_studio.as_("admin"), made.project, clock)
    assert pull(impatient, label_studio.as_("admin"), made.project, clock).annotations == 1
    impatient.close()


@pytest.mark.parametrize("off", [-HOURS, HOURS])
def test_clocks_that_are_hours_apart(off: int, label_studio: RunningLabelStudio, store: Store) -> None:
    admin, made = label_studio.as_("admin"), scene(label_studio, [["good"], []])
    offs = iter([off, off, -off, 0])  # and ours is set right meanwhile, or wrong

    def look() -> int:
        ours = next(offs)
        pull(store, admin, made.project, lambda: clock() + ours)
        return stored(store, made.project)[1]

    assert look() == 1
    label_studio.as_("annotator").create_annotation(made.tasks[1], result("good"))
    assert look() == 2
    label_studio.as_("annotator", 1).create_annotation(made.tasks[1], result("bad"))
    assert look() == 3
    admin.delete_task(made.tasks[0])
    assert look() == 2


def test_ten_changes_cost_five_requests_at_most(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [[]] * 1_010)
    set_times(label_studio, made.project, ["2026-01-01 08:00:00.5"] * 1_010)
    first, second = Network(), Network()
    with through(label_studio, first) as client:
        pull(store, client, made.project, clock)
    for task in made.tasks[::101]:
        label_studio.as_("annotator").create_annotation(task, result("good"))
    with through(label_studio, second) as client:
        assert pull(store, client, made.project, clock).annotations == 10
    assert len(second.asked) <= 5
    assert len(first.asked) <= 10, "a first import that nobody disturbed is not looked through once more"


def test_a_clock_that_goes_back_is_told_once_and_nothing_is_lost_until_it_is_where_it_was(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    """A project that is too large to be looked through at each pull. That the clock was ahead is what its tasks say."""
    admin, annotator = label_studio.as_("admin"), label_studio.as_("annotator")
    made = scene(label_studio, [[]] * (SMALL + 1))
    pull(store, admin, made.project, clock)

    def changed_last(task: int, hours: float) -> None:
        at = wire.timestamp(clock() + int(hours * 3_600_000_000)).replace("T", " ").removesuffix("Z")
        with closing(sqlite3.connect(label_studio.server.folder / DATABASE, timeout=30)) as database:
            database.execute("UPDATE task SET updated_at = ? WHERE id = ?", (at, task))
            database.commit()

    changed_last(made.tasks[0], 3)
    assert pull(store, admin, made.project, clock).clock_back == 0, "the clock is three hours ahead"
    found = pull(store, admin, made.project, clock)
    assert 10_700 < found.clock_back < 10_900
    assert found.complaints()[0].startswith("Label Studio's clock went back by 3.0 h: nothing is lost")
    for task in made.tasks[1:3]:
        annotator.create_annotation(task, result("good"))
        report = pull(store, admin, made.project, clock)
        assert (report.annotations, report.clock_back) == (1, 0)
    with store.read() as connection:
        (event,) = entries(connection, Wanted(action="clock went back"))
    assert event.subject == {"seconds": found.clock_back}

    changed_last(made.tasks[0], -1)  # the clock has caught up
    with store.begin() as connection:
        key = projects.source(connection, made.project).key
        projects.set_cursor(connection, key, task=None, updated_at=clock() - 1_000_000)
    for task in made.tasks[3:5]:
        annotator.create_annotation(task, result("good"))
        assert pull(store, admin, made.project, clock).annotations == 1
        with store.read() as connection:
            assert not has_failed(connection, f"project:{made.project}:clock"), "all is as ever"
