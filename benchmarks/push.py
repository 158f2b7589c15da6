"""How fast reviews go out, beside the same server's import of the same tasks in one call.

Right after each push what it pushed is imported again, since the machine itself varies.
"""

import time
from typing import Any

from label_config.parse import parse
from label_config.review import review_config
from sync.assess import assess
from sync.opening import clock
from sync.pull import pull, pull_reviews
from sync.push import push
from sync.settings import Settings
from sync.store import projects
from sync.store.engine import Store, open_store

from .crowd import Studio, answered, studio

ALL = 100_000


def run(*, quick: bool) -> None:
    """Print reviews/s of ours, of a plain import of what we pushed, and the ratio; without and with review projects."""
    tasks, rounds = (100, 1) if quick else (1000, 3)
    with studio() as here:
        for name, before in (("the first push", 0), ("where review projects are", tasks // 3)):
            found = [_rates(here, tasks + before, before) for _ in range(rounds)]
            _tell(name, found)


def _tell(name: str, found: list[tuple[int, float, float]]) -> None:
    ratios = sorted(ours / theirs for _, ours, theirs in found)
    middle = len(found) // 2
    print(f"   {name}: {found[0][0]} reviews")
    print(f"      tiebreak push                 {sorted(one[1] for one in found)[middle]:7.0f} reviews/s")
    print(f"      import, one prediction each   {sorted(one[2] for one in found)[middle]:7.0f} tasks/s")
    each = ", ".join(f"{one:.2f}" for one in ratios)
    print(f"      ratio: {ratios[middle]:.2f}   (target 0.9; of {each})", flush=True)


def _rates(here: Studio, tasks: int, before: int) -> tuple[int, float, float]:
    """How many reviews were pushed, where ``before`` of them were pushed already; per second ours and imported."""
    project = answered(here, tasks, noise=0.9)
    store = open_store(f"sqlite:///{here.folder / f'push-{project}.sqlite3'}")
    try:
        key = pull(store, here.admin, project, clock).project
        assess(store, key, Settings(bootstrap=100), clock)
        if before:
            push(store, here.admin, key, Settings(review_limit=before), clock)
            pull_reviews(store, here.admin, key, clock)
        there = set(_bodies(here, store, key))
        start = time.monotonic()
        pushed = push(store, here.admin, key, Settings(review_limit=ALL), clock).pushed
        ours = pushed / (time.monotonic() - start)
        bodies = [body for task, body in _bodies(here, store, key).items() if task not in there]
    finally:
        store.close()
    config = review_config(parse(here.admin.project(project).label_config))
    plain = here.admin.create_project("Plain import", config).id
    start = time.monotonic()
    here.admin.import_tasks(plain, bodies)
    return pushed, ours, len(bodies) / (time.monotonic() - start)


def _bodies(here: Studio, store: Store, key: int) -> dict[int, dict[str, Any]]:
    """Review task -> what an import of it says."""
    with store.read() as connection:
        homes = projects.reviews_of(connection, key)
    prediction = {"result": [], "score": 0.5, "model_version": "benchmark"}
    return {
        task.id: {"data": task.data, "meta": task.meta, "predictions": [prediction]}
        for home in homes
        for task in here.admin.tasks_after(home.label_studio_id, 0, ALL)
    }
