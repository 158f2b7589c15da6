"""What a run needs of the outside world, and opening it as the settings say."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import NoReturn, cast

from .at_work import AtWork
from .backend import Backend
from .errors import Busy, Unauthorized
from .labelstudio.client import LabelStudio
from .settings import Settings
from .stopping import Stop
from .store.engine import Store, open_store
from .store.lease import held, holder_name, in_words, lease

LEASE_SECONDS = 120
WAIT_SECONDS = 30.0
"""For so long a command that somebody typed waits for the run at work."""
QUIET_SECONDS = 2.0
"""After so long it says that it waits, and for whom."""
ASK_SECONDS = 0.25
PAGE_SECONDS = 10.0
"""For so long somebody who sent a form waits: for the run at work, and for each answer of another program."""


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
    store = open_store(settings.store)
    gateway.pause_by(AtWork(store, settings, clock, there=gateway.now).pause)
    return Services(store, gateway, backend, settings, clock, told)


@contextmanager
def for_a_page(settings: Settings, store: Store, clock: Callable[[], int]) -> Iterator[Services]:
    """The same for what somebody does on a page: a store that is open, the rest asked with little patience."""
    secret = settings.secret.get_secret_value()
    with ExitStack() as stack:
        gateway = _gateway(stack, settings)
        backend = Backend(settings.backend_url, secret, timeout=PAGE_SECONDS) if settings.backend_url else None
        if backend is not None:
            stack.callback(backend.close)
        yield Services(store, gateway, backend, settings, clock)


@dataclass(frozen=True, slots=True)
class _Refusing:
    """Stands where Label Studio would: who asks it anything hears why it cannot be asked; others need no token."""

    error: Unauthorized

    def __getattr__(self, name: str) -> NoReturn:
        raise self.error


def _gateway(stack: ExitStack, settings: Settings) -> LabelStudio:
    """Label Studio until the stack ends."""
    token = settings.label_studio_token.get_secret_value()
    try:
        return stack.enter_context(LabelStudio.connect(settings.label_studio_url, token, timeout=PAGE_SECONDS))
    except Unauthorized as error:
        return cast(LabelStudio, _Refusing(error))


@contextmanager
def alone(
    services: Services,
    project: int,
    *,
    waits: Callable[[str], None] | None = None,
    seconds: float = WAIT_SECONDS,
) -> Iterator[Callable[[], None]]:
    """Work on a project (Label Studio's id) while nobody else does; yields a check whether to go on.

    ``waits``: the run at work is waited for, up to ``seconds``; it hears so, once, in words. Null: no waiting.
    Raises Busy while another command or ``tiebreak serve`` works on it; the check raises it once another one took
    over, and Stopped once the process was told to stop.
    """
    with ExitStack() as stack:
        still_ours = _taken(stack, services, project, waits, seconds)

        def go_on() -> None:
            services.told.check()
            still_ours()

        yield go_on


def _taken(
    stack: ExitStack, services: Services, project: int, waits: Callable[[str], None] | None, seconds: float
) -> Callable[[], None]:
    """Hold the project until the stack ends; the lease's own check."""
    began, said = time.monotonic(), False
    name = f"project {project}"
    while True:
        try:
            return stack.enter_context(lease(services.store, name, holder_name(), services.clock, LEASE_SECONDS))
        except Busy:
            waited = time.monotonic() - began
            if waits is None or waited >= seconds:
                raise
        if waited >= QUIET_SECONDS and not said:
            waits(f"{name}: waiting for the run of {_at_work(services, name)}, for {seconds:.0f} s at most")
            said = True
        services.told.sleep(ASK_SECONDS)


def _at_work(services: Services, name: str) -> str:
    """Who holds it, in words; it may have been given back just now."""
    with services.store.read() as connection:
        holder = held(connection, services.clock()).get(name)
    return "another process" if holder is None else in_words(holder[0])
