"""``tiebreak users``: what is typed, what is said, and what is never said."""

import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from sync.logins.passwords import fits
from sync.store import logins, tables
from sync.store.engine import open_store

from ..stores import put_store
from .terminal import Done, Terminal

WORD = "a long password"


class Users:
    """The commands over a store in a folder of their own; ``typed`` is what stands on standard input."""

    def __init__(self, tiebreak: Terminal, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._tiebreak, self._patch, self.folder = tiebreak, patch, folder
        self.url = put_store(folder / "tiebreak.sqlite3")

    def __call__(self, *arguments: str, typed: str = "") -> Done:
        with self._patch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(typed))
            return self._tiebreak("users", *arguments, store=self.url)

    def listed(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self("list", "--json").out)
        return found


@pytest.fixture
def users(tiebreak: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Users:
    return Users(tiebreak, tmp_path, monkeypatch)


def test_somebody_is_added_with_the_password_on_standard_input(users: Users) -> None:
    assert users("list").out.startswith("nobody yet: `tiebreak users add NAME --role admin` begins")
    done = users("add", "Ann", "--role", "admin", typed=f"{WORD}\n")
    assert (done.code, done.out, done.err) == (0, "Ann may log in as admin.\n", "")
    assert users.listed() == [{"name": "ann", "role": "admin", "projects": {}, "password": True, "tokens": []}]
    store = open_store(users.url)
    with store.read() as connection:
        found = logins.find(connection, "ANN")
        events = [(row.actor, row.action) for row in connection.execute(select(tables.audit_events))]
        rows = [list(connection.execute(select(table))) for table in tables.metadata.sorted_tables]
    store.close()
    assert found is not None
    assert fits(WORD, found.password)
    assert WORD not in repr(rows)
    assert events == [("command line", "user added")]


@pytest.mark.parametrize("at_once", [True, False])
def test_somebody_who_is_removed_can_be_forgotten_and_the_chain_still_verifies(
    users: Users, tiebreak: Terminal, at_once: bool
) -> None:
    for name in ("anneliese", "bob"):
        assert users("add", name, "--role", "admin", typed=f"{WORD}\n").code == 0
    refused = tiebreak("forget", "login:1", "--yes", store=users.url)
    assert (refused.code, "`tiebreak users remove anneliese --forget`" in refused.err) == (1, True)
    if at_once:
        said = users("remove", "anneliese", "--forget").out
        assert said == "anneliese is out, and forgotten: the audit chain still verifies.\n"
    else:
        assert users("remove", "anneliese").out == "anneliese is out.\n"
        would = tiebreak("forget", "login:1", store=users.url).out
        assert would.startswith("login 1: would be erased: name and words of 1 audit event\n")
        done = json.loads(tiebreak("forget", "login:1", "--yes", "--json", store=users.url).out)
        assert done == {"login": 1, "done": True, "erased": {"audit_words": 1}}
    assert "nothing left to erase" in tiebreak("forget", "login:1", "--yes", store=users.url).out
    assert "knows no login 3" in tiebreak("forget", "login:3", store=users.url).err
    whole = tiebreak("audit", "verify", store=users.url)
    assert (whole.code, "words of 1 were erased on request" in whole.out) == (0, True), whole.err
    kept = b"".join(part.read_bytes() for part in users.folder.glob("tiebreak.sqlite3*"))
    assert b"anneliese" not in kept and b"bob" in kept
    with closing(sqlite3.connect(users.folder / "tiebreak.sqlite3")) as other:
        other.execute("UPDATE audit_words SET salt = NULL, text = NULL")
        other.commit()
    broken = tiebreak("audit", "verify", store=users.url)
    assert (broken.code, "nobody had `tiebreak forget login:2` done after it" in broken.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("add", "ann", "--role", "owner"), WORD, "role 'owner': there are: viewer, lead, admin"),
        (("add", "ann", "--role", "admin", "--project", "7"), WORD, "in single projects there are: viewer, lead"),
        (("add", "ann", "--project", "7"), WORD, "project 7 is not in the store yet"),
        (("add", "ann"), "short", "a password has 10 to 1000 characters; this one has 5"),
        (("add", "ann"), "", "this one has 0"),
        (("add", " "), WORD, "is no name"),
        (("add", "a:b"), WORD, "is no name"),
        (("remove", "bob"), "", "there is no user 'bob'"),
        (("role", "bob", "lead"), "", "there is no user 'bob'"),
        (("password", "bob"), WORD, "there is no user 'bob'"),
        (("token", "bob"), "", "there is no user 'bob'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_changes_nothing(
    users: Users, arguments: tuple[str, ...], typed: str, said: str
) -> None:
    done = users(*arguments, typed=f"{typed}\n")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert said in done.err
    assert WORD not in done.err
    assert users.listed() == []


def test_in_a_folder_without_a_store_nobody_is_looked_for_and_no_store_is_made(tiebreak: Terminal) -> None:
    for asked in (("list",), ("remove", "ann"), ("role", "ann", "lead"), ("token", "ann")):
        done = tiebreak("users", *asked)
        assert (done.code, done.out) == (1, "")
        assert "there is no store at sqlite:///tiebreak.sqlite3 yet" in done.err
        assert not (tiebreak.folder / "tiebreak.sqlite3").exists()
    assert tiebreak("users", "add", "ann", "--no-password").code == 0, "the first user may come before the first pull"
    assert tiebreak("users", "list").out.startswith("name")


def test_roles_change_everywhere_and_in_single_projects(users: Users) -> None:
    store = open_store(users.url)
    values = {"label_studio_id": 7, "created_at": 1, "title": "t", "kind": "source", "label_config": ""}
    with store.begin() as connection:
        connection.execute(insert(tables.projects).values(**values))
    store.close()
    assert users("add", "bob", "--project", "7", "--no-password").out == "bob may log in as viewer in project 7.\n"
    assert users("add", "bob", "--no-password").code == 1
    assert users("role", "bob", "lead", "--project", "7").out == "bob has the role lead in project 7.\n"
    assert users.listed() == [{"name": "bob", "role": None, "projects": {"7": "lead"}, "password": False, "tokens": []}]
    assert users("role", "bob", "none", "--project", "7").code == users("role", "bob", "viewer").code == 0
    assert users.listed() == [{"name": "bob", "role": "viewer", "projects": {}, "password": False, "tokens": []}]
    done = users("remove", "bob")
    assert done.out == "bob is out.\n"
    assert "nobody is left" in done.err


def test_a_token_is_shown_once_and_alone(users: Users) -> None:
    users("add", "ann", "--no-password")
    done = users("token", "ann", "--label", "nightly", "--days", "30")
    token = done.out.strip()
    assert token.startswith("tiebreak_")
    assert token not in done.err
    (found,) = users.listed()
    (kept,) = found["tokens"]  # type: ignore[misc] # a list
    assert (kept["id"], kept["label"], kept["used_at"]) == (1, "nightly", None)  # type: ignore[has-type]
    assert kept["ends_at"] - kept["made_at"] == 30 * 24 * 3_600_000_000  # type: ignore[has-type]
    assert token not in users("list").out
    assert users("token", "ann", "--revoke", "2").code == 1
    assert users("token", "ann", "--revoke", "1").out == "token 1 of ann lets nobody in any more.\n"
    assert "1: nightly" not in users("list").out


def test_no_command_takes_a_password_as_an_argument(users: Users) -> None:
    for command in ("add", "password"):
        assert users(command, "ann", "--password", WORD).code == 2
