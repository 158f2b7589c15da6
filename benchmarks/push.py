"""How fast reviews go out, beside the same server's import of the same tasks."""

import time

from label_config.parse import parse
from label_config.review import review_config
from sync.assess import assess
from sync.pull import pull
from sync.push import push
from sync.settings import Settings
from sync.store.engine import open_store

from .crowd import answered, studio


def run(*, quick: bool) -> None:
    """Print reviews/s of ours and of a plain import of what we pushed, and the ratio."""
    tasks = 100 if quick else 1000
    settings = Settings(review_limit=100_000, bootstrap=100)
    with studio() as here:
        project = answered(here, tasks, noise=0.9)
        store = open_store(f"sqlite:///{here.folder / 'push.sqlite3'}")
        key = pull(store, here.admin, project, _clock).project
        assess(store, key, settings, _clock)
        start = time.monotonic()
        pushed = push(store, here.admin, key, settings, _clock).pushed
        ours = pushed / (time.monotonic() - start)
        store.close()
        homes = [one for one in here.admin.projects() if one.title.startswith("[P")]
        bodies = [
            {
                "data": task.data,
                "meta": task.meta,
                "predictions": [{"result": [], "score": 0.5, "model_version": "benchmark"}],
            }
            for home in homes
            for task in here.admin.tasks_after(home.id, 0, 100_000)
        ]
        config = review_config(parse(here.admin.project(project).label_config))
        plain = here.admin.create_project("Plain import", config).id
        start = time.monotonic()
        here.admin.import_tasks(plain, bodies)
        theirs = len(bodies) / (time.monotonic() - start)
    print(f"   tiebreak push                    {ours:7.0f} reviews/s   ({pushed} reviews in {len(homes)} projects)")
    print(f"   import, one prediction each      {theirs:7.0f} tasks/s     ({len(bodies)} tasks)")
    print(f"   ratio: {ours / theirs:.2f}")


def _clock() -> int:
    return time.time_ns() // 1000
