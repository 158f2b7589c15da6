"""Conformal prediction: sets of answers, and intervals, that hold the right one as often as promised. Pure.

The promise is for new tasks like the ones measured on, over all of them together: at least ``coverage`` of the sets
hold the truth. It needs answers that the model had not seen: out-of-fold ones (Vovk 2015, "Cross-conformal
predictors") or a holdout (Papadopoulos et al. 2002). Sets are those of least size on the whole (Sadinle, Lei and
Wasserman 2019).
"""

import math
from collections.abc import Sequence

import numpy as np

from ..records import BoolArray, FloatArray, IntArray

_ROUNDING = 1e-9


def least_answers(coverage: float) -> int:
    """Answers below which nothing can be promised.

    >>> least_answers(0.9), least_answers(0.99)
    (9, 99)
    """
    return math.ceil(round(coverage / (1 - coverage), 6))


def out_of_reach(lost: float, answers: int, coverage: float) -> bool:
    """Whether so much of the answers can stand in no set that nothing can be promised, however many they are like.

    >>> out_of_reach(1, 19, 0.9), out_of_reach(1.1, 19, 0.9), out_of_reach(1.1, 5, 0.9)
    (False, True, False)
    """
    enough = answers >= least_answers(coverage)
    return enough and lost > 0 and lost + 1 > (1 - coverage) * (answers + 1) + _ROUNDING


def quantile(scores: FloatArray, coverage: float, weights: FloatArray | None = None) -> float:
    """What a new score is not above with probability ``coverage`` in (0, 1): infinite where answers are too few.

    ``scores`` (n,), higher = stranger; ``weights`` (n,) in [0, 1] are how much each answer is to be believed, the new
    one counts 1. Without weights it is the ceil((n + 1) coverage)-th smallest score.

    >>> quantile(np.arange(1.0, 10.0), 0.9), quantile(np.arange(1.0, 9.0), 0.9)
    (9.0, inf)
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage: {coverage} is not between 0 and 1")
    weigh = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weigh[order]) / (weigh.sum() + 1)
    place = int(np.searchsorted(reached, coverage - _ROUNDING, side="left"))
    return float(scores[order[place]]) if place < len(scores) else math.inf


def single_threshold(
    probabilities: FloatArray, given: IntArray, coverage: float, weights: FloatArray | None = None
) -> float:
    """How improbable a label may be and still stand in the set: quantile of 1 - p(given), infinite where undefined.

    ``probabilities`` (n, k) of answers ``given`` (n,) that the model had not seen.
    """
    return quantile(1 - probabilities[np.arange(len(given)), given], coverage, weights)


def single_sets(probabilities: FloatArray, threshold: float) -> BoolArray:
    """The labels that cannot be ruled out, (n, k); the most probable one always stands in the set.

    >>> single_sets(np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]]), 0.7).tolist()
    [[True, False, False], [True, True, False]]
    """
    found = probabilities >= 1 - threshold - _ROUNDING
    if probabilities.shape[1]:
        found[np.arange(len(found)), probabilities.argmax(axis=1)] = True
    return found


def label_thresholds(
    probabilities: FloatArray, chosen: FloatArray, coverage: float, weights: FloatArray | None = None
) -> FloatArray:
    """For multiple choice, (k,): of the answers that hold a label, ``coverage`` of the sets hold it too.

    ``chosen`` (n, k) is 1 where a label was chosen. Infinite for a label that was chosen too rarely: it stands in every
    set. A promise over all answers would be kept by leaving out every rare label.
    """
    weigh = np.ones(len(chosen)) if weights is None else weights
    columns = zip(probabilities.T, chosen.T > 0, strict=True)
    return np.array([quantile(1 - shares[held], coverage, weigh[held]) for shares, held in columns])


def label_sets(probabilities: FloatArray, thresholds: FloatArray) -> BoolArray:
    """The labels that cannot be ruled out, each by itself, (n, k); may be empty.

    >>> label_sets(np.array([[0.7, 0.2]]), np.array([0.5, np.inf])).tolist()
    [[True, True]]
    """
    return np.asarray(probabilities >= 1 - thresholds - _ROUNDING)


def part_threshold(strange: Sequence[FloatArray], coverage: float, weights: FloatArray | None = None) -> float:
    """How strange a part may be and still stand in its answer's set: infinite where answers with parts are too few.

    ``strange`` are of each of n answers how strange its parts were; an answer without parts says nothing. Of the parts
    of a new answer, where it has any, the share that stands in the set is ``coverage`` on average: conformal risk
    control of the share that is missed (Angelopoulos et al. 2024). It is the ``quantile`` where the parts of an answer
    have its weight together.

    >>> part_threshold([np.array([0.0, 0.4])] * 9, 0.9), part_threshold([np.array([0.0, 0.4])] * 9, 0.45)
    (0.4, 0.0)
    """
    weigh = np.ones(len(strange)) if weights is None else weights
    counts = np.array([len(own) for own in strange], dtype=np.int64)
    each = np.repeat(weigh / np.maximum(counts, 1), counts)
    return quantile(np.concatenate([np.empty(0), *strange]), coverage, each)


def intervals(
    said: FloatArray, radius: float, low: float | None = None, high: float | None = None
) -> list[tuple[float, float]]:
    """From ``radius`` below to ``radius`` above each number ``said`` (n,), inside what may be answered.

    ``radius`` is the ``quantile`` of |said - given| over answers that the model had not seen.

    >>> intervals(np.array([4.5]), 1.0, 1.0, 5.0)
    [(3.5, 5.0)]
    """
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    return [(max(least, one - radius), min(most, one + radius)) for one in said.tolist()]


def names_in(row: BoolArray, names: Sequence[str]) -> tuple[str, ...]:
    """The names of what stands in a set (k,).

    >>> names_in(np.array([True, False]), ["a", "b"])
    ('a',)
    """
    return tuple(names[place] for place in np.flatnonzero(row).tolist())
