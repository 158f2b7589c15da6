"""Stores of both kinds: what is asked of one is asked of the other."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from sync.store.engine import Store, open_store

from ..stores import put_store
from . import postgres
from .terminal import Terminal

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """A PostgreSQL server with a migrated template; skips, loudly, where there is none."""
    with ExitStack() as running:
        try:
            url = running.enter_context(postgres.serving())
        except postgres.NoPostgreSQL as error:
            pytest.skip(f"the store is tested on SQLite alone: {error}")
        create_database(url, "template")
        open_store(url.format("template")).close()
        yield url


def create_database(url: str, name: str, like: str = "template1") -> None:
    engine = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like}"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return put_store(tmp_path / "any.sqlite3")
    url: str = request.getfixturevalue("cluster")
    name = f"store{next(_numbers)}"
    create_database(url, name, "template")
    return url.format(name)


@pytest.fixture
def any_store(store_url: str) -> Iterator[Store]:
    """An empty store of either kind."""
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def tiebreak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Commands in an empty folder."""
    return Terminal(tmp_path, monkeypatch, capsys)
