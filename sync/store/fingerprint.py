"""When a version of an annotation is another one."""

import hashlib
import json


def of_version(
    annotator: int | None,
    updated_by: int | None,
    was_cancelled: bool,
    ground_truth: bool,
    lead_time: float | None,
    result: object,
) -> str:
    """A hash of everything that somebody can change in an annotation."""
    parts = [annotator, updated_by, was_cancelled, ground_truth, lead_time, result]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
