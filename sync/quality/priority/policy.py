"""What makes an order of findings, as data: weights, importance, age, budget, caps, audits, bands."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..findings.case import Thresholds

WEIGHTS: Mapping[str, float] = {
    "low_agreement": 1.0,
    "tie": 1.0,
    "low_confidence": 1.0,
    "model_conflict": 0.6,
    "label_error": 0.8,
    "near_duplicate_conflict": 0.8,
    "rule_violation": 0.9,
    "gold_failed": 0.4,
    "annotator_drift": 0.4,
    "outlier": 0.3,
}
"""Kind of finding -> how far its severity is believed.

Disputes are believed whole: their severity is measured (``findings.doubt``). The others were made on fewer data.
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """How findings become a queue. Shares, weights, boosts and bands are in [0, 1].

    The number: ``weights`` say per kind how far a severity is believed. ``importance`` says per control and label how
    much a mistake there matters, 1 where nothing is said. With ``age_boost`` an entry that waited ``age_days`` days
    (or longer) gains that share of what it lacks of 1, one that waited half as long half of it.

    What gets in: ``review_from`` is the least priority. ``budget`` is how many entries a run may have (null: any
    number); ``audit_share`` of them are drawn at random from the accepted labels. At most ``annotator_cap`` entries a
    run are about the same annotator's answers (null: any number). While others wait, no more than ``label_share``,
    ``cluster_share``, ``kind_share`` of the budget have the same answer, are near-identical, or have the same main
    reason.

    What is done: a dispute with fewer than ``enough`` answers goes to one more annotator, with more to adjudication.
    ``p1_from`` and ``p2_from`` are the lowest priorities of the bands. ``thresholds`` say from where on something is a
    finding. ``seed`` draws the audits.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    importance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    age_days: float = 14.0
    age_boost: float = 0.0
    review_from: float = 0.0
    budget: int | None = None
    audit_share: float = 0.05
    annotator_cap: int | None = None
    label_share: float = 1.0
    cluster_share: float = 1.0
    kind_share: float = 1.0
    enough: int = 3
    p1_from: float = 0.4
    p2_from: float = 0.2
    thresholds: Thresholds = field(default_factory=Thresholds)
    seed: int = 0

    def band(self, priority: float) -> int:
        """1, 2 or 3 (1 = most urgent).

        >>> [Policy().band(priority) for priority in (0.5, 0.4, 0.2, 0.1)]
        [1, 1, 2, 3]
        """
        return 1 if priority >= self.p1_from else 2 if priority >= self.p2_from else 3

    def weight(self, kind: str) -> float:
        """Raises ValueError for a kind that has none."""
        if kind not in self.weights:
            raise ValueError(f"the policy has no weight for {kind!r}; it has: {', '.join(self.weights)}")
        return self.weights[kind]
