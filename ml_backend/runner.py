"""``tiebreak-ml serve``: several processes under gunicorn, each with the web side and a trainer."""

import gc
import logging
import shutil
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from .app import create_app
from .disk_cache import DiskCache
from .encoders import family_of
from .encoders.kept import keep_in
from .errors import BackendError, ServeError, SettingsError
from .learned import LearnedMinds
from .lessons.aside import Aside
from .media import Media
from .predict import Serving
from .registry import Registry
from .settings import Settings
from .study import Tell, nobody
from .thinking import Minds
from .trainer import Trainer
from .web.slow_clients import CONNECTIONS, PatientWorker

LAST_PORT = 65_535
TURN_SECONDS = 0.001
COLLECTED_AFTER = (2_000, 10, 1_000)
"""Objects, young collections and middle ones after which Python collects the next generation."""


def serving(settings: Settings, *, force: bool = False, tell: Tell = nobody) -> Serving:
    """What answering needs, as the settings say; ``force`` and ``tell`` are for lessons: see study.study."""
    if settings.data.exists() and not settings.data.is_dir():
        raise SettingsError(f"{settings.data}: is no folder: choose another with --data")
    cache = DiskCache(settings.data / "cache", settings.cache_bytes)
    keep_in(cache)
    if settings.encoder != "auto":
        family_of(settings.encoder)  # one that is not there is said now, not by the first lesson
    registry, fetch = Registry(settings.data), Media(settings, cache).fetch
    if settings.model_class:
        from .upstream import minds_of

        minds: Minds = minds_of(settings, registry, force=force, tell=tell)
    else:
        minds = LearnedMinds(registry, settings, fetch, force, tell)
    return Serving(registry, settings, fetch, minds)


def trainer(outside: Serving) -> Trainer:
    """What learns; every project that can be learned is looked at when it begins."""
    settings = outside.settings

    def known() -> Iterable[str]:
        return outside.registry.projects() if settings.sync_url else ()

    return Trainer(settings.data, Aside(settings), settings.wait_seconds, settings.news_at_once, known)


def refuse_taken_port(host: str, port: int) -> None:
    """Raises ServeError where nobody can listen there."""
    if not 0 < port <= LAST_PORT:
        raise ServeError(f"port {port} does not exist: choose one from 1 to {LAST_PORT} with --port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(
                f"port {port} of {host} cannot be used ({error.strerror}): choose another with --port"
            ) from error


def share_turns() -> None:
    """Let no thread of this process wait long for its turn, so that events are answered while much is predicted.

    A thread gives its turn to who waits after a millisecond (Python's own is 5), and a request has a dozen of them.
    What is loaded by now is never garbage. The rest is looked through for cycles seldom: with the tasks of a large
    request there that is one step of a tenth of a second, and few cycles live beyond the two young generations.
    """
    sys.setswitchinterval(TURN_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


class _Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn with our app: processes for its work, threads for their requests; one of them gives the lessons.

    ``counts`` is the folder where the processes put their counts together; it goes when they end.
    """

    def __init__(self, settings: Settings, host: str, port: int, counts: Path | None) -> None:
        self._settings = settings
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._counts = counts
        self._trainer: Trainer | None = None
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self._address,
            "workers": self._settings.workers,
            "threads": 8,
            "worker_class": PatientWorker,
            "worker_connections": CONNECTIONS,
            "sendfile": False,  # the system would wait for the client, without end
            "timeout": 120,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": lambda _: self._begin(),
            "worker_exit": lambda _server, _worker: self._trainer.stop(5) if self._trainer else None,
            "on_exit": lambda _: _remove(self._counts),
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def _begin(self) -> None:
        """In each process once the app is loaded."""
        if self._trainer:
            self._trainer.start()
        share_turns()

    def load(self) -> Any:
        outside = serving(self._settings)
        self._trainer = trainer(outside)
        return create_app(outside, self._trainer)


def serve(
    settings: Settings,
    host: str,
    port: int,
    counts: Path | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Answer on host and port until stopped; ``counts`` is what ``share_counts`` gave. Raises ServeError.

    ``ready`` is called once all that can be checked was checked.
    """
    try:
        _prepare(settings, host, port)
    except BackendError:
        _remove(counts)
        raise
    ready()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _Server(settings, host, port, counts).run()


def _prepare(settings: Settings, host: str, port: int) -> None:
    refuse_taken_port(host, port)
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServeError(f"{settings.data}: cannot be used ({error.strerror}): choose another with --data") from error
    serving(settings)  # a wrong setting is said here, in one line, not by a dying worker
    if settings.model_class:
        from .upstream import check

        check(settings)


def _remove(counts: Path | None) -> None:
    if counts is not None:
        shutil.rmtree(counts, ignore_errors=True)
