"""Intended reviews into a review project: part by part, each marked as open before the next one goes."""

from collections.abc import Callable, Mapping
from typing import Any

from label_config.ordering import score_from_priority

from ..labelstudio.client import LabelStudio
from ..store import acts, projects, reviews
from ..store.engine import Store
from .ordering import QUEUE_VERSION, queue_versions

IMPORT_AT_ONCE = 1000


def import_intended(
    store: Store,
    gateway: LabelStudio,
    home: projects.StoredProject,
    project: int,
    band: int,
    clock: Callable[[], int],
) -> int:
    """Import what is intended in that band; how many."""
    with store.read() as connection:
        pending = reviews.intended(connection, project, band)
    if not pending:
        return 0
    version = next(reversed(queue_versions(gateway, home)), f"{QUEUE_VERSION}.0")
    for start in range(0, len(pending), IMPORT_AT_ONCE):
        part = pending[start : start + IMPORT_AT_ONCE]
        scores = [score_from_priority(intent.priority, intent.task) for intent in part]
        ids = gateway.import_tasks(
            home.label_studio_id, [_body(intent, score, version) for intent, score in zip(part, scores, strict=True)]
        )
        with store.begin() as connection:
            arrived = zip((intent.key for intent in part), ids, scores, strict=True)
            reviews.mark_open(connection, home.key, list(arrived))
            acts.reviews_changed(connection, "push", [intent.key for intent in part], clock())
    return len(pending)


def _body(intent: reviews.Review, score: float, version: str) -> Mapping[str, Any]:
    return {
        "data": intent.data,
        "meta": {"tiebreak_key": intent.key},
        "predictions": [{"result": [], "score": score, "model_version": version}],
    }
