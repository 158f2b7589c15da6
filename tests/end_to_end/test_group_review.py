"""Near-identical tasks with different labels in a real Label Studio: one review rules them all, and is taken back."""

import pytest

from sync.corrections import Change, apply, proposed, undo
from sync.pipeline import run
from sync.store import assessments, projects
from sync.store.engine import Store

from ..conftest import RunningLabelStudio
from .scenes import XML, Scene, result, review_tasks, ruling, services

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(120)]
TEXT = "The staff remembered our names and the room was quiet"


@pytest.fixture
def made(label_studio: RunningLabelStudio) -> Scene:
    """Four texts that differ by a sign; everybody says good of two of them, and bad of the others."""
    admin = label_studio.as_("admin")
    people = [one.id for one in label_studio.people if one.role == "annotator"]
    project = admin.create_project("Group", XML, maximum_annotations=1)
    bodies = [
        {
            "data": {"text": f"{TEXT}{end}"},
            "annotations": [
                {"completed_by": person, "result": result(label), "ground_truth": False} for person in people
            ],
        }
        for end, label in ((".", "good"), ("!", "good"), ("...", "bad"), (" .", "bad"))
    ]
    return Scene(project.id, admin.import_tasks(project.id, bodies))


def truths(studio: RunningLabelStudio, made: Scene) -> dict[int, object]:
    """Task -> the label of its ground truth, of those that have one."""
    return {
        task: one.result[0]["value"]["choices"]  # type: ignore[index]
        for task in made.tasks
        for one in studio.as_("admin").task(task).annotations
        if one.ground_truth
    }


def test_one_review_of_a_group_is_ruled_proposed_for_the_others_applied_and_undone(
    label_studio: RunningLabelStudio, store: Store, made: Scene
) -> None:
    outside = services(label_studio, store, bootstrap=100, policy={"audit_share": 0})
    assert run(outside, made.project).push.pushed == 1, "one for all four"
    admin = label_studio.as_("admin")
    (review,) = review_tasks(admin, made.project)
    source = review.data["tiebreak_source_task"]
    label_studio.as_("reviewer").create_annotation(review.id, ruling("good"))
    done = run(outside, made.project)
    assert (done.resolve.rulings, done.resolve.ground_truths, done.push.pushed) == (1, 1, 0)
    assert truths(label_studio, made) == {source: ["good"]}

    with store.read() as connection:
        key = projects.source(connection, made.project).key
        groups = proposed(connection, key)
        ids = assessments.label_studio_ids(connection, key)
    assert {(one.before, one.after) for one in groups} == {("bad", "good")}
    others = {ids[finding.task] for one in groups for finding in one.findings}
    assert others == {task for task in made.tasks[2:] if task != source}
    applied = apply(store, outside.gateway, key, [one.id for one in groups], outside.clock)
    assert applied == Change(1, len(others), ())
    assert truths(label_studio, made) == {task: ["good"] for task in {source, *others}}
    assert run(outside, made.project).push.pushed == 0, "nothing is left to review"

    assert undo(store, outside.gateway, key, 1, outside.clock) == Change(1, len(others), ())
    assert truths(label_studio, made) == {source: ["good"]}
    run(outside, made.project)
    with store.read() as connection:
        assert {ids[finding.task] for one in proposed(connection, key) for finding in one.findings} == others
