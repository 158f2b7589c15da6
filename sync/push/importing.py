"""Intended reviews into a review project: part by part, each marked as open before the next one goes."""

from collections.abc import Callable, Mapping
from typing import Any

from label_config.ordering import score_from_priority

from ..labelstudio.client import LabelStudio
from ..store import acts, projects, reviews
from ..store.engine import Store
from .ordering import FIRST_VERSION

IMPORT_AT_ONCE = 1000


def import_intended(
    store: Store,
    gateway: LabelStudio,
    home: projects.StoredProject,
    project: int,
    band: int,
    ours: dict[str, int],
    clock: Callable[[], int],
) -> int:
    """Import what is intended in that band; how many.

    It goes under the newest of ``ours``, the versions that stored predictions have, and is counted in there.
    """
    with store.read() as connection:
        pending = reviews.intended(connection, project, band)
    version = next(reversed(ours), FIRST_VERSION)
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
        ours[version] = ours.get(version, 0) + len(part)
    return len(pending)


def _body(intent: reviews.Review, score: float, version: str) -> Mapping[str, Any]:
    return {
        "data": intent.data,
        "meta": {"tiebreak_key": intent.key},
        "predictions": [{"result": [], "score": score, "model_version": version}],
    }
