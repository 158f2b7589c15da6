"""Real processes of ``tiebreak runner`` on PostgreSQL beside a real Label Studio: they share, and take over."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from sync.demo.embedded import free_port
from sync.store import measures, plans, projects, runners
from sync.store.annotations import answers_of
from sync.store.engine import Store, open_store
from sync.webhooks import SECRET_HEADER

from ..conftest import RunningLabelStudio, clock
from ..end_to_end.scenes import Scene, result, review_tasks, scene
from ..sync import postgres
from .proxy import Proxy, before
from .sample import ALL, TIMES

pytestmark = [pytest.mark.label_studio, pytest.mark.faults]
PROGRAM = str(Path(sys.executable).with_name("tiebreak"))
SECRET = "a shared secret"
SPLIT = ["good", "bad", "none"]
MORE = ALL or TIMES > 1
PROJECTS, RUNNERS = (10, 3) if MORE else (4, 2)


class Site:
    """One store, one Label Studio behind a proxy, and processes of ours."""

    def __init__(self, studio: RunningLabelStudio, proxy: Proxy, store_url: str, folder: Path) -> None:
        self.studio, self.proxy, self.folder, self.store_url = studio, proxy, folder, store_url
        self.store: Store = open_store(store_url)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, made: list[int], *command: str, every: float = 3600) -> "subprocess.Popen[bytes]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
        given = {
            "LABEL_STUDIO_URL": self.proxy.url,
            "LABEL_STUDIO_TOKEN": self.studio.person("admin").token,
            "STORE": self.store_url,
            "PROJECTS": ",".join(map(str, made)),
            "SECRET": SECRET,
            "SYNC_SECONDS": str(every),
            "WAKE_SECONDS": "0.2",
            "BOOTSTRAP": "100",
        }
        with (self.folder / f"log{len(self.processes)}").open("wb") as log:
            process = subprocess.Popen(
                [PROGRAM, *command],
                cwd=self.folder,
                env=kept | {f"TIEBREAK_{name}": value for name, value in given.items()},
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def log(self) -> str:
        return "\n".join(place.read_text() for place in sorted(self.folder.glob("log*")))

    def ran(self) -> set[int]:
        """The projects whose last run succeeded."""
        with self.store.read() as connection:
            return {int(row.name.split(":")[1]) for row in measures.last_runs(connection) if row.ok}

    def began(self) -> int:
        """How many processes have told that they are there."""
        with self.store.read() as connection:
            return len(runners.known(connection, clock()))

    def at(self) -> dict[int, str]:
        """Process -> what it works on now."""
        with self.store.read() as connection:
            return {one.project: one.runner for one in plans.known(connection) if one.runner is not None}

    def until(self, what: Callable[[], bool], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return
            time.sleep(0.1)
        pytest.fail(f"it never came: {self.log()}")

    def close(self) -> None:
        self.proxy.let_pass()
        for process in self.processes:
            process.kill()
            process.wait()
        self.store.close()


@contextmanager
def on(studio: RunningLabelStudio, store_url: str, folder: Path) -> Iterator[Site]:
    with before(studio.url) as proxy:
        site = Site(studio, proxy, store_url, folder)
        try:
            yield site
        finally:
            site.close()


@pytest.fixture
def site(label_studio: RunningLabelStudio, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres.serving())
        except postgres.NoPostgreSQL as error:
            pytest.skip(f"several runners need PostgreSQL: {error}")
        yield stack.enter_context(on(label_studio, url.format("postgres"), tmp_path))


def test_runners_share_projects_one_is_killed_and_a_broken_project_stops_nobody(site: Site) -> None:
    made: list[Scene] = [scene(site.studio, [SPLIT]) for _ in range(PROJECTS)]
    numbers = [one.project for one in made]
    broken = max(numbers) + 1000
    victims: list[int] = []

    def kill_who_imports(number: int, name: str) -> None:
        if victims or not (name.startswith("POST") and name.endswith("/import")):
            return
        processes = {one.pid: one for one in site.processes}
        at_it = [int(holder.rsplit(":", 2)[1]) for holder in site.at().values()]
        victims.append(next(pid for pid in at_it if pid in processes))
        processes[victims[0]].kill()
        processes[victims[0]].wait()

    site.proxy.before = kill_who_imports
    for _ in range(RUNNERS):
        site.start([broken, *numbers], "runner")
    site.until(lambda: site.ran() >= set(numbers) and site.began() == RUNNERS)
    assert len(victims) == 1
    assert "the runner that was at it is gone; it is taken over" in site.log()
    assert re.search(rf"ERROR sync.schedule: .*{broken} that this token may see", site.log())
    assert "Traceback" not in site.log()
    admin = site.studio.as_("admin")
    assert [len(review_tasks(admin, number)) for number in numbers] == [1] * PROJECTS
    with site.store.read() as connection:
        there = runners.known(connection, clock())
        plan = {one.project: one for one in plans.known(connection)}
    assert sorted(one.alive for one in there) == [False, *[True] * (RUNNERS - 1)]
    assert [plan[number].failures for number in numbers] == [0] * PROJECTS
    assert plan[broken].failures >= 1


def test_a_webhook_wakes_a_runner_in_another_process_and_sigterm_ends_a_run_at_its_next_request(site: Site) -> None:
    made = scene(site.studio, [["good"], []])
    port = free_port()
    web = site.start([made.project], "serve", "--port", str(port), "--no-scheduler")
    worker = site.start([made.project], "runner")
    site.until(lambda: site.ran() == {made.project})
    with site.store.read() as connection:
        assert [one.kind for one in runners.known(connection, clock())] == ["runner"]
        key = projects.source(connection, made.project).key

    def answers() -> int:
        with site.store.read() as connection:
            return len(answers_of(connection, key)[0])

    def told(body: Mapping[str, object]) -> None:
        headers = {SECRET_HEADER: SECRET}
        assert httpx.post(f"http://127.0.0.1:{port}/webhook", json=body, headers=headers, timeout=10).status_code == 200

    event = {"action": "ANNOTATION_CREATED", "project": {"id": made.project}}
    site.studio.as_("annotator").create_annotation(made.tasks[1], result("bad"))
    told(event)
    site.until(lambda: answers() == 2)

    in_the_middle: list[str] = []

    def hold(number: int, name: str) -> None:
        in_the_middle.append(name)
        if len(in_the_middle) == 2:
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.5)

    site.until(lambda: not site.at())
    site.proxy.before = hold
    told(event)
    site.until(lambda: len(in_the_middle) >= 2)
    begin = time.monotonic()
    assert worker.wait(timeout=60) == 0
    assert time.monotonic() - begin < 10, "it stops in time"
    assert len(in_the_middle) == 2, "no request after the signal"
    assert "told to stop; the next run finishes what this one began" in site.log()
    site.proxy.let_pass()
    with site.store.read() as connection:
        (plan,) = plans.known(connection)
    assert (plan.runner, plan.failures) == (None, 0)
    assert plan.next_at <= clock(), "the next runner goes on at once"
    begun = plan.began_at
    site.start([made.project], "runner")

    def went_on() -> bool:
        with site.store.read() as connection:
            (now,) = plans.known(connection)
        return now.runner is None and now.began_at != begun

    site.until(went_on)
    assert site.ran() == {made.project}
    web.send_signal(signal.SIGTERM)
    assert web.wait(timeout=30) == 0
    assert "Traceback" not in site.log()


@pytest.mark.skipif(not MORE, reason="the same on SQLite: make test-faults runs it")
def test_on_sqlite_two_runners_of_one_machine_share_too(label_studio: RunningLabelStudio, tmp_path: Path) -> None:
    with on(label_studio, f"sqlite:///{tmp_path / 'tiebreak.sqlite3'}", tmp_path) as site:
        numbers = [scene(label_studio, [SPLIT]).project for _ in range(3)]
        pair = [site.start(numbers, "runner") for _ in range(2)]
        site.until(lambda: site.ran() == set(numbers))
        admin = label_studio.as_("admin")
        assert [len(review_tasks(admin, number)) for number in numbers] == [1, 1, 1]
        for one in pair:
            one.send_signal(signal.SIGTERM)
        assert [one.wait(timeout=30) for one in pair] == [0, 0]
        with site.store.read() as connection:
            assert runners.known(connection, clock()) == []
        assert "ERROR" not in site.log()
