"""The loop against a real Label Studio: what is pushed, in which order, what comes back."""

import pytest

from label_config.answers import chosen
from label_config.ordering import score_from_priority
from sync.demo.twin import order_is_exact
from sync.errors import NotFound, StoreError, Unsupported
from sync.opening import Services
from sync.pipeline import run
from sync.store import projects, reviews
from sync.store.annotations import answers_of, ground_truths_of
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import Store, claim
from sync.store.history import history

from ..conftest import RunningLabelStudio
from .scenes import (
    result,
    review_projects,
    review_tasks,
    ruling,
    scene,
    services,
)

pytestmark = pytest.mark.label_studio

SPLIT = ["good", "bad", "none"]
PAIR = ["good", "bad"]
MOST = ["good", "good", "bad"]
SAME = ["good", "good", "good"]


def queue(outside: Services, home: int) -> list[str]:
    """Our keys in the order of priority."""
    with outside.store.read() as connection:
        waiting = reviews.open_in(connection, projects.by_label_studio_id(connection, home).key)
    return [one.key for one in sorted(waiting, key=lambda one: score_from_priority(one.priority, one.task))]


def exact(studio: RunningLabelStudio, outside: Services, home: int) -> bool:
    return order_is_exact(studio.as_("admin"), studio.as_("reviewer"), home, queue(outside, home))


def test_disputed_tasks_come_back_in_bands_and_agreed_ones_do_not(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [SAME, SPLIT, SAME, MOST, PAIR])
    run(services(label_studio, store), made.project)
    pushed = review_tasks(label_studio.as_("admin"), made.project)
    assert sorted(task.data["tiebreak_source_task"] for task in pushed) == [made.tasks[1], made.tasks[3], made.tasks[4]]
    titles = [home.title for home in review_projects(label_studio.as_("admin"), made.project)]
    assert all(title.startswith(("[P1] Review: ", "[P2] Review: ", "[P3] Review: ")) for title in titles)


