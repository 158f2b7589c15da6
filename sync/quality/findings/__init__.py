"""What a person may have to look at: one file a kind or group of kinds, all of them in one dict."""

from collections.abc import Mapping

from ..records import Finding
from . import conflicts, disputes, labels, outliers, people, rules
from .case import Case, Maker

__all__ = ["KINDS", "MAKERS", "Case", "findings"]

KINDS: Mapping[str, str] = {
    "low_agreement": "annotators gave different answers",
    "tie": "no answer is more probable than another",
    "low_confidence": "the probable answer is not certain enough",
    "model_conflict": "the model is confident of another answer",
    "label_error": "a given answer is probably wrong",
    "outlier": "an answer is unlike all others",
    "near_duplicate_conflict": "near-identical tasks were answered differently",
    "rule_violation": "an answer breaks a rule that the user wrote",
    "gold_failed": "an annotator who failed on known truths answered, and the answer is disputed",
    "annotator_drift": "an annotator who answers worse than before answered, alone or in dispute",
}
"""Kind of finding -> what it means."""

MAKERS: Mapping[str, Maker] = {
    "low_agreement": disputes.low_agreement,
    "tie": disputes.tie,
    "low_confidence": disputes.low_confidence,
    "model_conflict": labels.model_conflict,
    "label_error": labels.label_error,
    "outlier": outliers.outlier,
    "near_duplicate_conflict": conflicts.near_duplicate_conflict,
    "rule_violation": rules.rule_violation,
    "gold_failed": people.gold_failed,
    "annotator_drift": people.annotator_drift,
}
"""Kind -> what finds it on one control."""


def findings(case: Case) -> list[Finding]:
    """Everything about one control that a person may have to look at, by task, kind and annotator."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    found = [one for maker in MAKERS.values() for one in maker(case)]
    return sorted(found, key=lambda one: (one.task, order[one.kind], one.annotator or 0))
