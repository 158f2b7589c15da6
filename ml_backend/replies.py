"""What is thought of one task as Label Studio takes it: regions, and why a control has none."""

import logging
from collections.abc import Mapping
from typing import Any

from label_config.answers import Regions
from label_config.errors import ResultError
from label_config.model import LabelConfig
from label_config.suggestions import suggestion

from .reasons import Reason, reason
from .records import Opinion

FEW_ANSWERS = 9
"""A set of more says no more than the signals."""

Reply = tuple[list[dict[str, Any]], list[dict[str, str | None]]]
"""Regions, and reasons."""

log = logging.getLogger(__name__)


def reply(config: LabelConfig, opinions: Mapping[str, Opinion], answered: frozenset[str]) -> Reply:
    """The regions of all controls, and of each control without any the reason, as ``/predict`` tells it.

    ``answered`` controls have an answer of the annotator already.
    """
    regions: list[dict[str, Any]] = []
    reasons: list[dict[str, str | None]] = []
    for name, opinion in opinions.items():
        found = _regions(config, name, opinion, answered)
        if isinstance(found, Reason):
            reasons.append(told(found, name))
        else:
            regions += found
    return regions, reasons


def told(why: Reason, control: str | None = None) -> dict[str, str | None]:
    """A reason as ``/predict`` tells it; ``control`` null: it holds for the whole task."""
    return {"control": control, **why.as_json()}


def _regions(
    config: LabelConfig, name: str, opinion: Opinion, answered: frozenset[str]
) -> list[dict[str, Any]] | Reason:
    """One control's regions, or why there is none."""
    if opinion.answer is None:
        return opinion.reason or reason("says_nothing")
    more = opinion.regions and isinstance(opinion.answer, Regions)  # what an interactive request is for
    if name in answered and not more:
        return reason("answered")
    if opinion.regions:
        return [dict(one) for one in opinion.regions]
    try:
        found = suggestion(
            config.control(name),
            opinion.answer,
            confidence=opinion.confidence,
            signals=_shown_signals(opinion),
            parts=opinion.parts,
        )
    except ResultError as error:
        log.error("control %r: an answer that it does not take is left out: %s", name, error)
        return reason("answer_not_taken")
    return found or reason("none_applies")


def _shown_signals(opinion: Opinion) -> dict[str, float]:
    """The signals, and of a small set of possible answers how many there are."""
    few = opinion.possible is not None and len(opinion.possible) <= FEW_ANSWERS
    return {**opinion.signals, **({"set_size": len(opinion.possible or ())} if few else {})}
