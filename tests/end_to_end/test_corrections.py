"""Proposed corrections in a real Label Studio: applied as a group, killed in the middle, undone."""

import pytest

from sync.assess import assess
from sync.corrections import Change, apply, listed, proposed, settle, undo
from sync.errors import SettingsError
from sync.opening import Services
from sync.pipeline import run
from sync.pull import pull
from sync.store import assessments, corrections, projects
from sync.store.engine import Store
from sync.store.tables import corrections as table

from ..conftest import RunningLabelStudio
from .scenes import XML, Scene, result, services

pytestmark = pytest.mark.label_studio


@pytest.fixture
def made(label_studio: RunningLabelStudio) -> Scene:
    """Five tasks that show the same; three people say good of four of them, one says bad of the last."""
    admin = label_studio.as_("admin")
    people = [one.id for one in label_studio.people if one.role == "annotator"]
    project = admin.create_project("Corrections", XML, maximum_annotations=1)
    bodies = [
        {
            "data": {"text": "The staff remembered our names and the room was quiet."},
            "annotations": [
                {"completed_by": person, "result": result(label), "ground_truth": False}
                for person, label in zip(people, given, strict=False)
            ],
        }
        for given in (["good"] * 3, ["good"] * 3, ["good"] * 3, ["good"] * 3, ["bad"])
    ]
    return Scene(project.id, admin.import_tasks(project.id, bodies))


def key_of(outside: Services, made: Scene) -> int:
    with outside.store.read() as connection:
        return projects.source(connection, made.project).key


def only_group(outside: Services, key: int) -> str:
    with outside.store.read() as connection:
        (group,) = proposed(connection, key)
    assert (group.before, group.after) == ("bad", "good")
    return group.id


def concluded(outside: Services, key: int) -> list[object]:
    with outside.store.read() as connection:
        present = assessments.present_answers(connection, key)
    return [present[place].labels for place in sorted(present)]  # type: ignore[union-attr]


def truths(studio: RunningLabelStudio, made: Scene) -> list[object]:
    """The ground truths on the task that was corrected."""
    return [one.result for one in studio.as_("admin").task(made.tasks[-1]).annotations if one.ground_truth]


def test_a_group_is_applied_as_ground_truth_and_undone_without_a_trace(
    label_studio: RunningLabelStudio, store: Store, made: Scene
) -> None:
    outside = services(label_studio, store)
    run(outside, made.project)
    key = key_of(outside, made)
    done = apply(store, outside.gateway, key, [only_group(outside, key)], outside.clock)
    assert done == Change(1, 1, ())
    (truth,) = truths(label_studio, made)
    assert [region["value"] for region in truth] == [{"choices": ["good"]}]  # type: ignore[attr-defined]
    run(outside, made.project)
    assert concluded(outside, key) == [("good",)] * 5
    with store.read() as connection:
        assert listed(connection, key) == []
        assert [one.undone_at for one in corrections.batches(connection, key)] == [None]
    assert undo(store, outside.gateway, key, 1, outside.clock) == Change(1, 1, ())
    assert truths(label_studio, made) == []
    assess(store, key, outside.settings, outside.clock)
    assert concluded(outside, key) == [("good",)] * 4 + [("bad",)]
    run(outside, made.project)
    assert only_group(outside, key)
    with pytest.raises(SettingsError, match="no batch 1 of corrections can be undone; there are: none"):
        undo(store, outside.gateway, key, 1, outside.clock)


def test_what_was_killed_is_finished_once_and_before_that_nothing_is_lost(
    label_studio: RunningLabelStudio, store: Store, made: Scene
) -> None:
    """Killed after Label Studio stored the ground truth and before we knew: the next run writes no second one."""
    outside = services(label_studio, store)
    run(outside, made.project)
    key = key_of(outside, made)
    apply(store, outside.gateway, key, [only_group(outside, key)], outside.clock)
    with store.begin() as connection:
        (one,) = corrections.applied(connection, key)
        assert one.answer.labels == ("good",)  # type: ignore[union-attr]
        connection.execute(table.update().values(annotation=None))
    assert settle(store, outside.gateway, key, outside.clock) == []
    assert len(truths(label_studio, made)) == 1
    with store.begin() as connection:
        connection.execute(table.update().values(annotation=None))
    undo(store, outside.gateway, key, 1, outside.clock)
    assert truths(label_studio, made) == []


def test_a_group_that_nobody_proposes_is_refused_by_those_there_are(
    label_studio: RunningLabelStudio, store: Store, made: Scene
) -> None:
    outside = services(label_studio, store)
    pull(store, outside.gateway, made.project, outside.clock)
    key = key_of(outside, made)
    with pytest.raises(SettingsError, match="no group of corrections is named 'x'; there are: none: `tiebreak assess`"):
        apply(store, outside.gateway, key, ["x"], outside.clock)
