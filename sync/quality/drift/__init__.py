"""Drift: does what tasks show, what they are answered, how people agree, and what an answer means change over time?

Every function gives one ``Drift`` a test, with its raw p-value; ``corrected`` adjusts all that are looked at together
(Holm), and ``significant`` is what is left. Randomness is a generator that the caller hands in.
"""

from .agreement import agreement_drift
from .concept import Compared, concept_drift
from .distributions import label_drift, text_drift, vector_drift
from .drifts import NAMES, Drift, corrected, significant, untested
from .observed import answered_at, compared, task_labels
from .pictures import STATISTICS, picture_statistics

__all__ = [
    "NAMES",
    "STATISTICS",
    "Compared",
    "Drift",
    "agreement_drift",
    "answered_at",
    "compared",
    "concept_drift",
    "corrected",
    "label_drift",
    "picture_statistics",
    "significant",
    "task_labels",
    "text_drift",
    "untested",
    "vector_drift",
]
