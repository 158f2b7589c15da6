"""Slices that stay hard get more of the labels: a bounded boost in the order, with its reason in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from ..records import BoolArray, FloatArray, IntArray

MOST = 0.5
"""A hard slice's tasks count at most so much more: what is hard because it is ambiguous must not eat the budget."""
DOUBLE = 2.0
"""A slice with so many times the errors of all tasks together gets the whole of it."""
DOUBT = 0.1
"""How probably a slice's rate of errors lies below the bound that counts: a few unlucky answers make none hard."""


@dataclass(frozen=True, slots=True)
class Slice:
    """How the model does on one slice, out of fold: ``wrong`` of ``answers``; ``boost`` in [1, 1 + MOST]."""

    answers: int
    wrong: int
    boost: float


def hard_slices(slice_of: IntArray, wrong: BoolArray, count: int) -> list[Slice]:
    """Each of ``count`` slices as the labeled tasks show it: ``slice_of`` (t,), ``wrong`` (t,) out of fold.

    The boost rises from 1, where the slice's rate of errors may be that of all tasks, to 1 + MOST, where it is surely
    ``DOUBLE`` that rate (the lower bound of Clopper and Pearson 1934 counts). Without errors, or in a slice without
    answers, it is 1.

    >>> slice_of, wrong = np.repeat([0, 1], [80, 20]), np.arange(100) % 5 == 0
    >>> [one.boost for one in hard_slices(slice_of, wrong, 2)]
    [1.0, 1.0]
    >>> [one.boost for one in hard_slices(slice_of, slice_of == 1, 2)]
    [1.0, 1.5]
    """
    answers = np.bincount(slice_of, minlength=count)
    errors = np.bincount(slice_of, weights=wrong, minlength=count).astype(np.int64)
    overall = errors.sum() / max(1, answers.sum())
    return [
        Slice(int(n), int(bad), _boost(int(n), int(bad), float(overall)))
        for n, bad in zip(answers, errors, strict=True)
    ]


def _boost(answers: int, wrong: int, overall: float) -> float:
    if not wrong or not overall:
        return 1.0
    at_least = float(betaincinv(wrong, answers - wrong + 1, DOUBT))
    return 1.0 + MOST * float(np.clip((at_least / overall - 1) / (DOUBLE - 1), 0.0, 1.0))


def boosts(slices: Sequence[Slice], slice_of: IntArray) -> FloatArray:
    """What each task of a pool counts, (n,) in [1, 1 + MOST]; ``slice_of`` (n,) is its slice."""
    return np.array([one.boost for one in slices], dtype=np.float64)[slice_of]


def in_words(one: Slice, slices: Sequence[Slice]) -> str:
    """Why tasks of that slice come earlier; empty where they do not.

    >>> in_words(Slice(20, 10, 1.5), [Slice(20, 10, 1.5), Slice(80, 10, 1.0)])
    'the model errs on 50% of the tasks like this one (20% overall), so more of them come'
    """
    if one.boost <= 1:
        return ""
    overall = sum(each.wrong for each in slices) / sum(each.answers for each in slices)
    return (
        f"the model errs on {one.wrong / one.answers:.0%} of the tasks like this one ({overall:.0%} overall), so more "
        "of them come"
    )
