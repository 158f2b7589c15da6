"""Reviews that are not needed any more, come too late, do not count or contradict others, in a real Label Studio."""

from typing import Any

import pytest

from label_config.parse import parse
from sync.evidence.gathering import Wanted, gather
from sync.pipeline import run
from sync.store import projects, review_rounds
from sync.store.answered import answered_tasks
from sync.store.audit_entries import Wanted as AuditWanted
from sync.store.audit_entries import entries
from sync.store.engine import Store
from sync.store.history import history

from ..conftest import RunningLabelStudio
from .scenes import XML, result, review_projects, review_tasks, ruling, scene, services

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(120)]
CONFIG = parse(XML)
PAIR, SAME = ["good", "bad"], ["good", "good", "good"]


def rounds(store: Store, project: int) -> dict[int, tuple[int, str]]:
    """Task (the store's key) -> the number and the state of its newest review."""
    with store.read() as connection:
        key = projects.by_label_studio_id(connection, project).key
        return {task: (one.round, one.state) for task, one in review_rounds.newest(connection, key).items()}


def became(store: Store, project: int, task: int) -> list[str]:
    """What the history of a task says of its rulings."""
    with store.read() as connection:
        events = history(connection, projects.source(connection, project).key, task)
    return [event.became for event in events if event.what == "ruled"]


def test_people_agree_meanwhile_and_who_has_the_review_open_can_still_answer(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100)
    run(outside, made.project)
    admin, reviewer = label_studio.as_("admin"), label_studio.as_("reviewer")
    (home,) = review_projects(admin, made.project)
    opened = reviewer.next_task(home.id)
    assert opened is not None
    second = next(one for one in admin.task(made.tasks[0]).annotations if one.result == result("bad"))
    admin.update_annotation(second.id, result=result("good"))
    assert run(outside, made.project).push.withdrawn == 1
    assert admin.task(opened.id).is_labeled
    assert label_studio.as_("annotator").next_task(home.id) is None, "nobody else is served it"
    assert run(outside, made.project).push.changed is False
    reviewer.create_annotation(opened.id, ruling("bad"))
    late = run(outside, made.project)
    assert (late.resolve.votes, late.resolve.rulings, late.resolve.ground_truths) == (1, 0, 0)
    assert late.assessment.report["controls"]["mood"]["annotations"] == 6
    with store.read() as connection:
        tasks = list(answered_tasks(connection, projects.by_label_studio_id(connection, made.project).key))
    assert became(store, made.project, made.tasks[0]) == ["came after the review was withdrawn: one more answer"]
    counted = gather(CONFIG, tasks, Wanted(CONFIG.controls), {})
    assert (counted.annotations, counted.left_out.rejected) == (6, ()), "reports from the store count it, too"
    assert late.push.pushed == 1, "the late answer differs: the task comes back"
    assert set(rounds(store, made.project).values()) == {(2, "open")}
    first, again = sorted(review_tasks(admin, made.project), key=lambda task: task.id)
    assert first.data["tiebreak_key"] != again.data["tiebreak_key"]
    assert "3 annotators gave 2 different answers" in again.data["tiebreak_reason"]


def test_the_ruling_of_a_disputant_does_not_count_where_that_is_set_and_somebody_else_is_asked(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100, disputants="may not rule")
    run(outside, made.project)
    admin, disputant, other = (label_studio.as_(role) for role in ("admin", "annotator", "reviewer"))
    (home,) = review_projects(admin, made.project)
    task = disputant.next_task(home.id)
    assert task is not None
    disputant.create_annotation(task.id, ruling("good"))
    assert other.next_task(home.id) is None
    done = run(outside, made.project)
    assert (done.resolve.disputants, done.resolve.ground_truths, done.push.reopened) == ((task.id,), 0, 1)
    assert any("had answered the source task; the ruling does not count" in warning for warning in done.warnings)
    assert became(store, made.project, made.tasks[0]) == ["does not count"]
    assert run(outside, made.project).push.reopened == 0
    assert disputant.next_task(home.id) is None
    again = other.next_task(home.id)
    assert again is not None
    other.create_annotation(again.id, ruling("bad"))
    assert run(outside, made.project).resolve.ground_truths == 1
    assert set(rounds(store, made.project).values()) == {(1, "ruled")}


def test_rulings_that_differ_come_back_and_somebody_elses_ground_truth_is_told(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100, policy={"p1_from": 0.9})
    run(outside, made.project)
    admin = label_studio.as_("admin")
    (task,) = review_tasks(admin, made.project)
    label_studio.as_("reviewer").create_annotation(task.id, ruling("good"))
    foreign = admin.create_annotation(made.tasks[0], result("none"), ground_truth=True)
    done = run(outside, made.project)
    assert done.resolve.replaced == ((made.tasks[0], foreign),)
    assert any(f"annotation {foreign} was somebody's ground truth" in warning for warning in done.warnings)
    label_studio.as_("admin").create_annotation(task.id, ruling("bad"))
    done = run(outside, made.project)
    assert done.resolve.contradicted == (task.id,)
    assert done.push.pushed == 1
    back = max(review_tasks(admin, made.project), key=lambda one: one.id)
    assert back.data["tiebreak_reason"].startswith("Two reviewers ruled differently on this task.")
    titles = {one.id: one.title for one in review_projects(admin, made.project)}
    assert len(titles) == 2, "it is one band more urgent"
    assert run(outside, made.project).push.changed is False
    label_studio.as_("annotator", 2).create_annotation(back.id, ruling("none"))
    run(outside, made.project)
    (truth,) = (one for one in admin.task(made.tasks[0]).annotations if one.ground_truth)
    assert [region["value"] for region in truth.result] == [{"choices": ["none"]}]  # type: ignore[attr-defined]
    author = label_studio.as_("annotator", 2).whoami()
    assert truth.completed_by == author.id, "it is said by who ruled last, in Label Studio and in the history"
    with store.read() as connection:
        key = projects.source(connection, made.project).key
        events = history(connection, key, made.tasks[0])
    now = [one for one in events if one.what == f"annotation {truth.id} changed as ground truth"][-1]
    assert f"in the name of {author.name}" in now.details


