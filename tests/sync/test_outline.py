"""What pages read of an assessment is stored beside it without pairs; one of an older schema is read whole."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from sync.store.assessments import insert_assessment, latest, outline
from sync.store.engine import Store, open_store

from .old_schemas import old_store

PAIRS = [{"annotators": [1, 2], "tasks": 3}]
REPORT = {"controls": {"mood": {"tasks": 3, "pairs": PAIRS}, "tone": {"pairs": []}}, "queue": {"total": 4}}
BEFORE = (
    "INSERT INTO projects (id, label_studio_id, created_at, title, kind, label_config) "
    "VALUES (1, 7, 1, 't', 'source', 'B'), (2, 8, 1, 'u', 'source', 'B')",
    "INSERT INTO tasks (id, project, label_studio_id, created_at, updated_at, data, meta, overlap) "
    "VALUES (1, 1, 1, 1, 1, '{}', '{}', 1)",
    "INSERT INTO reviews (id, key, project, task, control, round, band, priority, action, findings, data, state, "
    "intended_at) VALUES (1, 'k', 1, 1, 'mood', 1, 1, 0.5, 'check', '[]', '{}', 'open', 1)",
    f"INSERT INTO assessments (project, made_at, hash, report) VALUES (1, 50, 'a', '{json.dumps(REPORT)}')",  # noqa: S608 # ours
)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of schema 0018 with an assessment and a review."""
    return old_store(request, tmp_path, "outline", "0018", BEFORE)


def test_an_outline_has_everything_but_pairs_and_an_old_assessment_is_read_whole(old_url: str) -> None:
    store = open_store(old_url)
    with store.read() as connection:
        old = outline(connection, 1)
        assert old is not None
        assert (old.made_at, old.hash, old.report) == (50, "a", REPORT)
        assert outline(connection, 2) is None
    with store.begin() as connection:
        insert_assessment(connection, 1, "b", REPORT, 60, "seen")
    with store.read() as connection:
        new, whole = outline(connection, 1), latest(connection, 1)
    assert new is not None
    assert new.report == {"controls": {"mood": {"tasks": 3}, "tone": {}}, "queue": {"total": 4}}
    assert (new.made_at, new.hash, new.watermark) == (60, "b", "seen")
    assert whole is not None
    assert whole.report == REPORT
    store.close()


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT state, band, count(*), max(id), sum(round) FROM reviews WHERE project = ? GROUP BY state, band",
            "state",
        ),
        ("SELECT * FROM reviews WHERE project = ? AND state IN ('intended', 'open')", "state"),
        ("SELECT task FROM reviews WHERE project = ? AND state IN ('intended', 'open', 'ruled')", "state"),
    ],
)
def test_reviews_are_found_by_their_state(store: Store, query: str, index: str) -> None:
    with store.read() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", (1,)).all())
    assert f"ix_reviews_{index}" in plan
    assert "TEMP B-TREE" not in plan


def test_the_few_rulings_that_do_not_count_are_found_and_those_that_count_are_not_looked_for_there(
    store: Store,
) -> None:
    plans = {}
    joined = "SELECT 1 FROM rulings JOIN reviews ON reviews.id = rulings.review WHERE reviews.project = 1 AND "
    with store.read() as connection:
        for which in ("counts_as = :how", "counts_as IS NULL"):
            plans[which] = str(connection.execute(text(f"EXPLAIN QUERY PLAN {joined}{which}"), {"how": "vote"}).all())
    assert ["ix_rulings_counts_as" in plan for plan in plans.values()] == [True, False]
