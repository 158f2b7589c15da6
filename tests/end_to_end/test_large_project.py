"""A large project is not looked through at each pull, and what is deleted there is seen all the same."""

from pathlib import Path

import pytest

from ..conftest import RunningLabelStudio
from ..faults.fuse import Fuse
from ..faults.stage import stage
from .scenes import scene

pytestmark = pytest.mark.label_studio


def test_a_task_that_is_deleted_from_a_large_project_is_seen_at_once(
    label_studio: RunningLabelStudio, tmp_path: Path
) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [["good"], *[[]] * 1_000])
    with stage(label_studio, tmp_path, made.project) as ready:
        ready.run()
        quiet, busy = Fuse(), Fuse()
        assert ready.run(quiet).pull.deleted == 0
        admin.delete_task(made.tasks[500])
        assert ready.run(busy).pull.deleted == 1
        lists = [fuse.events.count("GET /api/tasks") for fuse in (quiet, busy)]
        assert lists[0] < lists[1], "the ids are asked for where the number of tasks is another one"
