"""One run of the loop for one project: what ``tiebreak run`` does and ``tiebreak serve`` repeats."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .assess import Assessment, assess
from .backend import Backend
from .errors import BackendError, NotFound, StoreError, TiebreakError
from .labelstudio.client import LabelStudio
from .pull import PullReport, pull, pull_review
from .push import PushReport, forget, push
from .refresh import RefreshReport, project_key, refresh
from .resolve import ResolveReport, resolve
from .settings import Settings
from .store import projects, training
from .store.engine import Store
from .store.lease import beat, holder_name, lease

LEASE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Services:
    """The outside world of a run, handed in. ``backend`` is null where no model is wanted."""

    store: Store
    gateway: LabelStudio
    backend: Backend | None
    settings: Settings
    clock: Callable[[], int]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did. ``warnings`` are things that went wrong without stopping it (the ML backend is down)."""

    project: int
    pull: PullReport
    resolve: ResolveReport
    assessment: Assessment
    refresh: RefreshReport | None
    push: PushReport
    warnings: tuple[str, ...]


def run(services: Services, project: int, *, rounds: bool = True) -> RunReport:
    """Pull, resolve, assess, teach, refresh, push: ``project`` is Label Studio's id. Running twice changes nothing.

    ``rounds`` false: no new scoring round this time, whatever there is to score.
    Raises Busy when another run works on the project, LabelStudioError and StoreError as they come: the next run
    finishes what this one began.
    """
    store, gateway, settings, clock = services.store, services.gateway, services.settings, services.clock
    warnings: list[str] = []
    with alone(services, project) as still_ours, _recorded(services, project):
        pulled = pull(store, gateway, project, clock)
        key = pulled.project
        pull_reviews(services, key)
        ruled = resolve(store, gateway, key, clock)
        if ruled.ground_truths:
            pull(store, gateway, project, clock)
        still_ours()
        assess(store, key, settings, clock)
        refreshed = _with_backend(services, key, warnings, rounds)
        assessment = assess(store, key, settings, clock)
        still_ours()
        pushed = push(store, gateway, key, settings, clock)
        if pushed.pushed or pushed.removed:
            pull_reviews(services, key)
    return RunReport(project, pulled, ruled, assessment, refreshed, pushed, tuple(warnings))


@contextmanager
def alone(services: Services, project: int) -> Iterator[Callable[[], None]]:
    """Work on a project (Label Studio's id) while nobody else does; yields a check that raises Busy once that is over.

    Raises Busy while another command or ``tiebreak serve`` works on it.
    """
    with lease(services.store, f"project {project}", holder_name(), services.clock, LEASE_SECONDS) as still_ours:
        yield still_ours


def pull_reviews(services: Services, source: int) -> None:
    """Pull every review project of a source project (the store's key)."""
    with services.store.read() as connection:
        homes: Sequence[projects.StoredProject] = projects.reviews_of(connection, source)
    for home in homes:
        try:
            pull_review(services.store, services.gateway, home, services.clock)
        except NotFound:
            forget(services.store, home.key, services.clock())


def _with_backend(services: Services, key: int, warnings: list[str], rounds: bool) -> RefreshReport | None:
    """Tell the backend what is new and take over what it thinks; without it the rest of the loop goes on."""
    if services.backend is None:
        return None
    try:
        teach(services, key)
        if not rounds:
            return None
        return refresh(services.store, services.gateway, services.backend, key, services.settings, services.clock)
    except BackendError as error:
        warnings.append(str(error))
        return None


def teach(services: Services, key: int) -> bool:
    """Ask the backend to learn when the training feed has rows that its model has not seen."""
    assert services.backend is not None
    with services.store.read() as connection:
        source = projects.get(connection, key)
        newest = training.newest(connection, key)
    if newest <= services.backend.state(project_key(source)).cursor:
        return False
    services.backend.train(project_key(source), source.label_config)
    return True


@contextmanager
def _recorded(services: Services, project: int) -> Iterator[None]:
    """Keep in the store when a run last ended and how."""
    try:
        yield
    except TiebreakError as error:
        with suppress(StoreError):  # what went wrong first is what is told
            _beat(services, project, ok=False, message=str(error))
        raise
    _beat(services, project, ok=True, message="")


def _beat(services: Services, project: int, *, ok: bool, message: str) -> None:
    with services.store.begin() as connection:
        beat(connection, f"project:{project}:run", services.clock(), ok, message)
