"""Stores of an older schema with rows in them, on both databases: what migrations are tested with."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from sync.store.engine import MIGRATIONS

from .conftest import create_database


def old_store(request: pytest.FixtureRequest, folder: Path, name: str, revision: str, rows: Iterable[str]) -> str:
    """The address of a store of that schema, with ``rows`` inserted, in the kind of database that is asked for."""
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'old.sqlite3'}"
    else:
        cluster: str = request.getfixturevalue("cluster")
        create_database(cluster, name)
        url = cluster.format(name)
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for row in rows:
            connection.exec_driver_sql(row)
    engine.dispose()
    return url
