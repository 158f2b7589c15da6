"""What a run needs of the outside world, and opening it as the settings say."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .backend import Backend
from .labelstudio.client import LabelStudio
from .settings import Settings
from .store.engine import Store, open_store
from .store.lease import holder_name, lease

LEASE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Services:
    """The outside world of a run, handed in. ``backend`` is null where no model is wanted."""

    store: Store
    gateway: LabelStudio
    backend: Backend | None
    settings: Settings
    clock: Callable[[], int]


def clock() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1000


def services(settings: Settings) -> Services:
    """Everything a run needs, as the settings say. Raises TiebreakError."""
    backend = Backend(settings.backend_url, settings.secret.get_secret_value()) if settings.backend_url else None
    # The gateway first: what it refuses must not leave an open store behind.
    gateway = LabelStudio.connect(
        settings.label_studio_url, settings.label_studio_token.get_secret_value(), timeout=settings.timeout_seconds
    )
    return Services(
        store=open_store(settings.store),
        gateway=gateway,
        backend=backend,
        settings=settings,
        clock=clock,
    )


@contextmanager
def alone(services: Services, project: int) -> Iterator[Callable[[], None]]:
    """Work on a project (Label Studio's id) while nobody else does; yields a check that raises Busy once that is over.

    Raises Busy while another command or ``tiebreak serve`` works on it.
    """
    with lease(services.store, f"project {project}", holder_name(), services.clock, LEASE_SECONDS) as still_ours:
        yield still_ours
