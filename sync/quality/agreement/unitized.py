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
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..records import CodedAnswers, Estimate, FloatArray, IntArray
from .continua import Continua, from_answers
from .resampling import Quantity, Rng, estimates

NO_PAIRS = "no task has answers of two annotators"
ONE_VALUE = "there is no variation: the marked stretches all have one value and leave no gap, or nothing is marked"
ONE_LABEL = "nobody's units meet others with another label, so agreement by chance cannot be told from agreement"
NOT_THIS_LABEL = "no unit of this label meets another unit"


@dataclass(frozen=True, slots=True, eq=False)
class Coincidences:
    """The sums behind the coefficients, a row a task; ``values`` are the sets of label codes that occur.

    ``total`` is the length of the continua times their annotators, ``gap`` what of it is unmarked, ``gaps`` the length
    where two see a gap, ``same`` (tasks, values) the length where two see that value, ``length`` (tasks, values) how
    much has it; pairs of annotators count 1 / (annotators - 1). ``paired`` (tasks, values) is how much of each value
    meets a unit of another annotator. ``own`` and ``own_paired`` (tasks, values) are what pairing units with themselves would
    add: squares of their lengths, and of what of them meets units.
    """

    values: tuple[tuple[int, ...], ...]
    total: FloatArray
    gap: FloatArray
    gaps: FloatArray
    length: sparse.csr_array
    same: sparse.csr_array
    paired: sparse.csr_array
    own: sparse.csr_array
    own_paired: sparse.csr_array
    grain: float
