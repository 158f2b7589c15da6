"""``tiebreak-ml serve``: the web side and the trainer in one process, under gunicorn."""

import logging
import socket
from typing import Any

from gunicorn.app.base import BaseApplication

from .app import create_app
from .errors import ServeError
from .learned import LearnedMinds
from .media import Media
from .predict import Serving
from .registry import Registry
from .settings import Settings
from .thinking import Minds
from .trainer import Trainer


def serving(settings: Settings) -> Serving:
    """What answering needs, as the settings say."""
    registry, fetch = Registry(settings.data), Media(settings).fetch
    if settings.model_class:
        from .upstream import UpstreamMinds, load_class

        minds: Minds = UpstreamMinds(registry, load_class(settings.model_class, settings.data / "upstream"))
    else:
        minds = LearnedMinds(registry, settings, fetch)
    return Serving(registry, settings, fetch, minds)


def trainer(outside: Serving) -> Trainer:
    """What learns; every project that can be learned is looked at when it starts."""
    made = Trainer(outside.minds.study)
    if outside.settings.sync_url:
        for project in outside.registry.projects():
            made.request(project, outside.settings.wait_seconds)
    return made


def refuse_taken_port(host: str, port: int) -> None:
    """Raises ServeError where nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(
                f"port {port} of {host} cannot be used ({error.strerror}): choose another with --port"
            ) from error


class _Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn with our app: one process, since it holds the trainer; threads for its requests."""

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        self._settings = settings
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._trainer: Trainer | None = None
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self._address,
            "workers": 1,
            "threads": 8,
            "worker_class": "gthread",
            "timeout": 120,
            "graceful_timeout": 10,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": lambda _: self._trainer.start() if self._trainer else None,
            "worker_exit": lambda _server, _worker: self._trainer.stop(5) if self._trainer else None,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        outside = serving(self._settings)
        self._trainer = trainer(outside)
        return create_app(outside, self._trainer)


def serve(settings: Settings, host: str, port: int) -> None:
    """Answer on host and port until stopped. Raises ServeError where it cannot start."""
    refuse_taken_port(host, port)
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServeError(f"{settings.data}: cannot be used ({error.strerror}): choose another with --data") from error
    serving(settings)  # a wrong setting is said here, in one line, not by a dying worker
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _Server(settings, host, port).run()
