"""Whether people are at work in Label Studio: what Tiebreak does in the background gives way to them."""

import time
from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from .errors import StoreError
from .settings import Settings
from .store import lately
from .store.engine import Store

LOOK_SECONDS = 5.0
"""So often, at most, is looked who is there."""


def is_quiet(connection: Connection, settings: Settings, now: int, there: int | None = None) -> bool:
    """Whether no answer came for ``quiet_seconds``, to whichever project: one server serves all of them.

    ``there`` is now by Label Studio's clock, which may be hours off; null where it is not known.
    """
    ago = int(settings.quiet_seconds * 1_000_000)
    return not lately.is_answered_since(connection, now - ago, None if there is None else there - ago)


def nobody_knows() -> int | None:
    """What Label Studio's clock says, where it has not been asked."""
    return None


class AtWork:
    """Knows for how long to leave Label Studio alone; ``elapsed`` gives seconds, for when to look again.

    ``there`` gives the time by Label Studio's clock, as ``clock`` does by ours.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], int],
        elapsed: Callable[[], float] = time.monotonic,
        there: Callable[[], int | None] = nobody_knows,
    ) -> None:
        self._store, self._settings, self._clock, self._elapsed, self._there = store, settings, clock, elapsed, there
        self._looked = -LOOK_SECONDS
        self._quiet = True

    def pause(self) -> float:
        """In multiples of what a request took; 0 while nobody is at work.

        A store that does not answer changes nothing: whoever asks it for more than this tells of it.
        """
        if self._elapsed() - self._looked >= LOOK_SECONDS:
            try:
                with self._store.read() as connection:
                    self._quiet = is_quiet(connection, self._settings, self._clock(), self._there())
            except (StoreError, SQLAlchemyError):  # the latter where all connections are taken
                pass
            self._looked = self._elapsed()
        return 0.0 if self._quiet else self._settings.pause
