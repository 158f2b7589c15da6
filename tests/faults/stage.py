"""One scene, its two worlds (Label Studio and our store) kept and put back, and both as comparable values."""

import json
import os
import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import requests
from pydantic import SecretStr

from sync.backend import Backend
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.opening import Services
from sync.pipeline import RunReport, run
from sync.settings import Settings
from sync.store import projects, training
from sync.store.engine import open_store

from ..conftest import RunningLabelStudio, clock
from ..small_backend import Memory, SmallBackend
from .fuse import Calls, Commits, Fuse, Network

SECRET = "the secret of these tests"
REMOTE = {
    "project": "id title description model_version sampling maximum_annotations color show_collab_predictions",
    "task": "id project_id data meta overlap is_labeled",
    "task_completion": "id task_id result completed_by_id ground_truth was_cancelled unique_id",
    "prediction": "task_id project_id result score model_version",
    "webhook": "project_id url headers is_active send_payload",
    "webhook_action": "webhook_id action",
    "data_manager_view": "project_id data",
}
"""Table of Label Studio's database -> the columns that a run can change."""
LOCAL_IGNORED = {"heartbeats", "alembic_version", "audit_events", "audit_details", "audit_words", "audit_heads"}
LOCAL_IGNORED |= {"changes", "judged", "packed_answers", "summaries", "touched"}
"""What says how it came about, or holds chance; and what can be read anew."""
AUDITED_AGAIN = {"pull", "assess", "round"}
"""Events that count what is new since the last one: where a run is stopped there are more, with less in each."""
COUNTERS = {("rounds", "number"), ("assessments", "id"), ("assessments", "watermark")}
COUNTERS |= {("queue_times", "since")}
"""Columns that count attempts, number them by chance, or tell when they were: an interrupted one counts too."""


