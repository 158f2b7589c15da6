"""``tiebreak serve`` and ``tiebreak runner``: projects looked after until the process is told to stop."""

import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from .backend import BackendState
from .dashboard.ahead import Ahead
from .dashboard.painting import Painter
from .errors import BackendError, NotPulled, TiebreakError
from .logs import announce, configure
from .opening import Services, clock, services
from .pipeline import run
from .pulse import Pulse
from .round_scoring import project_key
from .schedule import Scheduler
from .settings import Settings
from .store import logins, projects, rounds, runners
from .store.engine import open_existing, open_store
from .web.addresses import is_loopback
from .web.app import DESK, create_app
from .web.slow_clients import CONNECTIONS, PatientWorker
from .web.visitors import WAY_OUT, check

log = logging.getLogger(__name__)

GRACE_SECONDS = 8.0
"""For so long a run may go on to its next safe point after the process was told to stop."""


def scheduler(outside: Services, kind: str = "runner") -> Scheduler:
    """What looks after the projects of the settings; ``kind`` says what the process is."""

    said: dict[int, tuple[str, ...]] = {}

    def once(project: int) -> str | None:
        before = _model(outside, project)
        with outside.gateway.paced():
            done = run(outside, project, rounds=_round_is_due(outside, project))
        for warning in done.warnings:
            if warning not in said.get(project, ()):  # what stays wrong is said once
                log.warning("project %s: %s", project, warning)
        said[project] = done.warnings
        return _learning(outside, project, before)

    settings = outside.settings
    return Scheduler(
        outside.store,
        once,
        settings.projects,
        settings.sync_seconds,
        settings.wake_seconds,
        outside.clock,
        outside.backend,
        outside.gateway.resting,
        outside.told,
        kind,
    )


def _model(outside: Services, project: int) -> str | None:
    """The model that the backend has now; null where there is none, or no answer."""
    state = _state(outside, project)
    return state.model if state else None


def _state(outside: Services, project: int) -> BackendState | None:
    if outside.backend is None:
        return None
    try:
        with outside.store.read() as connection:
            key = project_key(projects.source(connection, project))
        return outside.backend.state(key)
    except (BackendError, NotPulled):
        return None  # the run says so; the rest of the loop goes on at its times


def _learning(outside: Services, project: int, before: str | None) -> str | None:
    """The project as the backend calls it, where the backend is at it or has learned during the run.

    Null also where it does not answer. ``before`` is the model that it had when the run began.
    """
    state = _state(outside, project)
    if state is None or (state.state == "idle" and state.model == before):
        return None
    with outside.store.read() as connection:
        return project_key(projects.source(connection, project))


def waker(outside: Services, soon: Callable[[int], None]) -> Callable[[int], None]:
    """What a webhook calls: an event in a review project is news for its source project, to be run ``soon``."""

    def wake(project: int) -> None:
        with outside.store.read() as connection:
            soon(projects.source_of(connection, project))

    return wake


def _round_is_due(outside: Services, project: int) -> bool:
    """Rounds are paced: each writes a prediction for every task, beside people who work."""
    with outside.store.read() as connection:
        try:
            last = rounds.latest(connection, projects.source(connection, project).key)
        except NotPulled:
            return True
    if last is None or last.state != "done":
        return True
    return outside.clock() - last.made_at >= outside.settings.round_seconds * 1_000_000


def _refuse_open_door(settings: Settings, host: str) -> None:
    if settings.dashboard_password.get_secret_value():
        return
    store = open_store(settings.store)
    with closing(store), store.read() as connection:
        nobody = logins.is_empty(connection)
    if nobody:
        raise TiebreakError(f"--host {host} lets others in, and nobody has to log in: {WAY_OUT} first")


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise TiebreakError(
                f"port {port} of {host} cannot be used ({error.strerror}): choose another with --port"
            ) from error


class _OneLog(Logger):  # type: ignore[misc] # gunicorn has no types
    """What gunicorn has to say, in our log and form."""

    def setup(self, cfg: Any) -> None:  # noqa: ARG002 - gunicorn's signature
        """No handlers of its own; who asked for what is not logged."""
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)
        self.access_log.propagate = False


