"""The whole loop on PostgreSQL: what the other tests see on SQLite."""

import pytest

from sync.pipeline import run
from sync.store import projects, summaries
from sync.store.engine import open_store

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import review_tasks, ruling, scene, services, stored_rows
from .conftest import create_database

pytestmark = pytest.mark.label_studio


def test_a_review_goes_out_and_its_ruling_comes_back(label_studio: RunningLabelStudio, cluster: str) -> None:
    create_database(cluster, "whole_loop")
    url = cluster.format("whole_loop")
    store = open_store(url)
    admin = label_studio.as_("admin")
    made = scene(label_studio, [["good", "bad", "none"], ["good", "good"], []])
    outside = services(label_studio, store)
    assert run(outside, made.project).push.pushed == 1
    with store.read() as connection:  # -1: nobody counted; then PostgreSQL plans as if the tables were small
        known = connection.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'annotations'").scalar()
        kept = summaries.stamps(connection, projects.source(connection, made.project).key)
    assert known == 5
    assert {"progress", "people", "drift"} <= set(kept)
    label_studio.as_("reviewer").create_annotation(review_tasks(admin, made.project)[0].id, ruling("bad"))
    done = run(outside, made.project)
    assert (done.resolve.rulings, done.resolve.ground_truths) == (1, 1)
    assert done.assessment.report["queue"]["total"] == 0
    run(outside, made.project)
    rows = stored_rows(url)
    run(outside, made.project)
    assert stored_rows(url) == rows
    store.close()