def test_settings_of_a_review_project_that_somebody_changed_are_put_back_and_nobody_is_served_what_was_withdrawn(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    """One review is withdrawn, one is ruled by a disputant and waits for somebody else, one is ruled, one is open."""
    made = scene(label_studio, [PAIR, PAIR, PAIR, PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100, disputants="may not rule")
    run(outside, made.project)
    admin, disputant, reviewer = (label_studio.as_(role) for role in ("admin", "annotator", "reviewer"))
    (home,) = review_projects(admin, made.project)
    at = {task.data["tiebreak_source_task"]: task.id for task in review_tasks(admin, made.project)}
    withdrawn, waiting, ruled, still_open = (at[task] for task in made.tasks[:4])
    second = next(one for one in admin.task(made.tasks[0]).annotations if one.result == result("bad"))
    admin.update_annotation(second.id, result=result("good"))
    disputant.create_annotation(waiting, ruling("good"))
    reviewer.create_annotation(ruled, ruling("bad"))
    before = run(outside, made.project).push
    assert (before.withdrawn, before.reopened, before.put_back) == (1, 1, ())

    admin.update_project(home.id, sampling="Sequential sampling", maximum_annotations=3, show_collab_predictions=True)
    done = run(outside, made.project)
    changed = ("maximum_annotations", "sampling", "show_collab_predictions")
    assert done.push.put_back == ((home.id, changed),)
    assert any("somebody changed maximum_annotations, sampling, show_coll" in warning for warning in done.warnings)
    now = admin.project(home.id)
    assert (now.sampling, now.maximum_annotations, now.show_collab_predictions) == (
        home.sampling,
        home.maximum_annotations,
        home.show_collab_predictions,
    )
    # Label Studio forgets the version where the predictions are shown no more.
    assert [now.model_version] == list(admin.model_versions(home.id))
    states = {task: admin.task(task).is_labeled for task in (withdrawn, waiting, ruled, still_open)}
    assert states == {withdrawn: True, waiting: False, ruled: True, still_open: False}
    assert admin.task(waiting).overlap == 2
    admin.update_project(home.id, model_version="")
    again = run(outside, made.project).push
    assert (again.put_back, again.changed) == ((), False)
    assert admin.project(home.id).model_version == now.model_version


def test_a_single_review_task_that_somebody_changed_is_served_as_before_without_a_request_for_the_others(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    """One review is withdrawn, one waits for somebody else after a ruling that did not count, two are open."""
    made = scene(label_studio, [PAIR, PAIR, PAIR, PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100, disputants="may not rule")
    run(outside, made.project)
    admin, disputant = label_studio.as_("admin"), label_studio.as_("annotator")
    at = {task.data["tiebreak_source_task"]: task.id for task in review_tasks(admin, made.project)}
    withdrawn, waiting, hidden, several = (at[task] for task in made.tasks[:4])
    second = next(one for one in admin.task(made.tasks[0]).annotations if one.result == result("bad"))
    admin.update_annotation(second.id, result=result("good"))
    disputant.create_annotation(waiting, ruling("good"))
    run(outside, made.project)
    assert run(outside, made.project).push.served == ()

    changes: dict[int, dict[str, Any]] = {
        withdrawn: {"is_labeled": False},
        waiting: {"overlap": 5},
        hidden: {"is_labeled": True},
        several: {"overlap": 3},
    }
    for task, fields in changes.items():
        admin.update_task(task, **fields)
    done = run(outside, made.project)
    assert (done.push.served, done.push.withdrawn, done.push.reopened) == ((hidden, several), 1, 1)
    assert any(f"review task {hidden}: somebody changed" in warning for warning in done.warnings)
    now = {task: admin.task(task) for task in (withdrawn, waiting, hidden, several)}
    assert {task: (one.is_labeled, one.overlap) for task, one in now.items()} == {
        withdrawn: (True, 1),
        waiting: (False, 2),
        hidden: (False, 1),
        several: (False, 1),
    }
    with store.read() as connection:
        found = {
            one.subject["review_task"]: one.subject for one in entries(connection, AuditWanted(action="task put back"))
        }
    assert {task: (one.get("is_labeled"), one.get("overlap")) for task, one in found.items()} == {
        withdrawn: (False, None),
        waiting: (None, 5),
        hidden: (True, None),
        several: (None, 3),
    }
    again = run(outside, made.project).push
    assert (again.served, again.changed) == ((), False)
