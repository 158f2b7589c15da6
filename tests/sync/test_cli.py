"""The commands as their users run them: real processes, real (bad) servers, real files."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from sync.settings import load
from sync.store.engine import claim

from ..stores import new_store
from .misbehaving import Behave, always, half_a_body, hang, no_answer, serving
from .terminal import Done, Terminal, environment

PROGRAM = str(Path(sys.executable).with_name("tiebreak"))
PAGE = b"<!doctype html><title>Log in</title>"


def begin(folder: Path, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
    """The console script as a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
    return subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=folder,
        env=kept | environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: "subprocess.Popen[str]") -> Done:
    out, err = process.communicate(timeout=120)
    return Done(process.returncode, out, err)


def one_line(done: Done) -> str:
    """What a failed command says: one line on standard error, nothing else, no traceback."""
    assert done.code == 1
    assert done.out == ""
    assert "Traceback" not in done.err
    (line,) = done.err.splitlines()
    assert line.startswith("tiebreak: ")
    return line


BAD: Mapping[str, tuple[Behave | None, str]] = {
    "nobody listens": (None, "nothing answers there (.*). Is Label Studio running, and is label_studio_url right"),
    "500": (always(500, b'{"detail": "it broke"}'), r"failed \(500\): it broke"),
    "500 page": (always(500, PAGE, "text/html"), r"failed \(500\): its log, or its proxy, says why"),
    "login page": (always(200, PAGE, "text/html"), "a web page instead of JSON. Does label_studio_url point"),
    "nothing": (always(200, b""), "an empty answer instead of JSON"),
    "half a body": (half_a_body, "the answer broke off"),
    "no answer": (no_answer, "the answer broke off"),
    "too many": (always(429, b"{}", Retry_After="3600"), "too many requests; come back in 3600 s"),
    "redirect": (always(301, b"", Location="https://x.example"), "redirects to https://x.example: use that address"),
    "hangs": (hang, "no answer in time"),
    "wrong token": (always(401, b'{"detail": "Invalid token."}'), "Invalid token. Is label_studio_token right"),
    "another program": (always(200, b'{"status": "ok"}'), "what came is no project"),
}
AS_PROCESSES = ["nobody listens", "login page", "hangs"]
HURRIED = {"label_studio_token": "t0k3n", "timeout_seconds": "0.2"}


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Done, Path]]]:
    """``tiebreak run 3`` as a process against some of the bad servers, all at the same time."""
    with ExitStack() as servers:
        running = {}
        for name in AS_PROCESSES:
            folder = tmp_path_factory.mktemp("bad")
            given = {"label_studio_url": servers.enter_context(bad_server(name)), **HURRIED}
            running[name] = (begin(folder, "run", "3", **given), folder)
        yield {name: (end(process), folder) for name, (process, folder) in running.items()}


@contextmanager
def bad_server(name: str) -> Iterator[str]:
    behave, _ = BAD[name]
    if behave is None:
        yield "http://127.0.0.1:9"
        return
    with serving(behave) as server:
        yield server.url


@pytest.mark.parametrize("name", AS_PROCESSES)
def test_a_bad_server_ends_the_process_with_one_line(name: str, processes: dict[str, tuple[Done, Path]]) -> None:
    check_failure(name, *processes[name])


@pytest.mark.parametrize("name", sorted(BAD.keys() - set(AS_PROCESSES)))
def test_a_bad_server_is_named_in_one_line_and_nothing_is_half_written(name: str, tiebreak: Terminal) -> None:
    with bad_server(name) as url:
        done = tiebreak("run", "3", label_studio_url=url, **HURRIED)
    check_failure(name, done, tiebreak.folder)