class Stage:
    """A project under test: run it with a fuse, keep both worlds and put them back, compare them."""

    def __init__(
        self, studio: RunningLabelStudio, folder: Path, project: int, *, through: str = "", **more: Any
    ) -> None:
        """``through``: the address at which Label Studio is asked by runs; its own where none is given."""
        self.studio = studio
        self.address = through or studio.url
        self.project = project
        self._more = more
        self.folder = folder
        self.url = f"sqlite:///{folder / 'tiebreak.sqlite3'}"
        self.backend = SmallBackend(self._newest)
        self._thread = threading.Thread(target=self.backend.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.remote = studio.server.folder / "label_studio.sqlite3"
        self._kept: Memory = self.backend.memory.keep()

    def close(self) -> None:
        self.backend.shutdown()
        self.backend.server_close()
        self._thread.join()

    def settings(self) -> Settings:
        return Settings(
            label_studio_url=self.address,
            label_studio_token=self.studio.person("admin").token,
            store=self.url,
            backend_url=self.backend.url,
            secret=SECRET,
            public_url="http://127.0.0.1:9",
            bootstrap=100,
            projects=(self.project,),
            **{"timeout_seconds": 10, "quiet_seconds": 0, "blind_share": 0, **self._more},
        )

    def environment(self) -> dict[str, str]:
        """The same settings for a process of its own, with nothing of this one's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEBREAK_")}
        given = self.settings()
        for name in given.model_fields_set:
            value = getattr(given, name)
            text = value.get_secret_value() if isinstance(value, SecretStr) else value
            kept[f"TIEBREAK_{name.upper()}"] = " ".join(map(str, text)) if isinstance(text, tuple) else str(text)
        return kept

    def gateway(self, fuse: Fuse | None = None, patience: float = 30) -> LabelStudio:
        """Label Studio as runs ask it; ``patience`` is how many seconds they wait for one answer."""
        http = httpx.Client(transport=Network(fuse or Fuse()), timeout=patience)
        token = self.studio.person("admin").token
        return LabelStudio(Transport(self.address, token, http=http, timeout=10, sleep=lambda _: None))

    def run(self, fuse: Fuse | None = None, patience: float = 30) -> RunReport:
        """One run of the loop, everything it does outside passing through the fuse."""
        fuse = fuse or Fuse()
        session = requests.Session()
        session.mount("http://", Calls(fuse))
        store = open_store(self.url)
        try:
            with self.gateway(fuse, patience) as gateway, Commits(fuse):
                backend = Backend(self.backend.url, SECRET, session=session)
                return run(Services(store, gateway, backend, self.settings(), clock), self.project)
        finally:
            session.close()
            store.close()

    def bury(self) -> None:
        """Free what a killed run held, as the next one does where the process is really gone."""
        with closing(sqlite3.connect(self.folder / "tiebreak.sqlite3")) as store:
            store.execute("DELETE FROM leases")
            store.commit()

    def keep(self) -> None:
        """Remember both worlds and what the backend knows."""
        self._kept = self.backend.memory.keep()
        with closing(sqlite3.connect(self.remote)) as live, closing(sqlite3.connect(self.folder / "remote")) as copy:
            live.backup(copy)
        local = self.folder / "tiebreak.sqlite3"
        (self.folder / "local").unlink(missing_ok=True)
        if local.exists():
            with closing(sqlite3.connect(local)) as live, closing(sqlite3.connect(self.folder / "local")) as copy:
                live.backup(copy)

    def put_back(self) -> None:
        """Both worlds as they were kept. Label Studio opens its database anew for each request."""
        self.backend.memory.take_back(self._kept)
        with closing(sqlite3.connect(self.remote)) as live, closing(sqlite3.connect(self.folder / "remote")) as copy:
            copy.backup(live)
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"tiebreak.sqlite3{suffix}").unlink(missing_ok=True)
        if (self.folder / "local").exists():
            shutil.copy(self.folder / "local", self.folder / "tiebreak.sqlite3")

    def worlds(self) -> dict[str, Any]:
        """Label Studio and the store as values that are equal where nothing differs that matters."""
        return {"remote": self._remote_rows(), "local": self._local_rows(), "audit": self._audited()}

    def _remote_rows(self) -> dict[str, list[str]]:
        found = {}
        with closing(sqlite3.connect(f"file:{self.remote}?mode=ro", uri=True)) as database:
            for table, columns in REMOTE.items():
                rows = database.execute(f"SELECT {', '.join(columns.split())} FROM {table}").fetchall()  # noqa: S608
                found[table] = sorted(_same_version(repr(row)) for row in rows)
        return found

    def _local_rows(self) -> dict[str, list[str]]:
        found = {}
        with closing(sqlite3.connect(self.folder / "tiebreak.sqlite3")) as database:
            names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in set(names) - LOCAL_IGNORED:
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                compared = [name for name in columns if not name.endswith("_at") and (table, name) not in COUNTERS]
                newest = " ORDER BY id DESC LIMIT 1" if table == "assessments" else ""
                query = f"SELECT {', '.join(compared)} FROM {table}{newest}"  # noqa: S608 - our own names
                found[table] = sorted(_same_version(repr(row)) for row in database.execute(query))
        return found

    def _audited(self) -> dict[str, list[str]]:
        """Action -> what each event of it is about; of those that an interrupted run repeats, that there are any."""
        found: dict[str, list[str]] = {}
        query = "SELECT action, text FROM audit_events JOIN audit_details ON event = audit_events.id"
        with closing(sqlite3.connect(self.folder / "tiebreak.sqlite3")) as database:
            for action, text in database.execute(query):
                subject = _same_version(json.dumps(json.loads(text)["subject"], sort_keys=True))
                found.setdefault(action, []).append(subject)
        return {action: ["some"] if action in AUDITED_AGAIN else sorted(rows) for action, rows in sorted(found.items())}

    def _newest(self) -> int:
        store = open_store(self.url)
        try:
            with store.read() as connection:
                return training.newest(connection, projects.by_label_studio_id(connection, self.project).key)
        finally:
            store.close()


def _same_version(text: str) -> str:
    """Every attempt has a version of its own: their numbers may differ, all else may not."""
    return re.sub(r"\b(tiebreak-(\d+|queue))\.\d+\b", r"\1.#", text)


@contextmanager
def stage(
    studio: RunningLabelStudio, folder: Path, project: int, *, through: str = "", **settings: Any
) -> Iterator[Stage]:
    made = Stage(studio, folder, project, through=through, **settings)
    try:
        yield made
    finally:
        made.close()
