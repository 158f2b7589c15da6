"""Reviews that show nothing of what was answered stand beside those that do, in one project with one interface."""

import json

import pytest

from label_config.review import VERDICTS
from sync.opening import Services
from sync.pipeline import run
from sync.pull import pull
from sync.push.intent import BLIND, key_of
from sync.store import projects
from sync.store.engine import Store
from sync.store.tables import reviews as reviews_table
from sync.store.tables import rulings, tasks

from ..conftest import RunningLabelStudio
from .scenes import result, review_projects, review_tasks, ruling, scene, services

pytestmark = pytest.mark.label_studio

PAIR = ["good", "bad"]
ONE_BAND = {"p1_from": 0.02, "p2_from": 0.01}


def shares(outside: Services, project: int) -> list[float]:
    """The share from which on the first review of each task is blind, in the order of the tasks."""
    with outside.store.read() as connection:
        source = projects.source(connection, project)
        keys = connection.execute(
            tasks.select().where(tasks.c.project == source.key).order_by(tasks.c.label_studio_id)
        ).scalars()
        return [int(key_of(source, key, 1)[:8], 16) / 2**32 for key in keys]


def test_a_blind_review_beside_an_open_one_shows_nothing_until_it_is_over(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [PAIR, PAIR, PAIR, PAIR])
    first = services(label_studio, store, bootstrap=100)
    pull(store, first.gateway, made.project, first.clock)
    from_here = shares(first, made.project)
    ordered = sorted(from_here)
    share = (ordered[1] + ordered[2]) / 2
    outside = services(label_studio, store, bootstrap=100, blind_share=share, policy=ONE_BAND)
    run(outside, made.project)
    admin, reviewer = label_studio.as_("admin"), label_studio.as_("reviewer")
    (home,) = review_projects(admin, made.project)
    blind = {number for number, here in zip(made.tasks, from_here, strict=True) if here < share}
    assert len(blind) == 2
    for task in review_tasks(admin, made.project):
        shown = json.dumps([task.data, task.meta, [one.result for one in admin.predictions(task=task.id)]])
        if task.data["tiebreak_source_task"] in blind:
            assert task.data["tiebreak_reason"] == BLIND
            assert not any(word in shown for word in ("good", "bad", "Answer A", "annotators"))
        else:
            assert task.data["tiebreak_reason"].startswith("2 annotators gave 2 different answers: bad (1), good (1).")
            assert all(f"<b>{word}</b>" in task.data["tiebreak_answers"] for word in PAIR)
            assert all(name in task.data["tiebreak_answers"] for name in ("Answer A", "Answer B"))
    # A third answer is known today: the open ones say so, a blind one says as little as before, and so it stays.
    for number in made.tasks:
        label_studio.as_("annotator", 2).create_annotation(number, result("none"))
    assert run(outside, made.project).push.renewed == 4  # the priority of all is another one
    for task in review_tasks(admin, made.project):
        assert ("Answer C" in task.data["tiebreak_answers"]) == (task.data["tiebreak_source_task"] not in blind)
    # Both kinds are ruled in the same form, a blind one without a verdict.
    for task in review_tasks(admin, made.project):
        is_blind = task.data["tiebreak_source_task"] in blind
        reviewer.create_annotation(task.id, result("bad") if is_blind else ruling("bad"))
    assert run(outside, made.project).resolve.rulings == 4
    with store.read() as connection:
        told = connection.execute(rulings.select().join(reviews_table)).all()
        assert {one.verdict for one in told} == {VERDICTS[0]}
    run(outside, made.project)
    for task in review_tasks(admin, made.project):
        is_blind = task.data["tiebreak_source_task"] in blind
        assert (task.data["tiebreak_reason"] == BLIND) == is_blind, "a review that is over stays as it was ruled"
    assert review_projects(admin, made.project)[0].label_config == home.label_config
