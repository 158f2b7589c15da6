"""A Label Studio of our own: started from a cached migrated template, on a free port, stopped by its process id."""

import fcntl
import os
import random
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType

import requests

from ..errors import DemoError
from . import accounts
from .accounts import Account
from .processes import LOG_LINES, how_it_ended, stop

VERSION = "1.23.2"
TEMPLATE = f"label-studio-{VERSION}-v3"
DATABASE = "label_studio.sqlite3"
STARTING_SECONDS = 180


def find_executable() -> Path:
    """The ``label-studio`` program: TIEBREAK_LABEL_STUDIO, the project's own environment, or the path.

    Raises DemoError that says how to get one.
    """
    named = os.environ.get("TIEBREAK_LABEL_STUDIO")
    candidates = [named, str(Path.cwd() / ".venv-label-studio/bin/label-studio"), shutil.which("label-studio")]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return Path(candidate).absolute()
    raise DemoError(
        "no Label Studio was found to start: run `make demo` in Tiebreak's folder, or install label-studio=="
        f"{VERSION} into a virtual environment and set TIEBREAK_LABEL_STUDIO to its bin/label-studio"
    )


def cache_folder() -> Path:
    """Where the migrated template is kept: TIEBREAK_CACHE, or the user's cache folder."""
    named = os.environ.get("TIEBREAK_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "tiebreak"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now.

    Until its server listens there, somebody else may be given it: it is none of those that systems give to whoever
    asks for any.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise DemoError("of 100 ports of this machine none was free: end some servers, then start again")


class EmbeddedLabelStudio:
    """One Label Studio server with its data in ``folder``; use it as a context manager.

    ``url`` is where it answers and ``people`` are its logins. The server is ours and no other: its health page is
    asked on a port that was free, and it must still be our process that runs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        executable: Path | None = None,
        cache: Path | None = None,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.folder = folder
        self._executable = executable or find_executable()
        self._cache = cache or cache_folder()
        self._environment = dict(environment or {})
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "label-studio.log"

    @property
    def people(self) -> list[Account]:
        """Admin first, then the annotators, then the reviewer."""
        return accounts.read(self.folder / accounts.FILE)

    @property
    def admin(self) -> Account:
        """The login that owns everything."""
        return self.people[0]

    def __enter__(self) -> "EmbeddedLabelStudio":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def add_people(self, people: Sequence[Account]) -> list[Account]:
        """Make more logins while the server runs; the same people with their ids."""
        return _make_accounts(self._executable, self.folder, people)

    def start(self) -> None:
        """Copy the template where ``folder`` has no server yet, start, and wait until it answers."""
        if not (self.folder / accounts.FILE).exists():
            self._from_template()
        self._process = _launch(self._executable, self.folder, self.port, self.log, self._environment)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def ended(self) -> str | None:
        """How it ended by itself, in words with the end of its log; null while it runs."""
        return how_it_ended("Label Studio", self._process, self.log)

    def stop(self) -> None:
        """Stop the processes that ``start`` started, and only those."""
        process, self._process = self._process, None
        if process is not None:
            stop(process)

    def _from_template(self) -> None:
        template = self._cache / TEMPLATE
        with _locked(self._cache / f"{TEMPLATE}.lock"):
            if not (template / accounts.FILE).exists():
                self._say("Preparing Label Studio's database: about two minutes, this once")
                _build(template, self._executable)
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(template, self.folder, dirs_exist_ok=True)

    def _wait(self) -> None:
        assert self._process is not None
        _await_health(self._process, self.url, self.log)
        # Label Studio takes the next port in silence when its own is taken: only ours knows this token.
        with _direct() as session:
            reply = session.get(
                f"{self.url}/api/current-user/whoami",
                headers={"Authorization": f"Token {self.admin.token}"},
                timeout=30,
            )
        if reply.status_code != 200:
            raise DemoError(f"another server answers at {self.url}: the port was taken meanwhile; start again")


def _build(template: Path, executable: Path) -> None:
    """Migrate an empty database once, add the people, and publish the folder in one step."""
    shutil.rmtree(template, ignore_errors=True)
    draft = template.with_name(template.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    log = template.with_name(template.name + ".log")
    port = free_port()
    crew = accounts.people([secrets.token_hex(20) for _ in range(5)])
    process = _launch(
        executable,
        draft,
        port,
        log,
        {"LABEL_STUDIO_USERNAME": crew[0].email, "LABEL_STUDIO_PASSWORD": crew[0].password},
    )
    try:
        _await_health(process, f"http://127.0.0.1:{port}", log)
    finally:
        stop(process)
    accounts.write(draft / accounts.FILE, _make_accounts(executable, draft, crew))
    with closing(sqlite3.connect(draft / DATABASE)) as database:
        # The file remembers it: each commit waits for the disk once instead of three times or more.
        database.execute("PRAGMA journal_mode=WAL")
    draft.rename(template)


def _make_accounts(executable: Path, folder: Path, people: Sequence[Account]) -> list[Account]:
    """Make logins with Label Studio's own Python; the same people with their ids."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "people.json"
        accounts.write(place, people)
        done = subprocess.run(
            [executable.with_name("python"), "-c", accounts.SCRIPT, str(place)],
            env=_environment(folder),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"Label Studio's accounts could not be made:\n{_tail(done.stderr)}")
        return accounts.read(place)


def _environment(folder: Path) -> dict[str, str]:
    """Telemetry off; loopback addresses allowed for ML backends and webhooks; nothing of the caller's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "DJANGO_DB": "sqlite",
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "COLLECT_ANALYTICS": "False",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "SSRF_PROTECTION_ENABLED": "false",
        "ML_BLOCK_LOCAL_IP": "false",
        "PYTHONWARNINGS": "ignore",
    }


def _launch(
    executable: Path, folder: Path, port: int, log: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    command = [str(executable), "start", "--no-browser", "--port", str(port), "--internal-host", "127.0.0.1"]
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(folder) | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _await_health(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + STARTING_SECONDS
    with _direct() as session:
        while time.monotonic() < end:
            if process.poll() is not None:
                raise DemoError(
                    f"Label Studio stopped while starting (exit code {process.returncode}); its log ends:\n{_log(log)}"
                )
            try:
                if session.get(f"{url}/health", timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                time.sleep(0.2)
    raise DemoError(f"Label Studio did not answer at {url} within {STARTING_SECONDS} s; its log ends:\n{_log(log)}")


def _direct() -> requests.Session:
    """A session that asks no proxy: the server is on this machine."""
    session = requests.Session()
    session.trust_env = False
    return session


def _log(place: Path) -> str:
    return _tail(place.read_text(encoding="utf-8", errors="replace"))


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-LOG_LINES:])


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Only one process prepares the template; the others wait for it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
