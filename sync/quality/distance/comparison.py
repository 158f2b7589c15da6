"""What a distance is given: answers, and the pairs of them to compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from label_config.answers import Answer
from label_config.model import Control

from ..records import FloatArray, IntArray

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Pairs of answers to one control.

    ``left`` and ``right`` hold positions in ``answers``, a pair each: shape (pairs,). ``counts`` says how often each
    answer was given on tasks with two or more, shape (answers,): only Krippendorff's ordinal metric depends on it.
    """

    control: Control
    answers: Sequence[Answer]
    left: IntArray
    right: IntArray
    counts: FloatArray


def every_pair(control: Control, answers: Sequence[Answer], counts: FloatArray | None = None) -> Comparison:
    """Every answer with every one, row by row: reshape the distances to (answers, answers)."""
    n = len(answers)
    each = np.ones(n) if counts is None else counts
    return Comparison(control, answers, np.repeat(np.arange(n), n), np.tile(np.arange(n), n), each)


def typed(pairs: Comparison, kind: type[Kind]) -> list[Kind]:
    """The answers, all of which must be of one kind; raises TypeError that names the control for any other."""
    found: list[Kind] = [answer for answer in pairs.answers if isinstance(answer, kind)]
    if len(found) < len(pairs.answers):
        raise TypeError(f"control {pairs.control.name!r}: some answer is no {kind.__name__}")
    return found
