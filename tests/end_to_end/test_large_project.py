"""A large project is not looked through at each pull: what is deleted or stored late there is seen all the same."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from sync.demo.embedded import DATABASE
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.pull import SMALL, pull
from sync.store.engine import Store

from ..conftest import RunningLabelStudio, clock
from ..faults.fuse import Fuse
from ..faults.stage import stage
from ..sync.test_gateway import set_times
from .scenes import Scene, result, scene

pytestmark = pytest.mark.label_studio


@pytest.fixture(scope="module")
def made(label_studio: RunningLabelStudio) -> Scene:
    return scene(label_studio, [["good"], *[[]] * SMALL])


class Later(httpx.BaseTransport):
    """The real network to a Label Studio that says it is a minute later."""

    def __init__(self) -> None:
        self._real = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reply = self._real.handle_request(request)
        reply.headers["date"] = format_datetime(datetime.now(UTC) + timedelta(minutes=1), usegmt=True)
        return reply

    def close(self) -> None:
        self._real.close()


def test_what_is_stored_after_a_later_change_was_seen_is_found_however_long_nothing_is_pulled(
    label_studio: RunningLabelStudio, made: Scene, store: Store
) -> None:
    admin, annotator = label_studio.as_("admin"), label_studio.as_("annotator")
    pull(store, admin, made.project, clock)
    slow = datetime.now(UTC)
    annotator.create_annotation(made.tasks[1], result("good"))
    assert pull(store, admin, made.project, clock).annotations == 1
    annotator.create_annotation(made.tasks[2], result("good"))
    with closing(sqlite3.connect(label_studio.server.folder / DATABASE, timeout=30)) as database:
        database.execute("UPDATE task SET updated_at = ? WHERE id = ?", (f"{slow:%F %T.%f}", made.tasks[2]))
        database.commit()
    http = httpx.Client(transport=Later(), timeout=60)
    with LabelStudio(Transport(label_studio.url, label_studio.person("admin").token, http=http)) as later:
        assert pull(store, later, made.project, clock).annotations == 1
        assert pull(store, later, made.project, clock).versions == 0


def test_a_task_that_is_deleted_from_a_large_project_is_seen_at_once(
    label_studio: RunningLabelStudio, made: Scene, tmp_path: Path
) -> None:
    admin = label_studio.as_("admin")
    set_times(label_studio, made.project, ["2026-01-01 08:00:00.5"] * (SMALL + 1))
    with stage(label_studio, tmp_path, made.project) as ready:
        ready.run()
        quiet, busy = Fuse(), Fuse()
        assert ready.run(quiet).pull.deleted == 0
        admin.delete_task(made.tasks[500])
        assert ready.run(busy).pull.deleted == 1
        lists = [fuse.events.count("GET /api/tasks") for fuse in (quiet, busy)]
        assert lists[0] < lists[1], "the ids are asked for where the number of tasks is another one"
