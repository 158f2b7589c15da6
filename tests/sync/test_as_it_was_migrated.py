"""A store of the schema before interfaces had their times: what it holds is read by the newest interface it saw."""

from pathlib import Path

import pytest
from sqlalchemy import select

from sync.store.engine import open_store
from sync.store.interfaces import periods
from sync.store.tables import annotation_versions

from .old_schemas import old_store

ROWS = (
    "INSERT INTO projects (id, label_studio_id, created_at, title, kind, label_config) "
    "VALUES (1, 7, 1, 't', 'source', 'B')",
    "INSERT INTO interfaces (id, project, seen_at, label_config, hash) "
    "VALUES (1, 1, 50, 'A', 'a'), (2, 1, 60, 'B', 'b')",
    "INSERT INTO tasks (id, project, label_studio_id, created_at, updated_at, data, meta, overlap) "
    "VALUES (1, 1, 1, 1, 1, '{}', '{}', 1)",
    "INSERT INTO annotations (id, task, label_studio_id, created_at, current) VALUES (1, 1, 1, 1, 1)",
    "INSERT INTO annotation_versions (id, annotation, updated_at, seen_at, was_cancelled, ground_truth, result, hash) "
    "VALUES (1, 1, 1, 55, false, false, '[]', 'x')",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of schema 0007 with one answer and two interfaces."""
    return old_store(request, tmp_path, "as_it_was", "0007", ROWS)


def test_what_was_stored_before_has_its_interfaces(old_url: str) -> None:
    store = open_store(old_url)
    with store.read() as connection:
        known = [(one.interface, one.number, one.since) for one in periods(connection, 1)]
        read_by = connection.execute(select(annotation_versions.c.interface)).scalar_one()
    store.close()
    assert known == [(1, 1, 0), (2, 2, 60)]
    assert read_by == 2
