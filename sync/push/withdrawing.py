"""Reviews that are no longer needed go out of sight; those whose ruling counts for nothing come into it again.

A withdrawn review task is hidden, not deleted: whoever has it open can still submit it. That it is to be hidden was
stored before, and is marked as done after, so that the next run goes on where this one was killed.
"""

from collections.abc import Callable
from contextlib import suppress

from ..errors import NotFound
from ..labelstudio.client import LabelStudio
from ..store import review_rounds, served
from ..store.engine import Store


def hide_withdrawn(store: Store, gateway: LabelStudio, project: int, clock: Callable[[], int]) -> int:
    """Have Label Studio serve no more the review tasks that are over; how many withdrawn ones."""
    with store.read() as connection:
        found = review_rounds.to_hide(connection, project)
    for one in found:
        with suppress(NotFound):  # somebody deleted it: it is served no more
            gateway.update_task(one.task, is_labeled=True)
        with store.begin() as connection:
            review_rounds.hidden(connection, one.id, clock())
    return sum(one.withdrawn for one in found)


def serve_as_before(store: Store, gateway: LabelStudio, project: int) -> tuple[int, ...]:
    """Have single review tasks served again as they were before somebody changed them by hand; which ones."""
    with store.read() as connection:
        found = served.changed(connection, project)
    for review, task in found:
        with suppress(NotFound):  # the next pull finds it deleted
            gateway.update_task(task, overlap=1)
            gateway.update_task(task, is_labeled=False)
        with store.begin() as connection:
            served.put_back(connection, review)
    return tuple(task for _, task in found)


def open_again(store: Store, gateway: LabelStudio, project: int) -> int:
    """Have the review tasks served to one more reviewer whose rulings did not count or cannot be read; how many."""
    with store.read() as connection:
        found = review_rounds.to_open(connection, project)
    for review, task, rulings in found:
        with suppress(NotFound):  # the next pull finds it deleted
            gateway.update_task(task, overlap=rulings + 1)
            gateway.update_task(task, is_labeled=False)  # the overlap alone does not open it
        with store.begin() as connection:
            review_rounds.opened(connection, review, rulings)
    return len(found)
