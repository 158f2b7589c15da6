"""The two services of Tiebreak as processes of the demo: started, awaited, stopped by their process ids."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Protocol

import requests

from ..errors import DemoError

STARTING_SECONDS = 60
LOG_LINES = 30


class Service:
    """One of our programs on a port of this machine; its log goes to a file."""

    def __init__(self, program: str, arguments: Sequence[str], port: int, health: str, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = [str(Path(sys.executable).with_name(program)), *arguments]
        self._health = f"{self.url}{health}"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it; ``ready`` waits."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=kept | dict(environment),
                cwd=self._log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> None:
        """Wait until it answers; raises DemoError with the end of its log."""
        process = self._process
        assert process is not None
        end = time.monotonic() + STARTING_SECONDS
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < end and process.poll() is None:
                try:
                    if session.get(self._health, timeout=5).ok:
                        return
                except requests.RequestException:
                    time.sleep(0.1)
        raise DemoError(f"{self.name} did not start at {self.url}; its log ends:\n{end_of(self._log)}")

    @property
    def name(self) -> str:
        """The program's."""
        return Path(self._command[0]).name

    def ended(self) -> str | None:
        """How it ended by itself, in words with the end of its log; null while it runs."""
        return how_it_ended(self.name, self._process, self._log)

    def stop(self) -> None:
        """End it and what it started."""
        process, self._process = self._process, None
        if process is not None:
            stop(process)

    def __enter__(self) -> "Service":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def end_of(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])


def how_it_ended(name: str, process: "subprocess.Popen[bytes] | None", log: Path) -> str | None:
    """That a process of ours is there no more though nobody here stopped it; null while it runs."""
    code = None if process is None else process.poll()
    if code is None:
        return None
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"{name} {how}; its log ends:\n{end_of(log)}"


class Part(Protocol):
    """One of the processes that the demo needs."""

    def ended(self) -> str | None:
        """As ``how_it_ended``."""


def until_one_ends(parts: Sequence[Part], seconds: float = 1.0) -> NoReturn:
    """Look after the parts of the demo, every so many seconds; raises DemoError where one ended by itself."""
    while True:
        for part in parts:
            if (said := part.ended()) is not None:
                raise DemoError(f"the demo ends: {said}")
        time.sleep(seconds)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End the process group that a process of ours leads: first asked, then made to."""
    for name, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, name)
        except ProcessLookupError:
            break
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
