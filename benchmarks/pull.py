"""How fast answers come in, beside the endpoints of the same server that return complete answers."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests

from sync.errors import StoreError
from sync.labelstudio.client import TASK_FIELDS
from sync.opening import clock
from sync.pull import pull
from sync.store.engine import Store, open_store

from .crowd import Studio, answered, studio

PAGE = 500
OURS = "tiebreak pull"


def run(*, quick: bool) -> None:
    """Print tasks/s of each, ours as a ratio of the fastest of the same round, and what a pull of 10 changes takes."""
    tasks, rounds = (200, 1) if quick else (3000, 3)
    with studio() as here:
        project = answered(here, tasks, noise=0.2)
        ways: dict[str, Callable[[], int]] = {
            "export?exportType=JSON": lambda: _export(here, project),
            "tasks?fields=all": lambda: _list(here, project),
            "tasks?fields=all&include=...": lambda: _list(here, project, include=TASK_FIELDS),
            OURS: lambda: _pull(here, project),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, fetch in ways.items():
                rates[name].append(tasks / _seconds(fetch, 3 * tasks))
        few = [_changes(here, project) for _ in range(rounds)]
    middle = {name: sorted(found)[len(found) // 2] for name, found in rates.items()}
    for name, rate in middle.items():
        print(f"   {name:32} {rate:7.0f} tasks/s   (of {', '.join(f'{one:.0f}' for one in rates[name])})")
    fastest = max((rate, name) for name, rate in middle.items() if name != OURS)[1]
    # The machine itself varies: what ran side by side is compared.
    ratios = sorted(ours / other for ours, other in zip(rates[OURS], rates[fastest], strict=True))
    print(f"   ratio to {fastest}: {ratios[rounds // 2]:.2f}  (target 0.9; of {', '.join(f'{r:.2f}' for r in ratios)})")
    print(f"   10 changes in {tasks:,} tasks:      {sorted(few)[rounds // 2]:7.2f} s   (target 1.5)")


def _changes(here: Studio, project: int) -> float:
    """Seconds to pull 10 changed annotations where all else is stored."""
    with _stored(here) as store:
        pull(store, here.admin, project, clock)
        tasks = here.admin.tasks_after(project, 0, 10)
        for task in tasks:
            here.admin.update_annotation(task.annotations[0].id, lead_time=time.monotonic())
        start = time.monotonic()
        if (got := pull(store, here.admin, project, clock).versions) != len(tasks):
            raise StoreError(f"{got} of {len(tasks)} changes came")
        return time.monotonic() - start


def _seconds(fetch: Callable[[], int], answers: int) -> float:
    start = time.monotonic()
    if (got := fetch()) != answers:
        raise StoreError(f"{got} of {answers} answers came")
    return time.monotonic() - start


def _get(here: Studio, path: str, **params: object) -> requests.Response:
    reply = requests.get(
        f"{here.server.url}/{path}",
        params={name: str(value) for name, value in params.items()},
        headers={"Authorization": f"Token {here.server.admin.token}"},
        timeout=600,
    )
    reply.raise_for_status()
    return reply


def _export(here: Studio, project: int) -> int:
    return _answers(_get(here, f"api/projects/{project}/export", exportType="JSON", download_all_tasks="true").json())


def _list(here: Studio, project: int, **fields: str) -> int:
    got = answers = 0
    page = 1
    while True:
        found = _get(here, "api/tasks", project=project, page=page, page_size=PAGE, fields="all", **fields).json()
        got += len(found["tasks"])
        answers += _answers(found["tasks"])
        if got >= found["total"]:
            return answers
        page += 1


def _answers(tasks: list[dict[str, Any]]) -> int:
    """Complete ones: with a result, an author and a time."""
    wanted = ("result", "completed_by", "updated_at")
    return sum(all(one.get(name) for name in wanted) for task in tasks for one in task["annotations"])


def _pull(here: Studio, project: int) -> int:
    with _stored(here) as store:
        return pull(store, here.admin, project, clock).annotations


@contextmanager
def _stored(here: Studio) -> Iterator[Store]:
    """An empty store, gone afterwards."""
    store = open_store(f"sqlite:///{here.folder / 'pull.sqlite3'}")
    try:
        yield store
    finally:
        store.close()
        for file in here.folder.glob("pull.sqlite3*"):
            file.unlink()
