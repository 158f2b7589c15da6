"""Eight annotators answer at once while Tiebreak pulls, has a model learn, and pushes: nothing is lost."""

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks.annotators import PEOPLE, Work, hire
from sync.errors import LabelStudioError
from sync.store.engine import open_store
from sync.store.tables import annotation_versions, annotations, tasks

from ..conftest import RunningLabelStudio
from ..faults.checks import broken_chain, pushed_twice, unlike_an_import
from ..faults.stage import Stage, stage
from .scenes import result, review_tasks, scene

LABELS = ("good", "bad", "none")
RUNS, TASKS = 3, 30


def label(person: int, task: int) -> list[dict[str, Any]]:
    return result(LABELS[(person * 7 + task) % 3])


@pytest.mark.label_studio
@pytest.mark.timeout(400)
def test_what_eight_people_submit_at_once_is_all_there(label_studio: RunningLabelStudio, tmp_path: Path) -> None:
    made = scene(label_studio, [[] for _ in range(TASKS)])
    label_studio.as_("admin").update_project(made.project, maximum_annotations=3)
    work = Work(label_studio.url, made.project, label, thinking=0.2)
    with stage(label_studio, tmp_path, made.project, quiet_seconds=120) as ready:
        with work.of(hire(label_studio.server, PEOPLE)):
            for _ in range(RUNS):
                with suppress(LabelStudioError):  # a busy server is asked again by the next run
                    ready.run(patience=60)
        assert len({person for _, person, _ in work.given}) == PEOPLE
        ready.run()
        ready.run()  # removes what was imported so late that it had been imported again
        given = Counter((task, repr(said)) for task, _, said in work.given)
        assert given and not given - stored(ready)
        assert not [*unlike_an_import(ready), *pushed_twice(ready), *broken_chain(ready.url)]
        assert ready.backend.memory.learned > 1, "it learned meanwhile"
        assert review_tasks(label_studio.as_("admin"), made.project), "they disagreed"


def stored(ready: Stage) -> Counter[tuple[int, str]]:
    """Task and result of every annotation that the store has."""
    store = open_store(ready.url)
    query = (
        select(tasks.c.label_studio_id, annotation_versions.c.result)
        .join(annotations, annotations.c.task == tasks.c.id)
        .join(annotation_versions, annotation_versions.c.id == annotations.c.current)
    )
    with store.read() as connection:
        found = Counter((row[0], repr(row[1])) for row in connection.execute(query))
    store.close()
    return found
