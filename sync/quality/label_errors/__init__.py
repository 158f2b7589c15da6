"""Which given labels look wrong to a model that did not learn from them."""

from .calibration import scaled, temperature
from .confident import PRUNE, class_thresholds, confident_joint, errors, noise_matrix
from .scores import POOLS, SCORES, doubt_of_labels, doubt_of_sets

__all__ = [
    "POOLS",
    "PRUNE",
    "SCORES",
    "class_thresholds",
    "confident_joint",
    "doubt_of_labels",
    "doubt_of_sets",
    "errors",
    "noise_matrix",
    "scaled",
    "temperature",
]
