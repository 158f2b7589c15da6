"""What tests share: the real data, a real Label Studio and a real browser (one of each a session)."""

import gc
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from sync.demo.accounts import Account
from sync.demo.embedded import EmbeddedLabelStudio, find_executable
from sync.errors import DemoError
from sync.labelstudio.client import LabelStudio
from sync.store.engine import Store

from .browser import find_chromium, started
from .faults import survived
from .prepared import prepare_once
from .stores import new_store
from .thorough import up_to

ROOT = Path(__file__).resolve().parent.parent

# A busy machine fails no property; how fast things are is measured in benchmarks/.
usual = settings()
settings.register_profile("tiebreak", parent=usual, deadline=None, max_examples=up_to(usual.max_examples))
settings.load_profile("tiebreak")

prepare_once()


SERVER_SECONDS, ELSEWHERE_SECONDS = 40, 1


def pytest_configure() -> None:
    """Who ends the tests by SIGTERM, as ``timeout`` and CI do, ends the servers that they started, too."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)


WORKERS: list[int] = []
"""The processes of pytest-xdist that this one has started."""


@pytest.hookimpl(optionalhook=True)
def pytest_testnodeready(node: Any) -> None:
    """A worker of pytest-xdist is there."""
    WORKERS.append(node.gateway._rinfo().pid)  # which pytest-xdist has asked for before


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one, of the whole group, must not disturb the clearing up
    for worker in WORKERS:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGTERM)
    raise KeyboardInterrupt("SIGTERM")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays to the end: it is not looked through again and again for what could be thrown away."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest come first: at the end no worker waits for another one's long file."""
    seconds: Counter[Path] = Counter()
    for item in items:
        seconds[item.path] += _may_take(item)
    items.sort(key=lambda item: -seconds[item.path])


def _may_take(item: pytest.Item) -> int:
    if limit := item.get_closest_marker("timeout"):
        return int(limit.args[0])
    return SERVER_SECONDS if item.get_closest_marker("label_studio") else ELSEWHERE_SECONDS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many faults were survived."""
    done = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    if said := survived.summary(done):
        terminalreporter.write_line(said)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real crowd data; skips, loudly, where it is missing."""
    place = Path(os.environ.get("TIEBREAK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"real crowd data is missing: {place} is no folder (set TIEBREAK_SHARED_DATA)")
    return place


class RunningLabelStudio:
    """The session's server: its people, and clients for them."""

    def __init__(self, server: EmbeddedLabelStudio) -> None:
        self.server = server
        self.url = server.url
        self.people = server.people
        self._clients: dict[str, LabelStudio] = {}

    def as_(self, role: str, place: int = 0) -> LabelStudio:
        """A client for the n-th person of a role."""
        token = self.person(role, place).token
        if token not in self._clients:
            self._clients[token] = LabelStudio.connect(self.url, token)
        return self._clients[token]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def person(self, role: str, place: int = 0) -> Account:
        return [one for one in self.people if one.role == role][place]


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLabelStudio]:
    """A real Label Studio from the cached template; skips, loudly, where none is installed."""
    try:
        executable = find_executable()
    except DemoError as error:
        pytest.skip(f"no Label Studio to test against: {error}")
    with EmbeddedLabelStudio(tmp_path_factory.mktemp("label-studio"), executable=executable) as server:
        running = RunningLabelStudio(server)
        yield running
        running.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser; skips, with one clear line, where there is none. Who opens a page or a context closes it."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here: browser tests are skipped (install the package chromium)")
    with started(executable) as browser:
        yield browser


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in a file of its own."""
    opened = new_store(tmp_path / "tiebreak.sqlite3")
    yield opened
    opened.close()


def clock() -> int:
    """Now, in microseconds."""
    return time.time_ns() // 1000
