"""Two runs that do everything there is to do: the first one of a project, and a later one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sync.store import projects
from sync.store.engine import open_store
from sync.versions.creating import create
from sync.versions.putting_back import intend
from sync.versions.restoring import Plan

from ..conftest import RunningLabelStudio, clock
from ..end_to_end.scenes import result, review_projects, ruling, scene
from .checks import Scene, prepared
from .stage import Stage, stage

SPLIT = ["good", "bad", "none"]
PAIR = ["bad", "good"]
SAME = ["good", "good", "good"]


@contextmanager
def first_run(studio: RunningLabelStudio, folder: Path, through: str = "") -> Iterator[Scene]:
    """Nothing was ever run: everything is pulled, learned, scored, made and pushed."""
    made = scene(studio, [SPLIT, SAME, [], ["good"]])
    with stage(studio, folder, made.project, through=through) as ready:
        yield prepared(ready)


@contextmanager
def later_run(studio: RunningLabelStudio, folder: Path, through: str = "") -> Iterator[Scene]:
    """Since the last run: a ruling, an edit, a deletion, a skip, new answers, another band, a task more urgent.

    And people who agree meanwhile, so that a review is withdrawn; and labels that an admin has put back.
    """
    admin = studio.as_("admin")
    made = scene(studio, [SPLIT, PAIR, SAME, [], ["good"], [], PAIR])
    with stage(studio, folder, made.project, through=through) as ready:
        ready.run()
        reviewer = studio.as_("reviewer")
        task = reviewer.next_task(review_projects(admin, made.project)[0].id)
        assert task is not None
        reviewer.create_annotation(task.id, ruling("bad"))
        studio.as_("annotator", 2).create_annotation(made.tasks[1], result("none"))
        admin.update_annotation(admin.task(made.tasks[2]).annotations[0].id, result=result("bad"))
        studio.as_("annotator").create_annotation(made.tasks[3], result("bad"))
        studio.as_("annotator", 1).create_annotation(made.tasks[4], [], was_cancelled=True)
        admin.delete_task(made.tasks[5])
        agreed = next(one for one in admin.task(made.tasks[6]).annotations if one.result == result("bad"))
        admin.update_annotation(agreed.id, result=result("good"))
        put_back(ready, {made.tasks[2]: "good", made.tasks[4]: "bad"})
        yield prepared(ready)


def put_back(ready: Stage, labels: Mapping[int, str]) -> None:
    """An admin asked for these labels of a version: task -> label. The next run is to write them."""
    store = open_store(ready.url)
    with store.read() as connection:
        key = projects.source(connection, ready.project).key
    version = create(store, key, ready.settings(), clock).version
    what = Plan({task: {"mood": f'["{label}"]'} for task, label in labels.items()}, dict.fromkeys(labels), (), ())
    with store.begin() as connection:
        intend(connection, key, version, what, clock(), "user:1", "they were right")
    store.close()
