"""What people and other programs put into Label Studio: refused aloud or set aside, and the rest goes on."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from sync.errors import Unsupported
from sync.pipeline import run
from sync.store.engine import Store
from sync.store.tables import projects as project_table

from ..conftest import RunningLabelStudio
from ..faults.fuse import Fuse
from ..faults.stage import stage
from .scenes import XML, result, review_projects, review_tasks, ruling, scene, services

pytestmark = pytest.mark.label_studio
PAIR = ["good", "bad"]


def test_tasks_that_use_our_keys_are_named_and_the_others_are_reviewed(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [PAIR, PAIR])
    admin.update_task(made.tasks[0], data={"text": "x", "tiebreak_key": "mine"})
    done = run(services(label_studio, store), made.project)
    reason = "its data uses tiebreak_key, which review tasks need"
    assert done.push.refused == ((made.tasks[0], f"task {made.tasks[0]}: {reason}"),)
    assert [task.data["tiebreak_source_task"] for task in review_tasks(admin, made.project)] == [made.tasks[1]]


def test_an_interface_that_uses_our_names_cannot_be_reviewed(label_studio: RunningLabelStudio, store: Store) -> None:
    xml = XML.replace('name="text"', 'name="tiebreak_text"').replace('toName="text"', 'toName="tiebreak_text"')
    made = scene(label_studio, [[]], xml=xml)
    region = {**result("good")[0], "to_name": "tiebreak_text"}
    for number, label in enumerate(PAIR):
        regions = [{**region, "value": {"choices": [label]}}]
        label_studio.as_("annotator", number).create_annotation(made.tasks[0], regions)
    with pytest.raises(Unsupported, match="cannot be reviewed: the name 'tiebreak_text' begins with 'tiebreak_'"):
        run(services(label_studio, store), made.project)
    assert review_projects(label_studio.as_("admin"), made.project) == []


def test_a_review_project_is_no_source(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [PAIR])
    outside = services(label_studio, store)
    run(outside, made.project)
    home = review_projects(label_studio.as_("admin"), made.project)[0]
    said = f"is a review project that Tiebreak made: name its source, project {made.project}"
    with pytest.raises(Unsupported, match=said):
        run(outside, home.id)


@pytest.mark.parametrize("title", ["x" * 50, "A title that ends where a blank would be cut   off", "\U0001f9ea" * 25])
def test_long_titles_are_cut(title: str, label_studio: RunningLabelStudio, store: Store) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [PAIR])
    admin.update_project(made.project, title=title)
    run(services(label_studio, store), made.project)
    (home,) = review_projects(admin, made.project)
    assert home.title == f"[P1] Review: {title}"[:50].strip()


def test_a_ruling_is_written_also_when_its_reviewer_is_deleted_meanwhile(
    label_studio: RunningLabelStudio, tmp_path: Path
) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [PAIR])
    headers = {"Authorization": f"Token {label_studio.person('admin').token}"}
    with (
        stage(label_studio, tmp_path, made.project) as ready,
        httpx.Client(base_url=label_studio.url, headers=headers, timeout=60) as raw,
    ):
        ready.run()
        name = f"gone-{made.project}"
        number = raw.post("/api/users/", json={"email": f"{name}@example.com", "username": name}).json()["id"]
        admin.create_annotation(review_tasks(admin, made.project)[0].id, ruling("bad"), completed_by=number)
        fuse = Fuse()
        gone: list[int] = []

        def fire() -> None:
            if fuse.events[-1] == f"POST /api/tasks/{made.tasks[0]}/annotations/" and not gone:
                gone.append(number)
                raw.delete(f"/api/users/{number}/")

        fuse.meanwhile = fire
        assert ready.run(fuse).resolve.ground_truths == 1
    (truth,) = [one for one in admin.task(made.tasks[0]).annotations if one.ground_truth]
    assert truth.completed_by == label_studio.person("admin").id


def test_a_ground_truth_that_a_person_changed_is_theirs(label_studio: RunningLabelStudio, store: Store) -> None:
    admin, reviewer = label_studio.as_("admin"), label_studio.as_("reviewer")
    made = scene(label_studio, [PAIR])
    outside = services(label_studio, store)
    run(outside, made.project)
    review = review_tasks(admin, made.project)[0]
    ruled = reviewer.create_annotation(review.id, ruling("bad"))
    run(outside, made.project)
    (truth,) = [one for one in admin.task(made.tasks[0]).annotations if one.ground_truth]
    theirs = [{**result("none")[0], "id": "by hand"}]
    admin.update_annotation(truth.id, result=theirs)
    reviewer.update_annotation(ruled or 0, result=ruling("good"))
    assert run(outside, made.project).resolve.ground_truths == 1
    found = {one.id: one.result for one in admin.task(made.tasks[0]).annotations}
    assert found[truth.id] == theirs
    assert [{**result("good")[0], "id": "tiebreak-mood"}] in found.values()


def test_a_review_project_whose_id_another_has_now_is_let_go(label_studio: RunningLabelStudio, store: Store) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [PAIR])
    outside = services(label_studio, store)
    run(outside, made.project)
    with store.begin() as connection:  # as if it had been made at another time
        connection.execute(update(project_table).where(project_table.c.kind == "review").values(created_at=1))
    run(outside, made.project)
    assert len(review_projects(admin, made.project)) == 1
    assert len(review_tasks(admin, made.project)) == 1


def test_what_the_ml_backend_says_outside_the_interface_is_a_warning(
    label_studio: RunningLabelStudio, tmp_path: Path
) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [["bad", "none"], []], xml=XML.replace('"good"', '"fine"'))
    with stage(label_studio, tmp_path, made.project) as ready:
        done = ready.run()
    (warning,) = done.warnings
    assert "an answer does not fit the labeling interface" in warning
    assert "'good' is not in the labeling interface" in warning
    assert len(review_tasks(admin, made.project)) == 1
    assert admin.model_versions(made.project) == {}


def test_results_that_are_no_regions_are_set_aside_and_counted(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [["good"]])
    strange: list[list[Any]] = [[1], [[]], [{}], [{"from_name": "mood"}]]
    for regions in strange:
        body = {"data": {"text": "x"}, "annotations": [{"result": regions, "ground_truth": False}]}
        label_studio.as_("admin").import_tasks(made.project, [body])
    report = run(services(label_studio, store), made.project).assessment.report
    reasons = sorted(one["reason"] for one in report["excluded"]["rejected"])
    assert [reason[:8] for reason in reasons] == ["region 0"] * 4
    assert report["controls"]["mood"]["annotations"] == 1
