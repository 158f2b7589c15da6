"""A user's own distance between two answers, checked wherever it is used."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from label_config.answers import Answer

from ..evidence import OwnDistance
from ..records import FloatArray, IntArray
from .comparison import Comparison
from .equality import codes, once_a_pair

SHOWN = 200
"""Characters of an answer in an error."""
SLACK = 1e-9
"""By how much the two ways round may differ, as sums in another order do."""


def own(function: OwnDistance, name: str) -> Callable[[Comparison], FloatArray]:
    """A function of two answers as a distance; ``name`` is what errors call it.

    Each two unlike answers are asked for both ways round, and each answer for its distance to itself, once.
    Using it raises ValueError, which names the function and the two answers, where the function raises, where what it
    gives is no number in [0, 1], differs the two ways round, or is not 0 for an answer and itself.

    >>> from label_config.answers import Number
    >>> from label_config.model import Control
    >>> from .comparison import every_pair
    >>> def parity(a, b):
    ...     return (a.value - b.value) % 2
    >>> numbers = every_pair(Control("c", "Number", ("t",)), [Number(1.0), Number(2.0), Number(4.0)])
    >>> own(parity, "mine:parity")(numbers)[:3].tolist()
    [0.0, 1.0, 1.0]
    >>> own(lambda a, b: a.value - b.value, "mine:less")(numbers)
    Traceback (most recent call last):
        ...
    ValueError: the distance mine:less is -1.0, not a number in [0, 1], between Number(value=1.0) and Number(value=2.0)
    """

    def distances(pairs: Comparison) -> FloatArray:
        code, answers = codes(pairs.answers)
        left, right = code[pairs.left], code[pairs.right]
        for place in np.unique(np.concatenate([left, right])).tolist():
            _to_itself(function, name, answers[place])

        def measure(some: IntArray, others: IntArray) -> FloatArray:
            two = zip(some.tolist(), others.tolist(), strict=True)
            return np.array([_both_ways(function, name, answers[one], answers[other]) for one, other in two])

        return once_a_pair(left, right, len(answers), measure)

    return distances


def _both_ways(function: OwnDistance, name: str, one: Answer, other: Answer) -> float:
    there, back = _asked(function, name, one, other), _asked(function, name, other, one)
    if abs(there - back) > SLACK:
        raise ValueError(f"the distance {name} is {there} one way round and {back} the other, {_between(one, other)}")
    return there


def _to_itself(function: OwnDistance, name: str, answer: Answer) -> None:
    found = _asked(function, name, answer, answer)
    if found != 0:
        raise ValueError(f"the distance {name} is {found}, not 0, {_between(answer, answer)}")


def _asked(function: OwnDistance, name: str, one: Answer, other: Answer) -> float:
    """What the function says; raises ValueError for what is no number in [0, 1]."""
    try:
        found: Any = function(one, other)
    except Exception as error:
        raise ValueError(
            f"the distance {name} failed with {type(error).__name__}: {error}, {_between(one, other)}"
        ) from error
    number = isinstance(found, Real | np.bool_)
    if not (number and 0 <= found <= 1):  # NaN is neither
        raise ValueError(f"the distance {name} is {found!r}, not a number in [0, 1], {_between(one, other)}")
    return float(found)


def _between(one: Answer, other: Answer) -> str:
    return f"between {repr(one)[:SHOWN]} and {repr(other)[:SHOWN]}"
