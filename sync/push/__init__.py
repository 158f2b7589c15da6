"""The queue goes back into Label Studio: one review task a task, in bands, in exact order, exactly once.

Label Studio has no idempotency key for tasks. So the intent is stored first, our key goes into the review task's
data and meta, and a pull of the review project finds the keys that arrived without our hearing of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ..labelstudio.client import LabelStudio
from ..settings import Settings
from ..store import projects, review_rounds, reviews
from ..store.engine import Store
from .homes import ensure_project, follow_interface, put_back_settings
from .importing import import_intended
from .intent import intend
from .ordering import QUEUE_VERSION, queue_versions, settle_order
from .standing import remove_duplicates, renew
from .withdrawing import hide_withdrawn, open_again, serve_as_before

__all__ = ["QUEUE_VERSION", "PushReport", "push"]


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did: review tasks imported, duplicates of an interrupted import removed, projects touched.

    ``renewed`` are open review tasks that say something else now than they did. ``withdrawn`` are those that are no
    longer needed and served no more; ``reopened`` wait for another reviewer, since the ruling did not count.
    ``overdue`` says in words which wait longer than they may.
    ``refused`` are tasks (Label Studio's ids) that cannot be reviewed, each with the reason; ``outdated`` are review
    projects whose interface could not be brought up to the source's. ``put_back`` are review projects with the names of
    settings that somebody had changed, ``served`` review tasks (Label Studio's ids) that somebody had changed by hand.
    """

    pushed: int
    removed: int
    renewed: int
    projects: tuple[int, ...]
    refused: tuple[tuple[int, str], ...] = ()
    outdated: tuple[tuple[int, str], ...] = ()
    withdrawn: int = 0
    reopened: int = 0
    overdue: tuple[str, ...] = ()
    put_back: tuple[tuple[int, tuple[str, ...]], ...] = ()
    served: tuple[int, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether Label Studio has other review tasks now than before."""
        return any((self.pushed, self.removed, self.renewed, self.withdrawn, self.reopened))

    def complaints(self) -> list[str]:
        """What must be told, in words.

        >>> PushReport(0, 0, 0, (), outdated=((8, "refused:\\n2 answers"),)).complaints()[0][:80]
        'review project 8 still has the labeling interface of before (refused: 2 answers)'
        """
        return [
            *self.overdue,
            *(f"task {task} cannot be reviewed: {reason}" for task, reason in self.refused),
            *(
                f"review project {home} still has the labeling interface of before ({' '.join(reason.split())}): once "
                "it is deleted in Label Studio, the next run makes it anew with what is open; what was ruled stays"
                for home, reason in self.outdated
            ),
            *(
                f"review project {home}: somebody changed {', '.join(names)}, which decides what reviewers are served; "
                "it was put back"
                for home, names in self.put_back
            ),
            *(
                f"review task {task}: somebody changed whether it is served, or to how many; it was put back"
                for task in self.served
            ),
        ]


def push(store: Store, gateway: LabelStudio, project: int, settings: Settings, clock: Callable[[], int]) -> PushReport:
    """Bring the review projects of one source project (the store's key) up to the queue.

    The store must hold what stands in them (pull_review), or what an interrupted push left is pushed again.
    """
    refused = intend(store, project, settings, clock())
    with store.read() as connection:
        homes = projects.reviews_of(connection, project)
    put_back = put_back_settings(store, gateway, homes, clock)
    withdrawn = hide_withdrawn(store, gateway, project, clock)
    reopened = open_again(store, gateway, project)
    as_before = serve_as_before(store, gateway, project)  # after those that are opened with a number of their own
    pushed = removed = renewed = 0
    touched: list[int] = []
    outdated: list[tuple[int, str]] = []
    there = cache(lambda: tuple(gateway.projects()))
    for band in (1, 2, 3):
        with store.read() as connection:
            wanted = reviews.any_in_band(connection, project, band)
        if not wanted:
            continue
        home = ensure_project(store, gateway, project, band, there, settings, clock)
        if (reason := follow_interface(store, gateway, home, clock)) is not None:
            outdated.append((home.label_studio_id, reason))
        removed += remove_duplicates(store, gateway, home)
        renewed += renew(store, gateway, home)
        ours = queue_versions(store, gateway, home)
        pushed += import_intended(store, gateway, home, project, band, ours, clock)
        settle_order(store, gateway, home, ours, clock)
        touched.append(home.key)
    with store.read() as connection:
        late = tuple(map(str, review_rounds.overdue(connection, project, settings.review_days, clock())))
    return PushReport(
        pushed,
        removed,
        renewed,
        tuple(touched),
        tuple(refused),
        tuple(outdated),
        withdrawn,
        reopened,
        late,
        put_back,
        as_before,
    )
