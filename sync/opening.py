"""What a run needs of the outside world, and opening it as the settings say."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .backend import Backend
from .labelstudio.client import LabelStudio
from .settings import Settings
from .stopping import Stop
from .store.engine import Store, open_store
from .store.lease import holder_name, lease

LEASE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Services:
    """The outside world of a run, handed in. ``backend`` is null where no model is wanted; ``told`` ends runs."""

    store: Store
    gateway: LabelStudio
    backend: Backend | None
    settings: Settings
    clock: Callable[[], int]
    told: Stop = field(default_factory=Stop)


def clock() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1000


def services(settings: Settings) -> Services:
    """Everything a run needs, as the settings say. Raises TiebreakError."""
    told = Stop()
    secret = settings.secret.get_secret_value()
    backend = Backend(settings.backend_url, secret, before=told.check) if settings.backend_url else None
    # The gateway first: what it refuses must not leave an open store behind.
    gateway = LabelStudio.connect(
        settings.label_studio_url,
        settings.label_studio_token.get_secret_value(),
        timeout=settings.timeout_seconds,
        told=told,
    )
    return Services(open_store(settings.store), gateway, backend, settings, clock, told)


@contextmanager
def alone(services: Services, project: int) -> Iterator[Callable[[], None]]:
    """Work on a project (Label Studio's id) while nobody else does; yields a check whether to go on.

    Raises Busy while another command or ``tiebreak serve`` works on it; the check raises it once another one took
    over, and Stopped once the process was told to stop.
    """
    with lease(services.store, f"project {project}", holder_name(), services.clock, LEASE_SECONDS) as still_ours:

        def go_on() -> None:
            services.told.check()
            still_ours()

        yield go_on
