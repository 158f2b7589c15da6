"""Percent agreement and alpha of one control's choices, with intervals."""

from label_config.model import Control

from ..distance import default_distance, distance
from ..distance.comparison import every_pair
from ..records import CodedAnswers, Estimate, FloatArray
from .cuts import both
from .resampling import Rng
from .table import Table, table


def matrix(coded: CodedAnswers) -> FloatArray:
    """The distances between the distinct answers: nominal for single choices, Jaccard for multiple ones."""
    control = Control("", "Choices", (), coded.labels, coded.multiple)
    found = distance(control, default_distance(control))(every_pair(control, coded.answers))
    return found.reshape(len(coded.answers), len(coded.answers))


def percent_agreement(coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95) -> Estimate:
    """Mean over pairs of answers to one task of 1 - distance, in [0, 1], pooled over tasks; null without a pair."""
    return both(tabled(coded), rng, bootstrap, confidence)[0]


def krippendorff_alpha(coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95) -> Estimate:
    """Krippendorff's alpha in [-1, 1] (Krippendorff 2011, "Computing Krippendorff's alpha-reliability").

    Null without a task that two annotators answered, and where only one answer is in use.

    >>> import numpy as np
    >>> from label_config.answers import Choices
    >>> from sync.quality.coded_answers import encode
    >>> observers = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    >>> rows = [(unit, person, Choices((value,))) for person, values in enumerate(observers)
    ...         for unit, value in enumerate(values) if value != "."]
    >>> coded = encode(Control("c", "Choices", ("t",), tuple("12345")), rows)
    >>> round(krippendorff_alpha(coded, np.random.default_rng(0)).value, 3)
    0.743
    """
    return both(tabled(coded), rng, bootstrap, confidence)[1]


def tabled(coded: CodedAnswers) -> Table:
    """The tasks by their answers, with the control's own distances."""
    return table(coded.task, coded.answer, len(coded.tasks), matrix(coded))
