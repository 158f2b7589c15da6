"""DateTime: how far two moments are apart, on the scale from the earliest to the latest answer."""

import numpy as np

from label_config.answers import Moment

from ..records import FloatArray
from .comparison import Comparison, typed
from .equality import unequal
from .metric import Scale, scale

DAY = 86_400
"""Seconds."""


def interval(pairs: Comparison) -> FloatArray:
    """(time between the two / time from the earliest to the latest answer)^2: Krippendorff's interval metric, scaled.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> days = [Moment(f"2026-01-0{day + 1}", 86400.0 * day) for day in (0, 1, 4)]
    >>> interval(every_pair(Control("c", "DateTime", ("t",)), days))[:3].tolist()
    [0.0, 0.0625, 1.0]
    """
    return _line(pairs).interval(pairs.left, pairs.right)


def absolute(pairs: Comparison) -> FloatArray:
    """Time between the two / time from the earliest to the latest answer.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> days = [Moment(f"2026-01-0{day + 1}", 86400.0 * day) for day in (0, 1, 4)]
    >>> absolute(every_pair(Control("c", "DateTime", ("t",)), days))[:3].tolist()
    [0.0, 0.25, 1.0]
    """
    return _line(pairs).absolute(pairs.left, pairs.right)


def day(pairs: Comparison) -> FloatArray:
    """0 on the same day (UTC where no zone was given), else 1.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> noon, evening, next_day = Moment("12:00", 43200.0), Moment("18:00", 64800.0), Moment("+1", 90000.0)
    >>> day(every_pair(Control("c", "DateTime", ("t",)), [noon, evening, next_day]))[:3].tolist()
    [0.0, 0.0, 1.0]
    """
    return unequal(np.floor(_seconds(pairs) / DAY).astype(np.int64), pairs)


def nominal(pairs: Comparison) -> FloatArray:
    """0 for the same instant, however it was written, else 1."""
    return unequal(np.unique(_seconds(pairs), return_inverse=True)[1], pairs)


def _seconds(pairs: Comparison) -> FloatArray:
    return np.array([answer.seconds for answer in typed(pairs, Moment)], dtype=np.float64)


def _line(pairs: Comparison) -> Scale:
    return scale(_seconds(pairs), pairs.counts, None, None)
