"""How far people agree, corrected for chance, over any distance, with bootstrap intervals over tasks."""

from .codes import alpha_of_codes, answers_of_codes
from .coefficients import COEFFICIENTS
from .control import krippendorff_alpha, matrix, percent_agreement, tabled
from .kappa_matrix import KappaMatrix, kappa_matrix
from .measure import measure
from .undefined import NO_PAIRS, ONE_LABEL
from .weighting import WEIGHTS

__all__ = [
    "COEFFICIENTS",
    "NO_PAIRS",
    "ONE_LABEL",
    "WEIGHTS",
    "KappaMatrix",
    "alpha_of_codes",
    "answers_of_codes",
    "kappa_matrix",
    "krippendorff_alpha",
    "matrix",
    "measure",
    "percent_agreement",
    "tabled",
]
