"""One run of the loop for one project: what ``tiebreak run`` does and ``tiebreak serve`` repeats."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .assess import Assessment, assess
from .corrections import Change, settle
from .drift_report.kept import keep_drift
from .errors import BackendError, Stopped, StoreError, TiebreakError
from .glossary.kept import keep_rulings
from .kept_model import keep_model
from .opening import Services, alone
from .overlap import OverlapReport, carry_out, decide
from .people.kept import keep_people
from .progress import Tell, nobody
from .pull import PullReport, pull, pull_reviews
from .push import PushReport, push
from .refresh import RefreshReport, refresh
from .resolve import resolve
from .resolve_report import ResolveReport
from .round_scoring import project_key
from .settings import MAY_RULE
from .stopwatch import Stopwatch
from .store import projects, run_log, training
from .store.lease import beat, model_beat
from .summaries import summarise
from .versions.putting_back import settle_restored


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did. ``warnings`` are things that went wrong without stopping it (the ML backend is down)."""

    project: int
    pull: PullReport
    resolve: ResolveReport
    assessment: Assessment
    refresh: RefreshReport | None
    overlap: OverlapReport | None
    push: PushReport
    warnings: tuple[str, ...]


def run(
    services: Services,
    project: int,
    *,
    rounds: bool = True,
    tell: Tell = nobody,
    waits: Callable[[str], None] | None = None,
) -> RunReport:
    """Pull, resolve, assess, teach, refresh, push: ``project`` is Label Studio's id. Running twice changes nothing.

    ``rounds`` false: no new scoring round this time, whatever there is to score. ``tell`` hears how a round goes on.
    ``waits`` as in ``opening.alone``.
    Raises Busy when another run works on the project, Stopped when the process was told to stop, LabelStudioError and
    StoreError as they come: the next run finishes what this one began.
    """
    store, gateway, settings, clock = services.store, services.gateway, services.settings, services.clock
    with alone(services, project, waits=waits) as go_on, _recorded(services, project) as (warnings, timed):
        pulled = timed(pull)(store, gateway, project, clock, tell=tell)
        key = pulled.project
        timed(pull_reviews)(store, gateway, key, clock)
        with gateway.paced():
            restored = timed(settle_restored)(store, gateway, key, clock, go_on=go_on)
        ruled = timed(resolve)(store, gateway, key, clock, independent=settings.disputants != MAY_RULE)
        unsettled = Change(0, 0, tuple(timed(settle)(store, gateway, key, clock)))
        if ruled.ground_truths or restored.ground_truths:
            timed(pull)(store, gateway, project, clock)
        go_on()
        timed(assess)(store, key, settings, clock)
        with gateway.paced():
            refreshed, overlap = timed(_served)(services, key, warnings, rounds, tell)
        assessment = timed(assess)(store, key, settings, clock)
        timed(summarise)(store, key, settings, clock)
        go_on()
        pushed = timed(push)(store, gateway, key, settings, clock)
        if pushed.changed:
            timed(pull_reviews)(store, gateway, key, clock)
            timed(summarise)(store, key, settings, clock)
        timed(keep_people)(store, key, settings, clock)
        timed(keep_rulings)(store, key, clock)
        timed(keep_model)(store, key, clock)
        timed(keep_drift)(store, key, settings, clock)
        warnings += [*pulled.complaints(), *restored.complaints(), *ruled.complaints(), *unsettled.complaints()]
        warnings += pushed.complaints()
    return RunReport(project, pulled, ruled, assessment, refreshed, overlap, pushed, tuple(warnings))


def _served(
    services: Services, key: int, warnings: list[str], rounds: bool, tell: Tell
) -> tuple[RefreshReport | None, OverlapReport | None]:
    """Bring the order of the tasks up to what is known, and how many answers each is to have.

    A task that is to have one more is open again only when the round has made it blind.
    """
    store, gateway, settings = services.store, services.gateway, services.settings
    decision = decide(store, gateway, key, settings) if rounds else None
    refreshed = _with_backend(services, key, warnings, rounds, decision.raised if decision else (), tell)
    if decision is None or (services.backend is not None and refreshed is None):
        return refreshed, None
    overlap = carry_out(store, gateway, decision, settings, services.clock)
    warnings += overlap.complaints()
    return refreshed, overlap


def _with_backend(
    services: Services, key: int, warnings: list[str], rounds: bool, raised: Sequence[int], tell: Tell
) -> RefreshReport | None:
    """Tell the backend what is new and take over what it thinks; without it the rest of the loop goes on."""
    if services.backend is None:
        return None
    try:
        teach(services, key)
        found = None
        if rounds:
            store, gateway, backend = services.store, services.gateway, services.backend
            found = refresh(store, gateway, backend, key, services.settings, services.clock, raised=raised, tell=tell)
        _remember_model(services, key)
        return found
    except BackendError as error:
        warnings.append(str(error))
        return None


def teach(services: Services, key: int) -> bool:
    """Ask the backend to learn when the training feed does not end where its model has read to."""
    assert services.backend is not None
    with services.store.read() as connection:
        source = projects.get(connection, key)
        newest = training.newest(connection, key)
    if newest == services.backend.state(project_key(source)).cursor:
        return False
    services.backend.train(project_key(source), source.label_config)
    return True


def _remember_model(services: Services, key: int) -> None:
    """Keep what the backend says of its model, for people who look at the dashboard."""
    assert services.backend is not None
    with services.store.read() as connection:
        source = projects.get(connection, key)
    state = services.backend.state(project_key(source))
    with services.store.begin() as connection:
        name = model_beat(source.label_studio_id)
        beat(connection, name, services.clock(), state.error is None, json.dumps(state.told))


@contextmanager
def _recorded(services: Services, project: int) -> Iterator[tuple[list[str], Stopwatch]]:
    """Keep in the store when a run last ended, how, and how long its steps took; the list is filled with warnings."""
    warnings: list[str] = []
    timed, began = Stopwatch(), services.clock()
    try:
        yield warnings, timed
    except Stopped:  # nothing went wrong
        raise
    except TiebreakError as error:
        with suppress(StoreError):  # what went wrong first is what is told
            _beat(services, project, timed, began, ok=False, message=str(error))
        raise
    _beat(services, project, timed, began, ok=True, message="\n".join(warnings))


def _beat(services: Services, project: int, timed: Stopwatch, began: int, *, ok: bool, message: str) -> None:
    now = services.clock()
    with services.store.begin() as connection:
        beat(connection, f"project:{project}:run", now, ok, message)
        run_log.note(connection, project, run_log.Ran(began, now, ok, message, timed.steps))
        timed.keep(connection, project, now)
