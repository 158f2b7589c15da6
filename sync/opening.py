"""Opening what a run needs, as the settings say."""

import time

from .backend import Backend
from .labelstudio.client import LabelStudio
from .pipeline import Services
from .settings import Settings
from .store.engine import open_store


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
