"""Why tasks could not be read: counted for ``/metrics``, and said in the log once an hour each."""

import logging
import threading

from prometheus_client import Counter

from .seldom import Seldom

log = logging.getLogger(__name__)

MOST_KINDS = 30
OTHER = "other reasons"
LONGEST = 80

COUNTER = Counter("tiebreak_ml_unreadable", "Fields of tasks that could not be read", ["reason"], registry=None)
"""Over all processes of a server, as prometheus_client keeps it."""

_kinds: set[str] = set()
_turn = threading.Lock()
_seldom = Seldom()


def note(field: str, error: Exception, *, seldom: Seldom = _seldom) -> str:
    """Count why a task's field could not be read; the reason, of which there are few kinds."""
    reason = str(error).partition(":")[0][:LONGEST]
    with _turn:
        if reason not in _kinds and len(_kinds) >= MOST_KINDS:
            reason = OTHER
        _kinds.add(reason)
    COUNTER.labels(reason).inc()
    if seldom.may(reason):
        log.warning(
            "field %r cannot be read, the task abstains: %s (said once an hour; /metrics counts)", field, reason
        )
    return reason
