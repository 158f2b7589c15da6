"""The order in which Label Studio serves reviews: all open ones have a score under one version of ours."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from label_config.ordering import score_from_priority

from ..labelstudio.client import LabelStudio
from ..refresh import switch_version
from ..store import projects, reviews, rounds
from ..store.engine import Store

QUEUE_VERSION = "tiebreak-queue"
FIRST_VERSION = f"{QUEUE_VERSION}.0"


def queue_versions(store: Store, gateway: LabelStudio, home: projects.StoredProject) -> dict[str, int]:
    """Our versions that stored predictions have, the oldest first, with how many have each.

    A review project that no review was put into has none: it need not be asked.
    """
    with store.read() as connection:
        if not reviews.any_put_into(connection, home.key):
            return {}
    found = gateway.model_versions(home.label_studio_id)
    ours = [name for name in found if re.fullmatch(rf"{QUEUE_VERSION}\.\d+", name)]
    return {name: found[name] for name in sorted(ours, key=rounds.number_of)}


def settle_order(
    store: Store,
    gateway: LabelStudio,
    home: projects.StoredProject,
    ours: Mapping[str, int],
    clock: Callable[[], int],
) -> None:
    """Make Label Studio serve by today's priorities: all open tasks under one version, that version the project's.

    ``ours`` are the versions that stored predictions have. ``home`` is the review project as Label Studio has it, but
    that an import may have named the model version there where it had none.
    """
    with store.read() as connection:
        open_reviews = reviews.placed_in(connection, home.key)
    wanted = {one.review_task: score_from_priority(one.priority, one.task) for one in open_reviews}
    if not wanted:
        return
    moved = any(one.score != wanted[one.review_task] for one in open_reviews)
    if not moved and len(ours) == 1 and min(ours.values()) >= len(wanted):
        (version,) = ours
        if home.model_version != version:
            gateway.update_project(home.label_studio_id, model_version=version)
        return
    rows: list[dict[str, Any]] = [{"task": task, "score": wanted[task], "result": []} for task in sorted(wanted)]
    fingerprint = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    with store.begin() as connection:
        current = rounds.intend(connection, home.key, QUEUE_VERSION, fingerprint, clock(), ours)
    switch_version(gateway, home.label_studio_id, current.version, rows, ours=QUEUE_VERSION)
    with store.begin() as connection:
        projects.set_model_version(connection, home.key, current.version)
        for one in open_reviews:
            reviews.set_score(connection, one.key, wanted[one.review_task])
        rounds.finish(connection, current, {})