class _Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn with our app: one process, since it holds the scheduler; threads for its requests."""

    def __init__(self, settings: Settings, host: str, port: int, *, runs: bool) -> None:
        self._settings, self._runs = settings, runs
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._beside: Scheduler | Pulse | None = None
        self._charts: Ahead | None = None
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self._address,
            "workers": 1,
            "threads": 8,
            "worker_class": PatientWorker,
            "worker_connections": CONNECTIONS,
            "sendfile": False,  # the system would wait for the client, without end
            "timeout": 120,
            "keepalive": 15,  # open pages look again every few seconds
            "graceful_timeout": 10,
            "loglevel": "warning",
            "logger_class": _OneLog,
            "control_socket_disable": True,
            "post_worker_init": lambda _: self._begin(),
            "worker_exit": lambda _server, _worker: self._end(),
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        outside = services(self._settings)
        if self._runs:
            planned = scheduler(outside, "serve")
            self._beside, soon = planned, planned.wake
        else:
            pulse = Pulse(outside.store, None, outside.clock, self._settings.wake_seconds)
            self._beside, soon = pulse, pulse.wish
        painter = Painter()
        app = create_app(self._settings, outside.store, waker(outside, soon), paint=painter.paint)
        self._charts = Ahead(app, app.extensions[DESK], painter)
        return app

    def _begin(self) -> None:
        for thread in (self._beside, self._charts):
            if thread is not None:
                thread.start()

    def _end(self) -> None:
        if self._charts is not None:
            self._charts.stop()
        if self._beside is not None:
            self._beside.stop(GRACE_SECONDS)


def serve(
    settings: Settings,
    host: str,
    port: int,
    say: Callable[[str], None],
    *,
    log_format: str | None = None,
    runs: bool = True,
) -> None:
    """Answer on host and port until stopped; ``say`` is told where. Raises TiebreakError where it cannot start.

    ``log_format`` is in place of the one of the settings. ``runs`` false: runs are left to ``tiebreak runner``.
    """
    check(settings)
    if not is_loopback(host):
        _refuse_open_door(settings, host)
    _refuse_taken_port(host, port)
    services(settings).store.close()  # a wrong setting is said here, in one line, not by a dying worker
    looked_after = f"projects: {_named(settings)}" if runs else "runs are left to `tiebreak runner`"
    # Of others only warnings: the HTTP client tells of every request, and a run makes dozens.
    configure(settings, __package__ or "sync", kind=log_format)
    there = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    announce(settings, f"listening at {there} ({looked_after})", say, kind=log_format)
    _Server(settings, host, port, runs=runs).run()


def look_after(settings: Settings, say: Callable[[str], None], *, log_format: str | None = None) -> None:
    """Run the projects of the settings until SIGTERM or SIGINT; then the run at work ends at its next safe point.

    ``say`` and ``log_format`` as in ``serve``. Raises TiebreakError where it cannot start.
    """
    outside = services(settings)
    configure(settings, __package__ or "sync", kind=log_format)
    planned = scheduler(outside)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: outside.told.ask())
    planned.start()
    announce(settings, f"looking after projects: {_named(settings)}", say, kind=log_format)
    outside.told.wait()
    if planned.stop(GRACE_SECONDS):
        outside.store.close()
        return
    log.warning("the run at work found no safe point in %.0f s: it is left as it is, and taken over", GRACE_SECONDS)
    logging.shutdown()
    os._exit(0)  # its threads would be waited for


def look_for_runner(settings: Settings) -> None:
    """Raises TiebreakError unless a runner of this machine (this container) is alive."""
    store = open_existing(settings.store)
    with closing(store), store.read() as connection:
        there = runners.is_one_here(connection, clock())
    if not there:
        raise TiebreakError("no runner of this machine is alive: see `tiebreak status`, and the log of the runner")


def _named(settings: Settings) -> str:
    return ", ".join(map(str, settings.projects)) or "none: set `projects`"
