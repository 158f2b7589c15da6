"""Opening stores: the tables are those of the migrations, on SQLite and on PostgreSQL, from nothing and for good."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from sync.errors import StoreError
from sync.store import projects, summaries
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import Store, claim, move, open_store, owner
from sync.store.lease import beat, last_beat
from sync.store.tables import annotations, heartbeats, metadata, tasks

from .conftest import create_database
from .test_intake import PROJECT


def differences(url: str) -> list[object]:
    engine = create_engine(url)
    # Long answers fit into no index of PostgreSQL: theirs is by MD5.
    by_md5 = {"uq_codes_project_control_answer", "uq_codes_project_control_md5"} if "postgresql" in url else set()
    options: dict[str, Any] = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, *_: name not in by_md5,
        "include_object": lambda _, name, *__: name not in by_md5,
    }
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        found = list(compare_metadata(context, metadata))
    engine.dispose()
    return found


def test_the_migrations_make_the_tables_of_the_program(store_url: str) -> None:
    open_store(store_url).close()
    assert differences(store_url) == []


def test_the_migrations_make_them_from_nothing_on_postgresql(cluster: str) -> None:
    create_database(cluster, "from_nothing")
    url = cluster.format("from_nothing")
    open_store(url).close()
    assert differences(url) == []


def test_every_table_and_constraint_is_there(store_url: str) -> None:
    open_store(store_url).close()
    engine = create_engine(store_url)
    found = inspect(engine)
    for name, table in metadata.tables.items():
        assert {column["name"] for column in found.get_columns(name)} == {column.name for column in table.columns}
        foreign = {(key["constrained_columns"][0], key["referred_table"]) for key in found.get_foreign_keys(name)}
        assert foreign == {(key.parent.name, key.column.table.name) for key in table.foreign_keys}
    engine.dispose()


def test_opening_twice_changes_nothing_and_two_at_once_make_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'tiebreak.sqlite3'}"
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(open_store(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for store in opened:
        store.close()
    assert differences(url) == []


def test_a_transaction_is_all_or_nothing(any_store: Store) -> None:
    row = {"name": "one", "at": 1, "ok": True, "message": ""}
    with pytest.raises(ZeroDivisionError), any_store.begin() as connection:
        connection.execute(insert(heartbeats).values(**row))
        raise ZeroDivisionError
    with any_store.read() as connection:
        assert connection.execute(select(heartbeats)).all() == []


def test_what_the_database_refuses_is_a_store_error_with_its_cause(any_store: Store) -> None:
    with pytest.raises(StoreError, match="store ") as refused, any_store.begin() as connection:
        connection.execute(insert(annotations).values(task=999, label_studio_id=1, created_at=1))
    assert isinstance(refused.value.__cause__, IntegrityError)


def test_large_and_strange_values_come_back_as_they_went_in(any_store: Store) -> None:
    from sync.store.tables import projects

    data = {"text": "\U0001f600 'quoted' \\ \n \u2028", "number": 1.0000000000000002, "deep": [[{}], None, True]}
    with any_store.begin() as connection:
        connection.execute(
            insert(projects).values(id=1, label_studio_id=1, created_at=1, title="p", kind="source", label_config="")
        )
        values = {"project": 1, "label_studio_id": 2**31 - 1, "created_at": 2**62, "updated_at": 1, "overlap": 1}
        connection.execute(insert(tasks).values(data=data, meta={}, **values))
    with any_store.read() as connection:
        row = connection.execute(select(tasks)).one()
    assert (row.data, row.label_studio_id, row.created_at) == (data, 2**31 - 1, 2**62)


def test_a_store_belongs_to_the_first_label_studio(any_store: Store) -> None:
    assert owner(any_store) is None
    with pytest.raises(StoreError, match="belongs to no Label Studio yet"):
        move(any_store, "http://two.example", 1)
    claim(any_store, "http://one.example", 1)
    claim(any_store, "http://one.example", 1)
    with pytest.raises(StoreError, match=r"belongs to the Label Studio at http://one\.example, not to http://two"):
        claim(any_store, "http://two.example", 1)
    assert move(any_store, "http://two.example", 1) == "http://one.example"
    claim(any_store, "http://two.example", 1)
    with any_store.read() as connection:
        told = [(one.actor, one.action, one.subject) for one in entries(connection, Wanted())]
    assert told == [
        ("tiebreak", "store claimed", {"label_studio": "http://one.example"}),
        ("command line", "moved", {"from": "http://one.example", "to": "http://two.example"}),
    ]


def test_of_processes_that_begin_at_once_one_claims_the_store(any_store: Store) -> None:
    together = threading.Barrier(6)

    def begin(_: int) -> None:
        together.wait()
        claim(any_store, "http://one.example", 1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    with any_store.read() as connection:
        assert [one.action for one in entries(connection, Wanted())] == ["store claimed"]


def test_of_processes_that_keep_something_for_the_first_time_at_once_none_fails(any_store: Store) -> None:
    with any_store.begin() as connection:
        key = projects.remember(connection, PROJECT, kind="source", now=1).key
    together = threading.Barrier(6)

    def keep(number: int) -> None:
        together.wait()
        with any_store.begin() as connection:
            beat(connection, "project:1:hint", number, True, "")
            summaries.write(connection, key, {"rulings": {"of": number}}, str(number), number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(keep, range(6)))
    with any_store.read() as connection:
        assert last_beat(connection, "project:1:hint") in range(6)
        assert len(summaries.stamps(connection, key)) == 1


def test_a_file_of_the_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = open_store(f"sqlite:///{tmp_path / 'new' / 'tiebreak.sqlite3'}")
    finally:
        os.umask(before)
    with store.begin() as connection:
        connection.execute(insert(heartbeats).values(name="run", at=1, ok=True, message=""))
    files = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "new").iterdir()}
    store.close()
    assert files == dict.fromkeys(["tiebreak.sqlite3", "tiebreak.sqlite3-wal", "tiebreak.sqlite3-shm"], 0o600)


def test_the_mode_of_a_file_that_is_there_stays_as_it_was_set(tmp_path: Path) -> None:
    file = tmp_path / "tiebreak.sqlite3"
    open_store(f"sqlite:///{file}").close()
    file.chmod(0o640)
    open_store(f"sqlite:///{file}").close()
    assert file.stat().st_mode & 0o777 == 0o640
