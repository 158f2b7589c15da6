"""Running twice changes nothing, and people who work during a run lose nothing."""

from collections.abc import Iterator

import pytest

from sync.store import projects
from sync.store.annotations import answers_of
from sync.store.audit_check import verify
from sync.store.audit_entries import Wanted, entries
from sync.store.engine import open_store
from sync.store.history import history

from ..conftest import RunningLabelStudio
from ..faults.fuse import Fuse
from ..faults.stage import Stage, stage
from .scenes import Scene, remote_state, result, review_projects, review_tasks, ruling, scene, stored_rows

pytestmark = pytest.mark.label_studio
RECORDED = {"project new", "pull", "policy changed", "assess", "round", "push", "ruling", "ground truth"}
MADE = [["good", "bad", "none"], ["good", "bad"], ["good", "good", "good"], [], ["good"], []]


@pytest.fixture(scope="module")
def made(label_studio: RunningLabelStudio) -> Scene:
    return scene(label_studio, MADE)


@pytest.fixture(scope="module")
def ready(label_studio: RunningLabelStudio, made: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """With an ML backend, a webhook address, a skip, a ruling and a malformed result."""
    with stage(label_studio, tmp_path_factory.mktemp("twice"), made.project) as opened:
        opened.run()
        admin = label_studio.as_("admin")
        label_studio.as_("annotator").create_annotation(made.tasks[3], [], was_cancelled=True)
        admin.create_annotation(made.tasks[4], [{**result("good")[0], "value": {"choices": ["splendid"]}}])
        reviewer = label_studio.as_("reviewer")
        task = reviewer.next_task(review_projects(admin, made.project)[0].id)
        assert task is not None
        reviewer.create_annotation(task.id, ruling("bad"))
        yield opened


def test_the_second_of_two_runs_writes_nothing_anywhere(
    ready: Stage, made: Scene, label_studio: RunningLabelStudio
) -> None:
    admin = label_studio.as_("admin")
    ready.run()
    remote, local = remote_state(admin, made.project), stored_rows(ready.url)
    fuse = Fuse()
    ready.run(fuse)
    asked = [name for name in fuse.events if name != "commit"]
    assert [name for name in asked if not name.startswith(("GET ", "backend GET "))] == []
    assert len(asked) <= 20
    assert remote_state(admin, made.project) == remote
    assert stored_rows(ready.url) == local


def test_who_submits_while_a_run_is_at_work_is_seen_by_it_or_by_the_next(
    ready: Stage, made: Scene, label_studio: RunningLabelStudio
) -> None:
    people = [label_studio.as_("annotator", place) for place in range(3)]
    work = [(person, task, label) for task in made.tasks[3:] for person, label in zip(people, MADE[0], strict=True)]
    fuse = Fuse()

    def submit() -> None:
        if len(fuse.events) % 4 == 0 and work:
            person, task, label = work.pop()
            person.create_annotation(task, result(label))

    fuse.meanwhile = submit
    ready.run(fuse)
    assert work == []
    ready.run()
    check_store(ready, made, label_studio)
    admin = label_studio.as_("admin")
    keys = [task.data["tiebreak_key"] for task in review_tasks(admin, made.project)]
    assert len(keys) == len(set(keys))


def check_store(ready: Stage, made: Scene, label_studio: RunningLabelStudio) -> None:
    """The store knows every annotation that Label Studio has, and no other."""
    admin = label_studio.as_("admin")
    store = open_store(ready.url)
    with store.read() as connection:
        key = projects.source(connection, made.project).key
        rows, excluded = answers_of(connection, key)
        told = {task: history(connection, key, task) for task in made.tasks}
        recorded = list(entries(connection, Wanted(project=made.project)))
    chain = verify(store)
    store.close()
    assert chain.whole
    assert {entry.action for entry in recorded} >= RECORDED
    there = {task: admin.task(task).annotations for task in made.tasks}
    counted = len(rows) + excluded.cancelled + excluded.ground_truth + excluded.duplicates + len(excluded.rejected)
    assert counted == sum(map(len, there.values()))
    for task, annotations in there.items():
        for one in annotations:
            assert any(event.what.startswith(f"annotation {one.id} ") for event in told[task])
