"""Review tasks that stand in Label Studio: none of them twice, and each says what is known today."""

from label_config.review import tells_nothing_new

from ..errors import NotFound
from ..labelstudio.client import LabelStudio
from ..store import projects, review_tasks
from ..store.engine import Store


def remove_duplicates(store: Store, gateway: LabelStudio, home: projects.StoredProject) -> int:
    """An import that we gave up waiting for may still have been carried out, after the tasks were imported again."""
    with store.read() as connection:
        found = review_tasks.surplus(connection, home.key)
    removed = 0
    for task in found:
        try:
            if not gateway.task(task).annotations:
                gateway.delete_task(task)
                removed += 1
        except NotFound:
            continue
    return removed


def renew(store: Store, gateway: LabelStudio, home: projects.StoredProject) -> int:
    """Let open review tasks say what is known today: the reasons, the earlier answers, what the source task shows.

    Each is a request, and each new model changes figures in many reasons: while people are given way to, these wait.
    """
    with store.read() as connection:
        found = review_tasks.stale(connection, home.key)
    renewed = 0
    way = gateway.gives_way()
    for task, shown, data in found:
        if way and tells_nothing_new(shown, data):
            continue
        try:
            gateway.update_task(task, data=data)
            renewed += 1
        except NotFound:
            continue
    return renewed