def check_failure(name: str, done: Done, folder: Path) -> None:
    line = one_line(done)
    assert re.search(BAD[name][1], line)
    assert "http://127.0.0.1:" in line
    assert HURRIED["label_studio_token"] not in line
    with closing(sqlite3.connect(folder / "tiebreak.sqlite3")) as store:
        tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        written = {table for table in tables if store.execute(f'SELECT 1 FROM "{table}"').fetchone()}  # noqa: S608
    # The schema, whose store this is (and the event of that), and that the run failed.
    assert written == {"alembic_version", "audit_heads", "audit_events", "audit_details", "servers", "heartbeats"}


def test_init_writes_a_file_that_loads_back_and_only_its_owner_can_read(tiebreak: Terminal) -> None:
    done = tiebreak("init", "--url", "http://label.example/", "--token", "abc", "--project", "7")
    file = tiebreak.folder / "tiebreak.toml"
    assert (done.code, done.err) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    settings = load(file)
    assert (settings.label_studio_url, settings.projects) == ("http://label.example", (7,))
    assert settings.label_studio_token.get_secret_value() == "abc"
    assert len(settings.secret.get_secret_value()) >= 24
    assert "tiebreak doctor" in done.out


def test_init_takes_the_address_of_a_projects_page(tiebreak: Terminal) -> None:
    assert tiebreak("init", "--url", "http://localhost:8080/projects/7/data").code == 0
    assert 'label_studio_url = "http://localhost:8080"' in (tiebreak.folder / "tiebreak.toml").read_text("utf-8")


def test_init_never_touches_a_file_that_is_there_and_leaves_none_behind_when_refused(tiebreak: Terminal) -> None:
    (tiebreak.folder / "tiebreak.toml").write_text("seed = 1\n")
    assert "is there already" in one_line(tiebreak("init"))
    assert (tiebreak.folder / "tiebreak.toml").read_text() == "seed = 1\n"
    refused = tiebreak("init", "--url", "label.example", "--file", "new.toml")
    assert "label_studio_url: 'label.example' is refused" in one_line(refused)
    assert "cannot be written" in one_line(tiebreak("init", "--file", "no/such/folder.toml"))
    assert [place.name for place in tiebreak.folder.iterdir()] == ["tiebreak.toml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["histroy"], "No such command 'histroy'. Did you mean 'history'?"),
        (["run", "three"], "Invalid value for"),
        (["history", "3"], "Missing option '--project'"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
    ],
)
def test_a_mistyped_command_is_told_what_is_wrong(arguments: list[str], said: str, tiebreak: Terminal) -> None:
    done = tiebreak(*arguments)
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--config", "none.toml"], "none.toml: no such file; `tiebreak init` writes one"),
        (["run"], "no access token is set"),
        (
            ["history", "1", "--project", "7"],
            "there is no store at sqlite:///tiebreak.sqlite3 yet: `tiebreak pull` makes it",
        ),
        (["moved", "label.example"], "'label.example': not an HTTP address"),
        (["moved", "http://label.example"], "belongs to no Label Studio yet"),
        (["serve", "--host", "0.0.0.0"], "set dashboard_password"),  # noqa: S104 - refused
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments: list[str], said: str, tiebreak: Terminal) -> None:
    assert said in one_line(tiebreak(*arguments))


def test_no_project_is_said_and_so_is_a_setting_that_is_none(tiebreak: Terminal) -> None:
    assert "no project is named" in one_line(tiebreak("pull", label_studio_token="t"))
    assert "TIEBREAK_SED: no such setting" in one_line(tiebreak("pull", sed="1"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["history", "1", "--project", "7"],
        ["status", "7"],
        ["corrections", "--project", "7"],
        ["agreement", "--project", "7"],
    ],
)
def test_who_only_looks_makes_no_store(arguments: list[str], tiebreak: Terminal) -> None:
    line = one_line(tiebreak(*arguments, store="sqlite:///kept/here.sqlite3"))
    assert "there is no store at sqlite:///kept/here.sqlite3 yet" in line
    assert list(tiebreak.folder.iterdir()) == []


def make_store(folder: Path) -> Path:
    store = new_store(folder / "tiebreak.sqlite3")
    claim(store, "http://one.example", 1)
    store.close()
    return folder / "tiebreak.sqlite3"


