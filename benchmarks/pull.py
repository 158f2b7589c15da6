"""How fast answers come in, beside the vendor's client and the same server's endpoints with complete answers.

What ran side by side in one round is compared, since the machine itself varies.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from label_studio_sdk import LabelStudio as Sdk

from sync.errors import StoreError
from sync.labelstudio.client import TASK_FIELDS, LabelStudio
from sync.labelstudio.transport import Transport
from sync.opening import clock
from sync.pull import pull
from sync.store.engine import Store, open_store

from .crowd import Studio, answered, studio

PAGE = 500
OURS, SDK = "tiebreak pull", "label-studio-sdk tasks.list"
COMPLETE = ("result", "completed_by", "updated_at")


def run(*, quick: bool) -> None:
    """Print tasks/s of each, ours as a ratio of the fastest endpoint and of the SDK, and what 10 changes take."""
    tasks, rounds = (200, 1) if quick else (10_000, 3)
    with studio() as here:
        project = answered(here, tasks, noise=0.2)
        ways: dict[str, Callable[[], int]] = {
            "export?exportType=JSON": lambda: _export(here, project),
            "tasks?fields=all": lambda: _list(here, project),
            "tasks?fields=all&include=...": lambda: _list(here, project, include=TASK_FIELDS),
            SDK: lambda: _iterate(here, project),
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
    fastest = max((rate, name) for name, rate in middle.items() if name not in (OURS, SDK))[1]
    for other, target in ((fastest, 0.9), (SDK, 1.5)):
        ratios = sorted(ours / theirs for ours, theirs in zip(rates[OURS], rates[other], strict=True))
        each = ", ".join(f"{one:.2f}" for one in ratios)
        print(f"   ratio to {other}: {ratios[rounds // 2]:.2f}   (target {target}; of {each})")
    seconds = sorted(taken for taken, _ in few)[rounds // 2]
    asked = max(count for _, count in few)
    print(f"   10 changes in {tasks:,} tasks:      {seconds:7.2f} s   (target 1.5), {asked} requests   (target 5)")


def _changes(here: Studio, project: int) -> tuple[float, int]:
    """Seconds and requests to pull 10 changed annotations where all else is stored."""
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1

    counted = LabelStudio(Transport(here.server.url, here.server.admin.token, before=ask))
    with _stored(here) as store, counted:
        pull(store, here.admin, project, clock)
        tasks = here.admin.tasks_after(project, 0, 10)
        for task in tasks:
            here.admin.update_annotation(task.annotations[0].id, lead_time=time.monotonic())
        start = time.monotonic()
        if (got := pull(store, counted, project, clock).versions) != len(tasks):
            raise StoreError(f"{got} of {len(tasks)} changes came")
        return time.monotonic() - start, asked


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
    return sum(all(one.get(name) for name in COMPLETE) for task in tasks for one in task["annotations"])


def _iterate(here: Studio, project: int) -> int:
    connect: Any = Sdk
    client = connect(base_url=here.server.url, api_key=here.server.admin.token)
    tasks = client.tasks.list(project=project, fields="all")
    return sum(all(_said(one, name) for name in COMPLETE) for task in tasks for one in task.annotations or ())


def _said(annotation: Any, name: str) -> object:
    """The SDK gives annotations as they came, or as its own objects."""
    return annotation.get(name) if isinstance(annotation, dict) else getattr(annotation, name, None)


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