def test_review_task_shows_reason_and_anonymous_answers_and_prefills_nothing(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    run(services(label_studio, store), made.project)
    home = review_projects(label_studio.as_("admin"), made.project)[0]
    task = label_studio.as_("reviewer").next_task(home.id)
    assert task is not None
    assert task.data["tiebreak_reason"].startswith("2 annotators gave 2 different answers: bad (1), good (1).")
    names = [one.name.split()[0] for one in label_studio.people]
    assert not any(name in str(task.data) for name in names)
    assert task.predictions == ()
    assert [one.result for one in label_studio.as_("admin").predictions(task=task.id)] == [[]]


def test_an_open_review_says_what_is_known_today(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store, bootstrap=100)
    assert run(outside, made.project).push.renewed == 0
    admin = label_studio.as_("admin")
    (before,) = review_tasks(admin, made.project)
    label_studio.as_("annotator", 2).create_annotation(made.tasks[0], result("none"))
    admin.update_task(made.tasks[0], data={"text": "another text"})
    assert run(outside, made.project).push.renewed == 1
    (after,) = review_tasks(admin, made.project)
    assert (after.id, after.data["tiebreak_key"]) == (before.id, before.data["tiebreak_key"])
    assert after.data["tiebreak_reason"].startswith("3 annotators gave 3 different answers")
    assert "Answer C" in after.data["tiebreak_answers"]
    assert after.data["text"] == "another text"
    assert admin.predictions(task=after.id)[0].score == pytest.approx(
        score_from_priority(after.data["tiebreak_priority"], 0), abs=0.01
    )
    assert run(outside, made.project).push.renewed == 0
    with store.read() as connection:
        (event,) = entries(connection, Wanted(action="review renewed"))
    assert (event.actor, event.subject["task"], event.subject["review_task"]) == ("tiebreak", made.tasks[0], after.id)
    assert event.why["findings"]


def test_next_serves_by_priority_also_after_a_more_urgent_push(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [PAIR, SAME, MOST, PAIR, MOST, SPLIT])
    outside = services(label_studio, store, policy={"p1_from": 0.2, "p2_from": 0.1})
    run(outside, made.project)
    home = review_projects(label_studio.as_("admin"), made.project)[0]
    before = queue(outside, home.id)
    assert exact(label_studio, outside, home.id)
    assert label_studio.as_("admin").tabs(home.id) == ["Most urgent first"]
    admin = label_studio.as_("admin")
    people = [one.id for one in label_studio.people if one.role == "annotator"]
    bodies = [
        {"completed_by": person, "result": result(label), "ground_truth": False}
        for person, label in zip(people, SPLIT, strict=True)
    ]
    admin.import_tasks(made.project, [{"data": {"text": "late and urgent"}, "annotations": bodies}])
    run(outside, made.project)
    after = queue(outside, home.id)
    assert len(after) == len(before) + 1
    assert after[-1] != next(key for key in after if key not in before)
    assert exact(label_studio, outside, home.id)


def test_a_ruling_becomes_ground_truth_once_and_an_edited_one_replaces_it(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store)
    run(outside, made.project)
    reviewer = label_studio.as_("reviewer")
    home = review_projects(label_studio.as_("admin"), made.project)[0]
    task = reviewer.next_task(home.id)
    assert task is not None
    annotation = reviewer.create_annotation(task.id, ruling("bad"))
    done = run(outside, made.project)
    assert (done.resolve.rulings, done.resolve.ground_truths) == (1, 1)
    reviewer.update_annotation(annotation or 0, result=ruling("none"))
    assert run(outside, made.project).resolve.rulings == 1
    assert run(outside, made.project).resolve.rulings == 0
    found = [one for one in reviewer.task(made.tasks[0]).annotations if one.ground_truth]
    assert [one.result for one in found] == [[{**result("none")[0], "id": "tiebreak-mood"}]]
    assert found[0].completed_by == label_studio.person("reviewer").id


def test_a_ruling_fixes_the_consensus_and_is_no_answer(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store)
    run(outside, made.project)
    reviewer = label_studio.as_("reviewer")
    home = review_projects(label_studio.as_("admin"), made.project)[0]
    task = reviewer.next_task(home.id)
    assert task is not None
    reviewer.create_annotation(task.id, ruling("none"))
    report = run(outside, made.project).assessment.report
    assert report["queue"]["total"] == 0
    assert report["controls"]["mood"]["annotations"] == 5
    assert report["excluded"]["ground_truth"] == 1
    with store.read() as connection:
        key = projects.by_label_studio_id(connection, made.project).key
        assert [chosen(truth.answer) for truth in ground_truths_of(connection, key)] == [("none",)]
        said = [event.what for event in history(connection, key, made.tasks[0])]
    assert said[0] == "task created"
    assert "ruled" in said


def test_what_cannot_be_decided_writes_no_ground_truth(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store)
    run(outside, made.project)
    reviewer = label_studio.as_("reviewer")
    home = review_projects(label_studio.as_("admin"), made.project)[0]
    task = reviewer.next_task(home.id)
    assert task is not None
    reviewer.create_annotation(task.id, ruling("good", "cannot be decided")[1:])
    done = run(outside, made.project)
    assert (done.resolve.rulings, done.resolve.ground_truths, done.resolve.unreadable) == (1, 0, ())
    assert not any(one.ground_truth for one in reviewer.task(made.tasks[0]).annotations)


def test_a_deleted_review_project_is_made_again(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store)
    run(outside, made.project)
    admin = label_studio.as_("admin")
    admin.delete_project(review_projects(admin, made.project)[0].id)
    run(outside, made.project)
    assert len(review_tasks(admin, made.project)) == 1


def test_a_deleted_review_task_stays_deleted(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [PAIR, SAME])
    outside = services(label_studio, store)
    run(outside, made.project)
    admin = label_studio.as_("admin")
    admin.delete_task(review_tasks(admin, made.project)[0].id)
    run(outside, made.project)
    run(outside, made.project)
    assert review_tasks(admin, made.project) == []
    with store.read() as connection:
        key = projects.by_label_studio_id(connection, made.project).key
        said = [event.what for event in history(connection, key, made.tasks[0])]
    assert said[-1] == "review task found deleted"


def test_three_annotators_with_per_task_overlap_get_the_exact_order(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [[] for _ in range(6)], sampling="Uncertainty sampling")
    order = [made.tasks[place] for place in (3, 0, 5, 1, 4, 2)]
    wanted = {task: 1 + place % 3 for place, task in enumerate(order)}
    for task, overlap in wanted.items():
        admin.update_task(task, overlap=overlap)
    rows = [{"task": task, "score": place / 6, "result": [], "model_version": "m"} for place, task in enumerate(order)]
    admin.import_predictions(made.project, rows)
    admin.update_project(made.project, model_version="m")
    served: dict[int, list[int]] = {}
    for place in (0, 1, 2):
        person = label_studio.as_("annotator", place)
        while (given := person.next_task(made.project)) is not None:
            served.setdefault(place, []).append(given.id)
            person.create_annotation(given.id, result("good"))
    assert all(tasks == [one for one in order if one in tasks] for tasks in served.values())
    counts = {task: sum(tasks.count(task) for tasks in served.values()) for task in order}
    assert counts == wanted


def test_one_store_belongs_to_one_label_studio(store: Store) -> None:
    claim(store, "http://one.example", 1)
    with pytest.raises(StoreError, match=r"belongs to the Label Studio at http://one\.example"):
        claim(store, "http://two.example", 1)


def test_a_project_that_is_not_there_is_named(label_studio: RunningLabelStudio, store: Store) -> None:
    with pytest.raises(NotFound, match="has no project 999999"):
        run(services(label_studio, store), 999999)


def test_an_unsupported_interface_is_named(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [[]], xml=scene_xml().replace('value="bad"', 'value="bad" alias=" "'))
    with pytest.raises(Unsupported, match=r"project \d+ .* <Choices name='mood'>: a <Choice> has an empty alias"):
        run(services(label_studio, store), made.project)


def test_an_empty_project_has_undefined_agreement_with_its_reason(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = label_studio.as_("admin").create_project("Empty scene", scene_xml())
    report = run(services(label_studio, store), made.id).assessment.report
    alpha = report["controls"]["mood"]["krippendorff_alpha"]
    assert alpha["value"] is None
    assert alpha["reason"]
    assert report["queue"]["total"] == 0


def scene_xml() -> str:
    from .scenes import XML

    return XML


def test_malformed_results_are_kept_counted_and_named(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [SAME])
    label_studio.as_("reviewer").create_annotation(made.tasks[0], result("good")[:0])
    wrong = [{**result("good")[0], "value": {"choices": ["splendid"]}}]
    label_studio.as_("admin").create_annotation(made.tasks[0], wrong)
    report = run(services(label_studio, store), made.project).assessment.report
    reasons = sorted(one["reason"] for one in report["excluded"]["rejected"])
    assert len(reasons) == 2
    assert "'splendid' is not in the labeling interface" in reasons[0]
    assert report["controls"]["mood"]["annotations"] == 3


def test_edits_deletions_and_skips_are_seen(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [SAME, SAME, SAME])
    outside = services(label_studio, store)
    run(outside, made.project)
    admin = label_studio.as_("admin")
    first, second = (admin.task(task).annotations for task in made.tasks[:2])
    admin.update_annotation(first[0].id, result=result("bad"))
    admin.delete_annotation(first[1].id)
    admin.update_annotation(second[0].id, was_cancelled=True)
    admin.delete_task(made.tasks[2])
    report = run(outside, made.project).assessment.report
    assert report["controls"]["mood"]["annotations"] == 4
    assert report["excluded"]["cancelled"] == 1
    with store.read() as connection:
        key = projects.by_label_studio_id(connection, made.project).key
        rows, _ = answers_of(connection, key)
        said = [event.what for event in history(connection, key, made.tasks[0])]
    assert sorted(chosen(row.answer) for row in rows) == [("bad",), ("good",), ("good",), ("good",)]
    assert f"annotation {first[0].id} changed" in said
    assert f"annotation {first[1].id} found deleted" in said
