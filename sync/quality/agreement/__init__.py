"""How far people agree, corrected for chance, over any distance, with bootstrap intervals over tasks."""

from .coefficients import COEFFICIENTS
from .control import control_agreement, control_trend, krippendorff_alpha, matrix, percent_agreement, tabled
from .measure import measure
from .undefined import NO_PAIRS, ONE_LABEL
from .weighting import WEIGHTS

__all__ = [
    "COEFFICIENTS",
    "NO_PAIRS",
    "ONE_LABEL",
    "WEIGHTS",
    "control_agreement",
    "control_trend",
    "krippendorff_alpha",
    "matrix",
    "measure",
    "percent_agreement",
    "tabled",
]
