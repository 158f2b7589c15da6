"""Everything about each annotator on one control, from its evidence and consensus."""

from collections.abc import Mapping
from typing import Any

from ..evidence import ControlEvidence
from ..records import ControlConsensus, FloatArray
from .bias import biases, confusions, differences
from .means import means
from .own_changes import own_changes
from .profile import AnnotatorProfile
from .reference import Reference, reference, truths
from .reliability import ALONE, reliability
from .repeats import self_agreements
from .spam import signals
from .speed import speeds, too_fast

NO_GOLD = "answered no task whose truth is known"


def profiles(
    evidence: ControlEvidence,
    consensus: ControlConsensus,
    data: Mapping[int, Mapping[str, Any]] | None = None,
    found: Reference | None = None,
    hasty: FloatArray | None = None,
) -> tuple[AnnotatorProfile, ...]:
    """One profile an annotator, in ascending order of their ids.

    ``data`` maps tasks to what they show: without it only answers below half a second are too fast. ``found`` is what
    ``reference`` gives and ``hasty`` what ``too_fast`` does, where they are known already.
    """
    coded = evidence.coded
    people = len(coded.annotators)
    hasty = too_fast(coded, evidence.lead_time, data or {}) if hasty is None else hasty
    found = reference(evidence, consensus) if found is None else found
    apart = differences(coded, found, truths(evidence))
    columns = zip(
        coded.annotators,
        _answers(evidence),
        reliability(coded, found, evidence.trust),
        means(coded.annotator, found.gold, people, NO_GOLD),
        means(coded.annotator, found.score, people, ALONE),
        self_agreements(evidence),
        confusions(coded, found),
        biases(coded, apart),
        speeds(coded, evidence.lead_time, hasty),
        own_changes(evidence, consensus, found, apart),
        signals(evidence, found, hasty),
        strict=True,
    )
    return tuple(AnnotatorProfile(*one) for one in columns)


def _answers(evidence: ControlEvidence) -> list[int]:
    counts = [0] * len(evidence.coded.annotators)
    for person in evidence.coded.annotator.tolist():
        counts[person] += 1
    return counts
