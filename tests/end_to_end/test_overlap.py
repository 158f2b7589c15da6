"""A new answer or another task: who is served what, in a real Label Studio."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import RunningLabelStudio
from ..faults.fuse import Fuse
from ..faults.stage import Stage, stage
from ..small_backend import LABEL
from .scenes import Scene, result, scene

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(120)]
EASY, DOUBTFUL, OPEN = 0, 1, 2


@pytest.fixture
def made(label_studio: RunningLabelStudio) -> Scene:
    """The model is rather sure that everything is good: so said the first answer, and not so the second."""
    return scene(label_studio, [[LABEL], ["bad"], [], []], sampling="Uncertainty sampling")


@pytest.fixture
def ready(label_studio: RunningLabelStudio, made: Scene, tmp_path: Path) -> Iterator[Stage]:
    more: dict[str, Any] = {"overlap": "by gain", "answers_ahead": 1, "most_answers": 2, "holdout_share": 0}
    with stage(label_studio, tmp_path, made.project, **more) as opened:
        first = opened.run().overlap
        assert first is not None
        assert (first.raised, first.lowered) == (0, 0), "nobody knows yet what the model thinks"
        yield opened


def test_a_doubtful_task_is_served_to_a_second_person_who_sees_no_suggestion_and_an_easy_one_is_not(
    label_studio: RunningLabelStudio, ready: Stage, made: Scene
) -> None:
    decided = ready.run()
    assert decided.overlap is not None
    assert (decided.overlap.raised, decided.overlap.lowered) == (1, 0)
    assert decided.refresh is not None
    assert decided.refresh.changed, "it is scored before it is opened"
    admin = label_studio.as_("admin")
    assert [admin.task(task).overlap for task in made.tasks] == [1, 2, 1, 1]
    second, served = label_studio.as_("annotator", 1), {}
    while (task := second.next_task(made.project)) is not None:
        served[task.id] = [one.result for one in task.predictions]
        second.create_annotation(task.id, result(LABEL))
    assert sorted(served) == sorted(made.tasks[DOUBTFUL:])
    assert not any(served[made.tasks[DOUBTFUL]])
    assert all(served[task] for task in made.tasks[OPEN:])
    assert label_studio.as_("annotator").next_task(made.project) is None


def test_nothing_changes_twice_and_a_task_that_has_enough_is_asked_about_no_more(
    label_studio: RunningLabelStudio, ready: Stage, made: Scene
) -> None:
    ready.run()
    fuse = Fuse()
    again = ready.run(fuse).overlap
    assert again is not None
    assert (again.raised, again.lowered) == (0, 0)
    assert not [name for name in fuse.events if name.startswith(("PATCH", "POST", "DELETE"))]
    admin = label_studio.as_("admin")
    admin.update_task(made.tasks[EASY], overlap=2)
    admin.update_task(made.tasks[EASY], is_labeled=False)
    lowered = ready.run().overlap
    assert lowered is not None
    assert (lowered.raised, lowered.lowered) == (0, 1)
    easy = admin.task(made.tasks[EASY])
    assert (easy.overlap, easy.is_labeled) == (1, True)


def test_a_number_for_the_whole_project_is_taken_back(
    label_studio: RunningLabelStudio, ready: Stage, made: Scene
) -> None:
    admin = label_studio.as_("admin")
    admin.update_project(made.project, maximum_annotations=3)
    done = ready.run()
    assert "overlap by gain: annotations per task were set for the whole project: they are 1 again" in done.warnings
    assert admin.project(made.project).maximum_annotations == 1
    assert [admin.task(task).overlap for task in made.tasks] == [1, 2, 1, 1]


def test_where_the_setting_leaves_it_no_overlap_is_touched(
    label_studio: RunningLabelStudio, made: Scene, tmp_path: Path
) -> None:
    with stage(label_studio, tmp_path, made.project) as opened:
        opened.run()
        assert opened.run().overlap is None
    assert [label_studio.as_("admin").task(task).overlap for task in made.tasks] == [1, 1, 1, 1]


def test_where_few_answers_differ_one_more_person_answers_blind_and_then_it_is_reviewed(
    label_studio: RunningLabelStudio, tmp_path: Path
) -> None:
    made = scene(label_studio, [["good", "bad"], ["good", "good"], []], sampling="Uncertainty sampling")
    admin, third = label_studio.as_("admin"), label_studio.as_("annotator", 2)
    with stage(label_studio, tmp_path, made.project, overlap="by dispute", holdout_share=0) as opened:
        first = opened.run()
        assert first.overlap is not None
        assert (first.overlap.raised, first.push.pushed) == (1, 0)
        assert [admin.task(task).overlap for task in made.tasks] == [3, 1, 1]
        again = opened.run()
        assert again.overlap is not None
        assert (again.overlap.raised, again.overlap.lowered, again.push.pushed) == (0, 0, 0)
        served = {}
        while (task := third.next_task(made.project)) is not None:
            served[task.id] = [one.result for one in task.predictions if one.result]
            third.create_annotation(task.id, result("none" if task.id == made.tasks[0] else LABEL))
        assert sorted(served) == [made.tasks[0], made.tasks[2]]
        assert not served[made.tasks[0]], "nobody suggests anything to who decides"
        last = opened.run()
        assert last.overlap is not None
        assert (last.overlap.raised, last.push.pushed) == (0, 1), "three differ: a reviewer decides"
