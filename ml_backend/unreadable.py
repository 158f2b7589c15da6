"""Why tasks could not be read: counted for ``/metrics``, and said in the log once an hour each."""

import logging
import threading
import time
from collections.abc import Callable

from prometheus_client import Counter

log = logging.getLogger(__name__)

MOST_KINDS = 30
OTHER = "other reasons"
LONGEST = 80
SILENT_SECONDS = 3_600.0

COUNTER = Counter("tiebreak_ml_unreadable", "Fields of tasks that could not be read", ["reason"], registry=None)
"""Over all processes of a server, as prometheus_client keeps it."""

_told_at: dict[str, float] = {}
_turn = threading.Lock()


def note(field: str, error: Exception, *, clock: Callable[[], float] = time.monotonic) -> str:
    """Count why a task's field could not be read; the reason, of which there are few kinds."""
    reason = str(error).partition(":")[0][:LONGEST]
    now = clock()
    with _turn:
        if reason not in _told_at and len(_told_at) >= MOST_KINDS:
            reason = OTHER
        told_at = _told_at.get(reason)
        tell = told_at is None or now - told_at > SILENT_SECONDS
        if tell:
            _told_at[reason] = now
    COUNTER.labels(reason).inc()
    if tell:
        log.warning(
            "field %r cannot be read, the task abstains: %s (said once an hour; /metrics counts)", field, reason
        )
    return reason
