"""What reviewers are offered follows the source's interface, and what they decide in vain is told."""

import pytest

from label_config.review import VERDICTS
from sync.pipeline import run
from sync.store.engine import Store
from sync.store.tables import heartbeats

from ..conftest import RunningLabelStudio
from .scenes import XML, review_projects, ruling, scene, services

pytestmark = pytest.mark.label_studio


def test_review_forms_follow_the_labels_of_the_source(label_studio: RunningLabelStudio, store: Store) -> None:
    made = scene(label_studio, [["good", "bad"], ["good", "good"]])
    outside = services(label_studio, store)
    run(outside, made.project)
    admin = label_studio.as_("admin")
    (home,) = review_projects(admin, made.project)
    admin.update_project(made.project, label_config=XML.replace('<Choice value="none"/>', '<Choice value="mixed"/>'))
    run(outside, made.project)
    form = admin.project(home.id).label_config
    assert '"mixed"' in form
    assert '"none"' not in form
    assert run(outside, made.project).warnings == ()


def test_a_ruling_that_cannot_be_used_is_told_and_kept_for_the_page(
    label_studio: RunningLabelStudio, store: Store
) -> None:
    made = scene(label_studio, [["good", "bad"], ["good", "good"]])
    outside = services(label_studio, store)
    run(outside, made.project)
    (home,) = review_projects(label_studio.as_("admin"), made.project)
    reviewer = label_studio.as_("reviewer")
    task = reviewer.next_task(home.id)
    assert task is not None
    reviewer.create_annotation(task.id, ruling("good", VERDICTS[2])[1:])
    (warning,) = run(outside, made.project).warnings
    assert warning.startswith(f"review task {task.id}: the ruling cannot be used: nothing was decided")
    assert warning.endswith("Somebody else is asked, unless the review is over; its reviewer can change it there")
    with store.read() as connection:
        rows = connection.execute(heartbeats.select().where(heartbeats.c.name == f"project:{made.project}:run"))
        assert [(row.ok, row.message) for row in rows] == [(True, warning)]
