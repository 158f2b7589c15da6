"""Krippendorff's unitized alpha: how far annotators agree where units lie on a continuum, and what they are.

Krippendorff, Mathet, Bouvry, Widlöcher (2016), "On the reliability of unitizing textual continua: further
developments", Quality & Quantity 50(6); also Krippendorff (2019), Content Analysis, section 12.6. (His alpha_u of 1995
and 2004 is another coefficient, which this one replaced: it misbehaves with three annotators and more.)

Every place of a continuum gets a value from every annotator: the label of the unit there, or "gap". Pairs of values at
the same place are observed coincidences; expected ones come from pairing every place with every place of all continua,
but no unit with itself. All of it is computed from sorted ends, so the cost depends on the number of units alone.

Annotators may let units overlap, which the paper excludes. Here the stretch that two units share is a unit of its own,
whose value is the set of their labels. Without overlaps nothing of that happens.
"""

from collections.abc import Callable, Mapping

import numpy as np

from ..records import CodedAnswers, Estimate, FloatArray
from .coincidences import Coincidences, coincidences
from .continua import Continua, each_task, from_answers
from .resampling import Quantity, Rng, estimates
from .undefined import NO_PAIRS

ONE_VALUE = "there is no variation: the marked stretches all have one value and leave no gap, or nothing is marked"
ONE_LABEL = "nobody's units meet others with another label, so agreement by chance cannot be told from agreement"
NOT_THIS_LABEL = "no unit of this label meets another unit"


def everything(parts: Coincidences, weights: FloatArray) -> FloatArray:
    """u-alpha (equations 4 and 5): gaps and every label are values like any other; NaN where only one is in use."""
    total, gap, marked = weights @ parts.total, weights @ parts.gap, weights @ parts.marked
    observed = total - weights @ (parts.all_same + parts.gaps)
    apart = total**2 - (marked**2).sum(axis=1) - gap**2
    return _alpha(observed, total, apart, total**2 - weights @ parts.all_own)


def marked_or_not(parts: Coincidences, weights: FloatArray) -> FloatArray:
    """|u-alpha (equation 6): what is marked, whatever its label, against the gaps; NaN without gaps or units."""
    total, gap = weights @ parts.total, weights @ parts.gap
    return _alpha(gap - weights @ parts.gaps, total, gap * (total - gap), total**2 - weights @ parts.all_own)


def labels_where_units_meet(parts: Coincidences, weights: FloatArray) -> FloatArray:
    """cu-alpha (equations 10 and 11): the labels of units, only where they meet; NaN where only one label meets.

    A pair of a unit with itself counts by how much of the unit is met, averaged over the other annotators; with two of
    them that is the paper's term, with more it keeps the expected coincidences from falling below zero.
    """
    met = weights @ parts.met
    total = met.sum(axis=1)
    observed = total - weights @ parts.all_same
    apart = total**2 - (met**2).sum(axis=1)
    return _alpha(observed, total, apart, total**2 - weights @ parts.all_own_met)


ALPHAS: Mapping[str, Callable[[Coincidences, FloatArray], FloatArray]] = {
    "u": everything,
    "|u": marked_or_not,
    "cu": labels_where_units_meet,
}
"""The paper's family by its own names; "u" is what ``alpha_u`` stands for in reports."""

_WHY = {"u": ONE_VALUE, "|u": ONE_VALUE, "cu": ONE_LABEL}


def alpha_u(
    coded: CodedAnswers, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95, kind: str = "u"
) -> Estimate:
    """Unitized alpha of answers that are spans or segments, in [-1, 1], pooled over tasks.

    Where the text ends is not in the answers: see ``continua.ends``. Zero-length units count for nothing. Null for
    other shapes, without a task that two annotators answered, and where only one value is in use.
    """
    found = from_answers(coded, apart=True)
    if isinstance(found, str):
        return Estimate(None, reason=found)
    return unitized_alpha(found, rng, bootstrap, confidence, kind)


def unitized_alpha(
    continua: Continua, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95, kind: str = "u"
) -> Estimate:
    """A coefficient of the family in [-1, 1], with a bootstrap interval over tasks; ``kind`` is a key of ``ALPHAS``.

    Continua with one line count for nothing. Raises ValueError for another kind.

    Two annotators of 10 characters: one marks the first four, the other the first two. Of 20 places 14 are gaps and 6
    are marked; 2 characters, so 4 places, have different values. Expected are 20 * (400 - 14**2 - 6**2) / (400 - 34),
    where 34 = 4**2 + 2**2 + 14 are pairs of a unit or a character with itself.

    >>> from .continua import from_arrays
    >>> lines = np.array([0, 1]), np.array([0.0, 0.0]), np.array([4.0, 2.0]), np.array([0, 0])
    >>> text = from_arrays((np.zeros(2, int), np.arange(2)), lines, lengths=np.array([10.0]))
    >>> found = unitized_alpha(text, np.random.default_rng(0)).value
    >>> round(found, 6) == round(1 - 4 / (20 * (400 - 14**2 - 6**2) / (400 - 34)), 6)
    True
    """
    if kind not in ALPHAS:
        raise ValueError(f"no unitized alpha is named {kind!r}; there are: {', '.join(ALPHAS)}")
    parts = coincidences(continua)
    tasks = len(parts.total)
    if tasks == 0:
        return Estimate(None, reason=NO_PAIRS)
    quantity = Quantity(each_task(tasks), lambda weights: ALPHAS[kind](parts, weights), tasks, _WHY[kind])
    return estimates({kind: quantity}, rng, bootstrap, confidence)[kind]


def value_alphas(
    continua: Continua, rng: Rng, bootstrap: int = 1000, confidence: float = 0.95
) -> dict[tuple[int, ...], Estimate]:
    """(k)u-alpha (equation 13b) of each value, in [-1, 1]: how surely units of it meet units of the same value.

    Values are sets of label codes, of one code unless units overlap. Null where no unit of the value meets another
    one, and where all that meet have it.
    """
    parts = coincidences(continua)
    tasks = len(parts.total)

    def of(place: int) -> Callable[[FloatArray], FloatArray]:
        return lambda weights: _one_value(parts, place, weights)

    quantities = {
        str(place): Quantity(each_task(tasks), of(place), tasks, NOT_THIS_LABEL) for place in range(len(parts.values))
    }
    found = estimates(quantities, rng, bootstrap, confidence)
    return {value: found[str(place)] for place, value in enumerate(parts.values)}


def _one_value(parts: Coincidences, place: int, weights: FloatArray) -> FloatArray:
    met, same, own = (
        weights @ column[:, [place]].toarray().ravel() for column in (parts.met, parts.same, parts.own_met)
    )
    total = weights @ parts.all_met
    return _alpha(met - same, met, met * (total - met), met * total - own)


def _alpha(observed: FloatArray, total: FloatArray, apart: FloatArray, pairs: FloatArray) -> FloatArray:
    """1 - observed / expected, where expected is ``total`` times the share of ``apart`` in ``pairs``; NaN for 0."""
    expected = total * apart
    some = apart > 1e-12 * total**2
    found: FloatArray = 1.0 - np.divide(observed * pairs, expected, out=np.full(len(total), np.nan), where=some)
    return found