def spoil(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_store_of_another_label_studio_is_refused_and_can_be_moved(tiebreak: Terminal) -> None:
    make_store(tiebreak.folder)
    here: dict[str, str] = {"label_studio_url": "http://two.example", "label_studio_token": "t"}
    line = one_line(tiebreak("pull", "3", **here))
    assert "belongs to the Label Studio at http://one.example, not to http://two.example" in line
    assert "tiebreak moved http://two.example" in line
    assert (
        "belonged to http://one.example and belongs to http://two.example now"
        in tiebreak("moved", "http://two.example/").out
    )
    assert (
        tiebreak("moved", "http://two.example").out
        == "The store belongs to http://two.example already: nothing changed.\n"
    )
    # The next refusal is the network's: two.example answers nobody.
    assert "nothing answers" in one_line(tiebreak("pull", "3", timeout_seconds="1", **here))


def test_a_store_that_is_newer_is_refused(tiebreak: Terminal) -> None:
    spoil(make_store(tiebreak.folder), "UPDATE alembic_version SET version_num = '9999'")
    assert "was written by a newer Tiebreak (schema 9999): install that version" in one_line(
        tiebreak("history", "1", "--project", "1")
    )


def test_a_store_that_is_no_database_is_refused_and_left_alone(tiebreak: Terminal) -> None:
    file = tiebreak.folder / "tiebreak.sqlite3"
    file.write_bytes(b"dear diary, " * 500)
    line = one_line(tiebreak("history", "1", "--project", "1"))
    assert "file is not a database: the file is something else; name another file in `store`" in line
    assert file.read_bytes() == b"dear diary, " * 500


def test_a_store_that_may_not_be_written_is_refused(tiebreak: Terminal) -> None:
    file = make_store(tiebreak.folder)
    spoil(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    line = one_line(
        tiebreak(
            "moved",
            "http://two.example",
            store=f"sqlite:///file:{file}?mode=ro&uri=true",
        )
    )
    assert "readonly database: this user may not write there" in line


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("tiebreak.sqlite3", "the setting `store` is not an address that can be used"),
        ("mysql://root:s3cret@localhost/x", "the setting `store` is not an address|mysql is not supported"),
        ("sqlite://", "names no file"),
        ("postgresql+psycopg://me:s3cret@127.0.0.1:9/x", "Connection refused"),
    ],
)
def test_a_store_that_is_none_is_refused_without_its_password(store: str, said: str, tiebreak: Terminal) -> None:
    line = one_line(tiebreak("history", "1", "--project", "1", store=store))
    assert re.search(said, line)
    assert "s3cret" not in line


def test_a_store_that_somebody_holds_locked_says_so(tiebreak: Terminal) -> None:
    file = make_store(tiebreak.folder)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        # Reading waits for nobody; writing waits, then says why.
        assert "not in the store yet" in one_line(tiebreak("history", "1", "--project", "1"))
        line = one_line(tiebreak("moved", "http://two.example", store=f"sqlite:///{file}?timeout=1"))
        assert "database is locked: another program has been writing to it for long" in line
    finally:
        holder.close()


def test_help_of_every_command_says_what_it_does(tiebreak: Terminal) -> None:
    listing = tiebreak("--help").out
    names = re.findall(r"^│ ([a-z]+)  +\w", listing, re.MULTILINE)
    assert {"init", "doctor", "pull", "assess", "push", "resolve", "refresh", "run", "serve", "history"} <= set(names)
    for name in names:
        done = tiebreak(name, "--help")
        assert done.code == 0
        assert f"Usage: tiebreak {name}" in done.out


def test_json_of_a_failure_is_one_empty_document(tiebreak: Terminal) -> None:
    done = tiebreak("pull", "3", "--json", label_studio_url="http://127.0.0.1:9", **HURRIED)
    assert done.code == 1
    assert json.loads(done.out) == {}
    assert len(done.err.splitlines()) == 1
