"""How far people agree, corrected for chance, over any distance, with bootstrap intervals over tasks."""

from .control import control_agreement, control_trend, krippendorff_alpha, matrix, percent_agreement, tabled
from .undefined import NO_PAIRS, ONE_LABEL

__all__ = [
    "NO_PAIRS",
    "ONE_LABEL",
    "control_agreement",
    "control_trend",
    "krippendorff_alpha",
    "matrix",
    "percent_agreement",
    "tabled",
]
