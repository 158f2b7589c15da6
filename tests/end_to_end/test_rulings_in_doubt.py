"""Rulings that cannot be read, that somebody deletes, or whose verdict contradicts them, in a real Label Studio."""

import pytest

from label_config.review import VERDICTS
from sync.pipeline import run
from sync.store import projects
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import Store
from sync.store.history import Event, history

from ..conftest import RunningLabelStudio
from .scenes import review_projects, review_tasks, ruling, scene, services

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(120)]
RIGHT, _, NONE, _ = VERDICTS
PAIR, SAME = ["good", "bad"], ["good", "good", "good"]


def told(store: Store, project: int, task: int) -> list[Event]:
    """The history of a task from its first ruling on."""
    with store.read() as connection:
        events = history(connection, projects.source(connection, project).key, task)
    first = next(place for place, event in enumerate(events) if event.what == "ruled")
    return events[first:]


def recorded(store: Store, action: str) -> int:
    with store.read() as connection:
        return len(list(entries(connection, Wanted(action=action))))


def test_who_says_a_verdict_and_no_decision_is_told_once_and_somebody_else_is_asked(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100)
    run(outside, made.project)
    admin, first, other = (label_studio.as_(role) for role in ("admin", "annotator", "reviewer"))
    (home,) = review_projects(admin, made.project)
    task = first.next_task(home.id)
    assert task is not None
    first.create_annotation(task.id, ruling("good", RIGHT)[1:])
    assert other.next_task(home.id) is None, "Label Studio takes it for finished"
    done = run(outside, made.project)
    assert ([one for one, _ in done.resolve.unreadable], done.resolve.rulings, done.push.reopened) == ([task.id], 0, 1)
    (warning,) = (one for one in done.warnings if one.startswith(f"review task {task.id}: the ruling cannot be used"))
    assert "Somebody else is asked" in warning
    again = run(outside, made.project)
    assert (again.resolve.unreadable, again.push.reopened, again.warnings) == ((), 0, ())
    (event,) = told(store, made.project, made.tasks[0])
    assert (event.became, "nothing was decided" in event.details) == ("cannot be read: does not count", True)
    assert recorded(store, "ruling unreadable") == 1

    assert first.next_task(home.id) is None
    served = other.next_task(home.id)
    assert served is not None
    assert served.id == task.id
    other.create_annotation(task.id, ruling("bad"))
    assert run(outside, made.project).resolve.ground_truths == 1
    quiet = run(outside, made.project)
    assert (quiet.push.changed, quiet.warnings) == (False, ())


def test_who_mends_an_unreadable_ruling_has_ruled_and_nobody_else_is_asked_any_more(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100)
    run(outside, made.project)
    admin, first, other = (label_studio.as_(role) for role in ("admin", "annotator", "reviewer"))
    (task,) = review_tasks(admin, made.project)
    annotation = first.create_annotation(task.id, ruling("good", RIGHT)[1:])
    assert annotation is not None
    assert run(outside, made.project).push.reopened == 1
    first.update_annotation(annotation, result=ruling("good"))
    done = run(outside, made.project)
    assert (done.resolve.rulings, done.resolve.ground_truths, done.push.withdrawn) == (1, 1, 0)
    (home,) = review_projects(admin, made.project)
    assert other.next_task(home.id) is None
    assert told(store, made.project, made.tasks[0])[0].became == "cannot be read: does not count"
    assert run(outside, made.project).push.changed is False

    first.update_annotation(annotation, result=ruling("good", RIGHT)[1:])
    broken = run(outside, made.project)
    assert ([one for one, _ in broken.resolve.unreadable], broken.push.reopened) == ([task.id], 0)
    states = [event.became for event in told(store, made.project, made.tasks[0]) if event.what == "ruled"]
    assert sum(state.startswith("ground truth ") for state in states) == 1, "what was ruled before stands"


def test_a_ruling_that_its_reviewer_deletes_stands_is_told_once_and_may_be_ruled_anew(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100)
    run(outside, made.project)
    admin, reviewer = label_studio.as_("admin"), label_studio.as_("reviewer")
    (task,) = review_tasks(admin, made.project)
    annotation = reviewer.create_annotation(task.id, ruling("good"))
    assert annotation is not None
    run(outside, made.project)
    reviewer.delete_annotation(annotation)
    done = run(outside, made.project)
    assert done.resolve.deleted == ((task.id, made.tasks[0]),)
    (warning,) = done.warnings
    assert warning.startswith(f"review task {task.id}: somebody deleted the ruling on task {made.tasks[0]} from it")
    assert run(outside, made.project).warnings == ()
    assert [one.ground_truth for one in admin.task(made.tasks[0]).annotations].count(True) == 1
    events = [event for event in told(store, made.project, made.tasks[0]) if "found deleted" in event.what]
    assert [event.what for event in events] == ["ruling found deleted from its review task"]
    assert recorded(store, "ruling found deleted") == 1

    reviewer.create_annotation(task.id, ruling("bad"))
    anew = run(outside, made.project)
    assert (anew.resolve.rulings, anew.resolve.ground_truths, anew.resolve.contradicted) == (1, 1, ())
    (truth,) = (one for one in admin.task(made.tasks[0]).annotations if one.ground_truth)
    assert [region["value"] for region in truth.result] == [{"choices": ["bad"]}]  # type: ignore[attr-defined]


def test_a_verdict_that_the_answers_contradict_is_told_corrected_and_kept_and_a_missing_one_is_computed(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, PAIR, PAIR, PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100, blind_share=1)
    run(outside, made.project)
    admin, reviewer = label_studio.as_("admin"), label_studio.as_("reviewer")
    at = {task.data["tiebreak_source_task"]: task for task in review_tasks(admin, made.project)}
    assert {"No earlier answers" in task.data["tiebreak_answers"] for task in at.values()} == {True}
    given = [ruling("good", NONE), ruling("none", RIGHT), ruling("good")[:1], ruling("none")[:1]]
    for task, said in zip(made.tasks, given, strict=False):
        reviewer.create_annotation(at[task].id, said)
    done = run(outside, made.project)
    first, second = (at[task].id for task in made.tasks[:2])
    assert sorted(done.resolve.misjudged) == sorted([(first, NONE, RIGHT), (second, RIGHT, NONE)])
    assert done.resolve.ground_truths == 4, "the answers count"
    assert [f"its reviewer says {NONE!r}, but the answers say {RIGHT!r}" in one for one in done.warnings].count(
        True
    ) == 1
    details = [told(store, made.project, task)[0].details for task in made.tasks[:4]]
    assert details == [
        f"mood = good | {RIGHT} | the reviewer chose: {NONE}",
        f"mood = none | {NONE} | the reviewer chose: {RIGHT}",
        f"mood = good | {RIGHT}",
        f"mood = none | {NONE}",
    ]
    assert run(outside, made.project).warnings == ()
