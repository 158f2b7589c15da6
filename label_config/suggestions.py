"""What a model suggests, as the regions of a prediction that Label Studio shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from .answers import Answer
from .model import Control
from .results import write_answer

PREFIX = "tiebreak-"
"""Region ids of suggestions begin so."""


def suggestion(
    control: Control,
    answer: Answer,
    *,
    confidence: float | None,
    signals: Mapping[str, float],
    parts: Sequence[float] = (),
) -> list[dict[str, Any]]:
    """The regions that suggest ``answer``: each shows its confidence, and carries the signals in ``meta.tiebreak``.

    ``parts`` are the confidences of the answer's regions one by one; without them each shows that of the whole answer.
    Raises ResultError as ``write_answer`` does.
    """
    found = write_answer(
        control, answer, score=confidence, meta={"tiebreak": dict(signals)}, region_id=f"{PREFIX}{control.name}"
    )
    for region, own in zip(found, parts, strict=False):
        region["score"] = own
    return found
