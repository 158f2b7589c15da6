"""A PostgreSQL server of our own: in a temporary folder, on a unix socket, as a user that is not root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class NoPostgreSQL(Exception):
    """There is no server to start here."""


@dataclass(frozen=True)
class Login:
    """Who may connect over TCP, where, and how."""

    port: int
    user: str
    password: str


@contextmanager
def serving(login: Login | None = None) -> Iterator[str]:
    """The SQLAlchemy URL of an empty cluster's database ``postgres``, up to the database's name.

    With a login it listens on 127.0.0.1 and asks for the password.
    """
    programs = next((folder for folder in FOLDERS if (folder / "initdb").is_file()), None)
    found = programs or (Path(shutil.which("initdb") or "").parent if shutil.which("initdb") else None)
    if found is None:
        raise NoPostgreSQL("no PostgreSQL server is installed (package postgresql)")
    owner = _unprivileged()
    # A socket's path may have 107 characters: not below pytest's own folders.
    place = Path(tempfile.mkdtemp(prefix="tiebreak-pg-"))
    try:
        if owner is not None:
            os.chown(place, owner, -1)
        data = place / "data"
        allowed, listen = _allowed(place, owner, login), "''" if login is None else f"127.0.0.1 -c port={login.port}"
        _run(owner, found / "initdb", "-D", data, *allowed, "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses={listen} -c unix_socket_directories={place} -c fsync=off"
        _run(owner, found / "pg_ctl", "-D", data, "-w", "-l", place / "log", "-o", options, "start")
        try:
            if login is None:
                yield f"postgresql+psycopg://tester@/{{}}?host={place}"
            else:
                yield f"postgresql+psycopg://{login.user}:{login.password}@127.0.0.1:{login.port}/{{}}"
        finally:
            _run(owner, found / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place)


def _allowed(place: Path, owner: int | None, login: Login | None) -> list[object]:
    if login is None:
        return ["-U", "tester", "-A", "trust"]
    file = place / "password"
    file.write_text(login.password)
    if owner is not None:
        os.chown(file, owner, -1)
    return ["-U", login.user, "-A", "scram-sha-256", "--pwfile", file]


def _unprivileged() -> int | None:
    """PostgreSQL refuses to run as root: somebody else then."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    raise NoPostgreSQL("PostgreSQL does not run as root, and there is no user `nobody`")


def _run(owner: int | None, *command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        user=owner,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if "initdb" in str(command[0]) else subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoPostgreSQL(f"{command[0]} failed ({done.returncode}): {done.stderr or ''}")
