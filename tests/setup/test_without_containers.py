"""docker-compose.yml without containers: its own commands, environment, secrets, order and health checks.

Hosts, ports and folders are put in the place of those of the containers; PostgreSQL, Label Studio, tiebreak-ml, the
web side and a runner are real. What remains unproved is that the images are built.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from graphlib import TopologicalSorter
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text

from sync.demo.embedded import find_executable, free_port
from sync.errors import DemoError
from sync.labelstudio.client import LabelStudio
from sync.store import measures, projects, runners
from sync.store.annotations import answers_of
from sync.store.engine import open_existing

from ..conftest import clock
from ..end_to_end.scenes import XML, result
from ..faults.sample import ALL, TIMES
from ..sync import postgres
from .test_compose import SERVICES, environment
from .test_requirements import ROOT

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not (ALL or TIMES > 1), reason="takes minutes: make test-faults runs it, and .ci/run"),
]
PORTS = {"database": "5432", "label-studio": "8080", "tiebreak-ml": "9090", "tiebreak": "8085"}
"""Where each service listens in its container."""


class Site:
    """The services of the file on this machine, everything that they keep in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {service: str(free_port()) for service in PORTS}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.projects = ""
        self.secrets = folder / "secrets"
        subprocess.run(["sh", ROOT / "docker/secrets.sh", self.secrets], check=True, capture_output=True)
        for file in self.secrets.iterdir():
            file.write_text(self.here("store", file.read_text()))

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text().strip()

    def here(self, service: str, value: str) -> str:
        """A value of the file as it is on this machine."""
        for other, port in PORTS.items():
            for host in (other, "127.0.0.1") if other == service else (other,):
                value = value.replace(f"{host}:{port}", f"127.0.0.1:{self.ports[other]}")
        named = {"0.0.0.0": "127.0.0.1", "database": "127.0.0.1", "5432": self.ports["database"]}  # noqa: S104
        if service in PORTS:
            named[PORTS[service]] = self.ports[service]
        if value.startswith("/data"):
            return str(self.folder / service) + value.removeprefix("/data")
        return named.get(value, value.replace("/run/secrets", str(self.secrets)))

    def variables(self, service: str) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIEBREAK_", "LABEL_STUDIO"))}
        given = {name: self.here(service, value) for name, value in environment(service).items()}
        if "TIEBREAK_PROJECTS" in given:
            given["TIEBREAK_PROJECTS"] = self.projects  # as .env says once the project is made
        if sourced := given.pop("ENV_INJECT_SOURCES", None):  # what the entrypoint of Label Studio's image does
            lines = Path(sourced).read_text().splitlines()
            given |= dict(line.removeprefix("export ").split("=", 1) for line in lines)
            given["LABEL_STUDIO_BASE_DATA_DIR"] = str(self.folder / service)
        here = {"PGHOST": "127.0.0.1", "PGPORT": self.ports["database"]}
        return (
            kept | {"PATH": f"{Path(sys.executable).parent}:{postgres.FOLDERS[0]}:{os.environ['PATH']}"} | given | here
        )

    def command(self, service: str, words: list[str]) -> list[str]:
        programs = {"label-studio": str(find_executable()), "python3": sys.executable}
        first, *rest = words
        return [programs.get(first, first), *(self.here(service, one) for one in rest)]

    def start(self, service: str) -> None:
        (self.folder / service).mkdir(exist_ok=True)
        with (self.folder / f"{service}.log").open("ab") as log:
            self.processes[service] = subprocess.Popen(
                self.command(service, SERVICES[service]["command"]),
                cwd=self.folder / service,
                env=dict(self.variables(service)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text(errors="replace")[-3000:]

    def is_healthy(self, service: str) -> bool:
        kind, *words = SERVICES[service]["healthcheck"]["test"]
        assert kind == "CMD"
        done = subprocess.run(
            self.command(service, words), env=dict(self.variables(service)), capture_output=True, check=False
        )
        return done.returncode == 0

    def until(self, what: Callable[[], bool], about: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return
            if about in self.processes and self.processes[about].poll() is not None:
                break
            time.sleep(0.5)
        pytest.fail(f"{about} did not come that far: {self.log(about)}")

    def tiebreak(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command of ours in the environment of the web side: docker compose exec tiebreak ..."""
        given = dict(self.variables("tiebreak"))
        return subprocess.run(["tiebreak", *words], env=given, capture_output=True, text=True, check=False)

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.ports['tiebreak']}/metrics", timeout=10).text

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    try:
        find_executable()
    except DemoError as error:
        pytest.skip(f"no Label Studio to start: {error}")
    with ExitStack() as stack:
        made = Site(tmp_path)
        given = environment("database")
        login = postgres.Login(int(made.ports["database"]), given["POSTGRES_USER"], made.secret("database_password"))
        try:
            url = stack.enter_context(postgres.serving(login))
        except postgres.NoPostgreSQL as error:
            pytest.skip(f"the file's database is PostgreSQL: {error}")
        engine = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:  # what the image of PostgreSQL does with a new volume
            connection.execute(text(f"CREATE DATABASE {given['POSTGRES_DB']}"))
            connection.execute(text((ROOT / "docker/databases.sql").read_text(encoding="utf-8")))
        engine.dispose()
        stack.callback(made.close)
        yield made


def in_order() -> list[str]:
    """The services, each after those that it waits for."""
    return list(TopologicalSorter({name: one.get("depends_on", ()) for name, one in SERVICES.items()}).static_order())


def test_every_service_starts_gets_healthy_does_its_work_and_stops(site: Site) -> None:
    assert site.is_healthy("database")
    for service in ("label-studio", "tiebreak-ml"):
        site.start(service)
    site.until(lambda: site.is_healthy("label-studio"), "label-studio", 600)
    site.until(lambda: site.is_healthy("tiebreak-ml"), "tiebreak-ml", 120)

    url = f"http://127.0.0.1:{site.ports['label-studio']}"
    with LabelStudio.connect(url, site.secret("label_studio_token")) as admin:
        number = admin.create_project("Composed", XML, maximum_annotations=1).id
        tasks = admin.import_tasks(number, [{"data": {"text": f"text {place}"}} for place in range(3)])
        admin.create_annotation(tasks[0], result("good"))
        site.projects = str(number)
        for service in in_order():
            if service in ("tiebreak", "tiebreak-runner"):
                site.start(service)
                site.until(lambda service=service: site.is_healthy(service), service, 120)  # type: ignore[misc]
        store = open_existing(site.secret("store"))
        with closing(store), store.read() as connection:
            assert [one.kind for one in runners.known(connection, clock())] == ["runner"]
        site.until(lambda: answers(site, number) == 1, "tiebreak-runner", 120)

        fixed = site.tiebreak("doctor", "--fix")
        assert fixed.returncode == 0, fixed.stdout + fixed.stderr
        admin.create_annotation(tasks[1], result("bad"))
        site.until(lambda: answers(site, number) == 2, "tiebreak-runner", 120)
        site.until(lambda: 'tiebreak_webhooks_total{accepted="true"}' in site.metrics(), "tiebreak", 60)
    for service in ("tiebreak-runner", "tiebreak", "tiebreak-ml"):
        site.processes[service].send_signal(signal.SIGTERM)
    for service in ("tiebreak-runner", "tiebreak", "tiebreak-ml"):
        assert site.processes[service].wait(timeout=30) == 0, site.log(service)
        assert "Traceback" not in site.log(service)


def answers(site: Site, number: int) -> int:
    """How many answers are in the store, after a run that succeeded."""
    store = open_existing(site.secret("store"))
    with closing(store), store.read() as connection:
        if not any(row.ok for row in measures.last_runs(connection)):
            return 0
        return len(answers_of(connection, projects.source(connection, number).key)[0])
