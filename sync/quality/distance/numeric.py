"""Numbers and ratings: how far two values are apart on the control's scale.

The scale is from the control's lowest to its highest value, as far as the interface gives them (a rating starts at 1);
else, and where answers lie beyond, from the lowest to the highest answer.
"""

import numpy as np

from label_config.answers import Number
from label_config.model import Family

from ..records import FloatArray
from .comparison import Comparison, typed
from .equality import unequal
from .metric import Scale, scale


def interval(pairs: Comparison) -> FloatArray:
    """(a - b)^2 / (length of the scale)^2.

    Squared, because it is Krippendorff's interval metric: percent agreement and alpha use the same.
    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> control = Control("c", "Number", ("t",), family=Family.NUMBER, low=0.0, high=10.0)
    >>> interval(every_pair(control, [Number(2.0), Number(7.0)])).tolist()
    [0.0, 0.25, 0.25, 0.0]
    """
    return _line(pairs).interval(pairs.left, pairs.right)


def absolute(pairs: Comparison) -> FloatArray:
    """|a - b| / length of the scale.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> control = Control("c", "Number", ("t",), family=Family.NUMBER, low=0.0, high=10.0)
    >>> absolute(every_pair(control, [Number(2.0), Number(7.0)])).tolist()
    [0.0, 0.5, 0.5, 0.0]
    """
    return _line(pairs).absolute(pairs.left, pairs.right)


def ratio(pairs: Comparison) -> FloatArray:
    """((a - b) / (|a| + |b|))^2 over its largest value on the scale: 10 and 20 are as far apart as 100 and 200.

    For numbers of one sign it is Krippendorff's ratio metric, scaled; opposite signs are as far apart as can be.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> control = Control("c", "Rating", ("t",), family=Family.RATING, low=1.0, high=5.0)
    >>> ratio(every_pair(control, [Number(1.0), Number(2.0), Number(5.0)])).round(2)[:3].tolist()
    [0.0, 0.25, 1.0]
    """
    return _line(pairs).ratio(pairs.left, pairs.right)


def ordinal(pairs: Comparison) -> FloatArray:
    """Krippendorff's ordinal metric, how many answers lie between the two, squared, over its largest value.

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.

    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> control = Control("c", "Rating", ("t",), family=Family.RATING, low=1.0, high=3.0)
    >>> stars = [Number(1.0), Number(2.0), Number(3.0)]
    >>> ordinal(every_pair(control, stars, np.array([9.0, 13.0, 10.0]))).round(3)[:3].tolist()  # (11, 22.5)^2
    [0.0, 0.239, 1.0]
    """
    return _line(pairs).ordinal(pairs.left, pairs.right)


def nominal(pairs: Comparison) -> FloatArray:
    """0 for equal numbers, 1 for different ones."""
    return unequal(np.unique(_values(pairs), return_inverse=True)[1], pairs)


def _values(pairs: Comparison) -> FloatArray:
    return np.array([answer.value for answer in typed(pairs, Number)], dtype=np.float64)


def _line(pairs: Comparison) -> Scale:
    control = pairs.control
    low = 1.0 if control.low is None and control.family == Family.RATING else control.low
    return scale(_values(pairs), pairs.counts, low, control.high)
